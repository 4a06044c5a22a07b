"""The page's only script: a cross-hair that says date and values. Without it nothing is missing but the convenience."""

SCRIPT = """
(() => {
  const told = JSON.parse(document.getElementById("series").textContent);
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const box = document.createElement("div");
  box.id = "read-out";
  box.hidden = true;
  document.body.append(box);

  const two = n => String(n).padStart(2, "0");
  const date = s => {
    const d = new Date(s * 1000);
    return `${d.getUTCDate()} ${months[d.getUTCMonth()]} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())} UTC`;
  };
  const comma = n => n.toLocaleString("en-US", {maximumFractionDigits: 2});
  const say = {
    price: (v, first) => `$${comma(v)}, ${(100 * v / first).toFixed(1)}`,
    thousands: v => `${v < 0 ? "−" : ""}$${comma(Math.abs(v) / 1000)}m`,
  };

  for (const svg of document.querySelectorAll("svg[data-plot]")) {
    const [left, right, top, bottom] = svg.dataset.plot.split(" ").map(Number);
    const lines = JSON.parse(svg.dataset.lines);
    // A title of the whole picture would be shown as a tip over the read-out; it is said in another way instead.
    const title = svg.querySelector(":scope > title");
    svg.setAttribute("aria-label", title.textContent);
    svg.removeAttribute("aria-labelledby");
    title.remove();
    const times = told.times_s, last = times.length - 1;
    if (last < 0 || !lines.length) continue;
    const hair = document.createElementNS(svg.namespaceURI, "line");
    hair.setAttribute("class", "cross-hair");
    hair.setAttribute("y1", top);
    hair.setAttribute("y2", bottom);
    let at = 0;

    const show = n => {
      at = Math.max(0, Math.min(last, n));
      const span = times[last] - times[0] || 1;
      const x = left + (right - left) * (times[at] - times[0]) / span;
      hair.setAttribute("x1", x);
      hair.setAttribute("x2", x);
      svg.append(hair);
      const head = document.createElement("b");
      head.textContent = date(times[at]);
      box.replaceChildren(head, ...lines.map(([key, name, colour, unit]) => {
        const row = document.createElement("span"), values = told.columns[key];
        row.className = colour;
        row.textContent = `${name} ${say[unit](values[at], values[0])}`;
        return row;
      }));
      box.hidden = false;
      const frame = svg.getBoundingClientRect(), scale = frame.width / svg.viewBox.baseVal.width;
      const middle = frame.left + x * scale, room = document.documentElement.clientWidth;
      const beside = middle + 14 + box.offsetWidth < room ? middle + 14 : middle - 14 - box.offsetWidth;
      box.style.left = `${Math.max(4, beside) + scrollX}px`;
      box.style.top = `${frame.top + top * scale + 6 + scrollY}px`;
    };
    const hide = () => { box.hidden = true; hair.remove(); };

    svg.addEventListener("pointermove", event => {
      const frame = svg.getBoundingClientRect();
      const x = (event.clientX - frame.left) * svg.viewBox.baseVal.width / frame.width;
      const when = times[0] + (times[last] - times[0]) * (x - left) / (right - left);
      let n = times.findIndex(s => s >= when);
      if (n < 0) n = last;
      if (n > 0 && when - times[n - 1] < times[n] - when) n -= 1;
      show(n);
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", event => {
      const step = {ArrowLeft: -1, ArrowRight: 1, PageUp: -24, PageDown: 24}[event.key];
      if (event.key === "Escape") hide();
      if (!step) return;
      event.preventDefault();
      show(at + step);
    });
  }
})();
"""
