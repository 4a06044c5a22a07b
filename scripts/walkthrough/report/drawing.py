"""The few marks that the pictures are made of: scales, ticks, lines, labels that keep apart, an SVG to hold them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from scripts.walkthrough.report.markup import Attribute, Html, element, joined, number


@dataclass(frozen=True, slots=True)
class Scale:
    """From values `low … high` to coordinates `start … end`. Values beyond are drawn at the edge."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The coordinate of a value; the middle if all values are one."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        part = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(max(part, 0.0), 1.0)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values (steps of 1, 2 or 5) that enclose `low … high`, about so many; two at least."""
    # Values that do not differ get round ones around them all the same.
    span = high - low if high - low > 1e-9 else max(abs(high), 1.0)
    rough = span / max(about, 1)
    decade = 10.0 ** floor(log10(rough))
    step = decade * next(multiple for multiple in (1, 2, 5, 10) if multiple * decade >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [step * n for n in range(first, max(last, first + 1) + 1)]


def line(xs: Sequence[float], ys: Sequence[float]) -> str:
    """A path through points. One point is drawn twice, so that a round cap shows it."""
    points = [f"{number(x)},{number(y)}" for x, y in zip(xs, ys, strict=True)]
    return "M" + " ".join(points if len(points) > 1 else points * 2)


def runs(xs: Sequence[float], ys: Sequence[float], where: Sequence[bool]) -> str:
    """Those stretches of a line where it is wanted, each begun at the point before it so that no gap is left."""
    stretches: list[tuple[list[float], list[float]]] = []
    for n, wanted in enumerate(where):
        if not wanted:
            continue
        if n == 0 or not where[n - 1]:
            before = [n - 1] if n else []
            stretches.append(([xs[m] for m in before], [ys[m] for m in before]))
        stretches[-1][0].append(xs[n])
        stretches[-1][1].append(ys[n])
    return "".join(line(*stretch) for stretch in stretches)


def area(xs: Sequence[float], ys: Sequence[float], base: float) -> str:
    """The same, closed down to a base line."""
    return f"{line(xs, ys)} {number(xs[-1])},{number(base)} {number(xs[0])},{number(base)}Z"


def between(xs: Sequence[float], ys: Sequence[float], others: Sequence[float]) -> str:
    """The surface between two lines."""
    return f"{line([*xs, *reversed(xs)], [*ys, *reversed(others)])}Z"


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "") -> Html:
    """Words at a point, on the base line."""
    return element("text", words, x=x, y=y, class_=class_ or None, text_anchor=anchor or None)


def rule(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    """A straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, `gap` apart, within `low … high` while there is room."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    placed = list(wanted)
    edge = low
    for n in order:
        placed[n] = max(wanted[n], edge)
        edge = placed[n] + gap
    edge = high
    for n in reversed(order):
        placed[n] = min(placed[n], edge)
        edge = placed[n] - gap
    return placed


def picture(
    name: str, width: float, height: float, title: str, about: str, *marks: str, **attributes: Attribute
) -> Html:
    """An SVG with a title and a description for those who do not see it; `role="group"` where there are links in it."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", about, id=f"{name}-desc"),
        joined(marks),
        viewBox=f"0 0 {number(width)} {number(height)}",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
        **{"role": "img", **attributes},
    )


def lanes(positions: Sequence[float], width: float) -> Iterator[int]:
    """For marks `width` wide at rising positions: the first lane in which each does not touch the one before it."""
    ends: list[float] = []
    for position in positions:
        lane = next((n for n, end in enumerate(ends) if end <= position), len(ends))
        ends[lane : lane + 1] = [position + width]
        yield lane
