"""Margin, one small picture a client: equity against maintenance margin under both regimes, and calls beneath."""

from collections.abc import Sequence
from typing import Any

from scripts.walkthrough.report.drawing import line, picture, rule, text, ticks
from scripts.walkthrough.report.figures import REGIMES, Result, money, second, stamp
from scripts.walkthrough.report.markup import Html, element, joined
from scripts.walkthrough.report.reading import THOUSAND, hover
from scripts.walkthrough.report.timeline import Plot, bands, hours, levels, plot

WIDTH, STRIP = 330.0, 13.0


def panels(result: Result) -> Html:
    """All clients: first those that were called under either regime, then those that never were."""
    quiet: list[dict[str, str]] = []
    called: list[dict[str, str]] = []
    for client in result["clients"]:
        accounts = [result["regimes"][regime]["clients"].get(client["name"], {}) for regime in REGIMES]
        (called if any(account.get("breached") for account in accounts) else quiet).append(client)
    return element("div", *(_panel(result, client) for client in [*called, *quiet]), class_="grid three")


def _panel(result: Result, client: dict[str, str]) -> Html:
    name = client["name"]
    return element(
        "figure",
        element("figcaption", element("b", name), " ", element("span", client["what"])),
        _picture(result, name),
        element("p", *_count(result, name), class_="count"),
    )


def _count(result: Result, name: str) -> list[Html]:
    """Calls and liquidations in words under the picture."""
    told = []
    for regime in REGIMES:
        account = result["regimes"][regime]["clients"].get(name, {})
        calls, liquidations = account.get("calls", 0), account.get("liquidations", 0)
        told.append(
            element("span", f"{regime}: {_times(calls, 'call')}, {_times(liquidations, 'liquidation')}", class_=regime)
        )
    return told


def _times(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _picture(result: Result, name: str) -> Html:
    times = result["series"]["times_s"]
    lines = {
        (regime, what): result["series"]["regimes"][regime][what].get(name, [])
        for what in ("maintenance", "equity")
        for regime in REGIMES
    }
    everything = [0, *(value for values in lines.values() for value in values)]
    marks_at = ticks(min(everything) / 1000, max(everything) / 1000, 3)
    box = plot(times, (marks_at[0] * 1000, marks_at[-1] * 1000), (40, 8, WIDTH - 6, 130))
    drawn = [
        element("path", d=line(box.xs(times), box.ys(values)), class_=f"line {what} {regime}")
        for (regime, what), values in lines.items()
        if values
    ]
    read = [
        (f"{r}.{what}.{name}", f"{what}, {r}", r, "thousands") for what in ("equity", "maintenance") for r in REGIMES
    ]
    return picture(
        f"margin-{name}",
        WIDTH,
        box.bottom + 24 + 2 * STRIP,
        f"{name}: equity and maintenance margin",
        _about(lines),
        bands(result, box, numbered=False),
        levels(box, [value * 1000 for value in marks_at], [_level(value) for value in marks_at]),
        rule(box.left, box.y.at(0), box.right, box.y.at(0), "base"),
        *drawn,
        hours(box, 64),
        *(_strip(result, box, name, regime, box.bottom + 28 + n * STRIP) for n, regime in enumerate(REGIMES)),
        **hover(box, read),
    )


def _level(millions: float) -> str:
    return f"{'−' if millions < 0 else ''}${abs(millions):g}m"


def _about(lines: dict[tuple[str, str], list[int]]) -> str:
    """The least equity of each regime, in words."""
    least = [(regime, min(values)) for (regime, what), values in lines.items() if what == "equity" and values]
    return (
        "; ".join(f"least equity {regime} {money(thousands * THOUSAND)}" for regime, thousands in least)
        or "no readings"
    )


MARKS = {
    "call_opened": ("call", "called for", "amount_units"),
    "liquidation_started": ("liquidation", "liquidated; equity", "equity_units"),
    "adl_applied": ("cross", "auto-deleveraged; forgoes", "forgone_units"),
    "gain_unpaid": ("cross", "gain left unpaid:", "units"),
}


def _strip(result: Result, box: Plot, name: str, regime: str, y: float) -> Html:
    """What befell the client under a regime, as marks on a line of its own under the dates."""
    own = [h for h in result["regimes"][regime]["happenings"] if h["party"] == name and h["kind"] in MARKS]
    marks = [rule(box.left, y, box.right, y, f"strip {regime}"), text(box.left - 6, y + 4, regime[:4], "tick", "end")]
    return joined([*marks, *(_mark(box, happening, y, regime) for happening in _in_order(own))])


def _in_order(happenings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Calls first, so that what followed from them is drawn over them."""
    return sorted(happenings, key=lambda happening: list(MARKS).index(happening["kind"]))


def _mark(box: Plot, happening: dict[str, Any], y: float, regime: str) -> Html:
    class_, words, fact = MARKS[happening["kind"]]
    amount = money(happening["facts"].get(fact, 0))
    title = element("title", f"{stamp(happening['at'])}, {regime}: {words} {amount} at {happening['venue']}")
    x = box.x.at(second(happening["at"]))
    if class_ == "cross":
        return element(
            "path",
            title,
            d=f"M{x - 4:.1f},{y - 4:.1f} {x + 4:.1f},{y + 4:.1f}M{x - 4:.1f},{y + 4:.1f} {x + 4:.1f},{y - 4:.1f}",
            class_=f"cross {regime}",
        )
    return element("circle", title, cx=x, cy=y, r=3.5, class_=f"{class_} {regime}")


def key() -> Html:
    """What lines and marks mean."""

    def sample(*marks: Html, small: bool = False) -> Html:
        box = f"0 0 {12 if small else 30} 12"
        return element("svg", *marks, viewBox=box, class_="small" if small else None, aria_hidden="true")

    def stroke(class_: str) -> Html:
        return element("path", d="M1,6 29,6", class_=f"line {class_}")

    entries = [
        (sample(stroke("equity pooled")), "equity, pooled"),
        (sample(stroke("equity segregated")), "equity, segregated"),
        (sample(stroke("maintenance pooled")), "maintenance, pooled"),
        (sample(stroke("maintenance segregated")), "maintenance, segregated"),
        (sample(element("circle", cx=6, cy=6, r=3.5, class_="call"), small=True), "margin call"),
        (sample(element("circle", cx=6, cy=6, r=3.5, class_="liquidation"), small=True), "liquidation"),
        (sample(element("path", d="M2,2 10,10M2,10 10,2", class_="cross"), small=True), "gain forgone or unpaid"),
    ]
    return element("p", *(element("span", shown, words) for shown, words in entries), class_="swatches")
