"""Margin, one small picture a client: equity against maintenance margin under both regimes, and calls beneath.

The regimes agree most of the time. Where they do there is one dark line; where they part there are two coloured ones,
so that the eye goes to what custody changed.
"""

from collections.abc import Sequence

from scripts.walkthrough.report.befallen import mark, strip
from scripts.walkthrough.report.drawing import picture, rule, runs, ticks
from scripts.walkthrough.report.figures import REGIMES, Result, money
from scripts.walkthrough.report.markup import Html, element
from scripts.walkthrough.report.reading import THOUSAND, folded, hover
from scripts.walkthrough.report.timeline import Plot, bands, hours, levels, millions, plot

WIDTH, STRIP = 330.0, 13.0
WHAT = ("maintenance", "equity")

Lines = dict[tuple[str, str], list[int]]
"""A client's series in thousands of dollars, by what it is and regime."""


def panels(result: Result) -> Html:
    """All clients: first those that were called under either regime, then those that never were."""
    called: list[Html] = []
    quiet: list[Html] = []
    for n, client in enumerate(result["clients"], start=1):
        accounts = [result["regimes"][regime]["clients"].get(client["name"], {}) for regime in REGIMES]
        panel = _panel(result, n, client["name"], client["what"])
        (called if any(account.get("breached") for account in accounts) else quiet).append(panel)
    return element("div", *called, *quiet, class_="grid three")


def _panel(result: Result, n: int, name: str, what: str) -> Html:
    caption = element("figcaption", element("b", name), element("span", what))
    return element("figure", caption, _picture(result, n, name), element("p", *_count(result, name), class_="count"))


def _count(result: Result, name: str) -> list[Html]:
    """Calls and liquidations in words under the picture."""
    told = []
    for regime in REGIMES:
        account = result["regimes"][regime]["clients"].get(name, {})
        calls, sold = _times(account.get("calls", 0), "call"), _times(account.get("liquidations", 0), "liquidation")
        told.append(element("span", f"{regime}: {calls}, {sold}", class_=regime))
    return told


def _times(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _lines(result: Result, name: str) -> Lines:
    readings = result["series"]["regimes"]
    return {(what, regime): readings[regime][what].get(name, []) for what in WHAT for regime in REGIMES}


def _picture(result: Result, n: int, name: str) -> Html:
    lines = _lines(result, name)
    everything = [0, *(value for values in lines.values() for value in values)]
    marks_at = ticks(0, max(everything) / 1000, 3)
    box = plot(result["series"]["times_s"], (min(everything), marks_at[-1] * 1000), (40, 8, WIDTH - 6, 130))
    read = [
        (f"{regime}.{what}.{name}", f"{what}, {regime}", regime, "thousands")
        for what in reversed(WHAT)
        for regime in REGIMES
    ]
    return picture(
        f"margin-{n}",
        WIDTH,
        box.bottom + 28 + 2 * STRIP,
        f"{name}: equity and maintenance margin",
        "; ".join(f"least equity {regime} {said}" for regime in REGIMES if (said := _least(lines, regime)[0])),
        bands(result, box, numbered=False),
        levels(box, [value * 1000 for value in marks_at], [millions(value) for value in marks_at]),
        rule(box.left, box.y.at(0), box.right, box.y.at(0), "base"),
        *(path for what in WHAT for path in _both(box, result["series"]["times_s"], lines, what)),
        hours(box),
        *(strip(result, box, name, regime, box.bottom + 30 + row * STRIP) for row, regime in enumerate(REGIMES)),
        **hover(box, read),
    )


def _both(box: Plot, times_s: Sequence[int], lines: Lines, what: str) -> list[Html]:
    """One series of both regimes: in colour where they part by more than a pixel, dark where they agree."""
    pooled, segregated = (lines[what, regime] for regime in REGIMES)
    xs, ys = box.xs(times_s), [box.ys(pooled), box.ys(segregated)]
    if not xs or len(pooled) != len(xs) or len(segregated) != len(xs):
        return []
    apart = [abs(one - other) > 1 for one, other in zip(*ys, strict=True)]
    drawn = [
        element("path", d=d, class_=f"line {what} {regime}")
        for regime, each in zip(REGIMES, ys, strict=True)
        if (d := runs(xs, each, apart))
    ]
    together = runs(xs, ys[1], [not each for each in apart])
    return [*drawn, element("path", d=together, class_=f"line {what} same")] if together else drawn


def _least(lines: Lines, regime: str) -> tuple[str, str]:
    """The least equity of a client, and the maintenance margin of that hour; empty without readings."""
    equity, maintenance = lines["equity", regime], lines["maintenance", regime]
    if not equity:
        return "", ""
    least = equity.index(min(equity))
    return money(equity[least] * THOUSAND), money(maintenance[least] * THOUSAND)


def least_table(result: Result) -> Html:
    """Every client's least equity with the maintenance margin of that hour, for those who would rather read."""
    heads = ["client", *(f"{what}, {regime}" for regime in REGIMES for what in ("least equity", "maintenance then"))]
    rows = []
    for client in result["clients"]:
        lines = _lines(result, client["name"])
        rows.append([client["name"], *(figure for regime in REGIMES for figure in _least(lines, regime))])
    return folded("The figures, at the least equity", heads, rows)


def key() -> Html:
    """What lines and marks mean."""

    def sample(*marks: Html, width: int = 30) -> Html:
        return element("svg", *marks, viewBox=f"0 0 {width} 12", width=width, height=12, aria_hidden="true")

    def stroke(class_: str) -> Html:
        return sample(element("path", d="M1,6 29,6", class_=f"line {class_}"))

    entries = [
        (stroke("equity same"), "equity"),
        (stroke("maintenance same"), "maintenance margin"),
        (stroke("equity pooled"), "pooled, where the two part"),
        (stroke("equity segregated"), "segregated"),
        (sample(mark("call", 6, 6, ""), width=12), "margin call"),
        (sample(mark("liquidation", 6, 6, ""), width=12), "liquidation"),
        (sample(mark("cross", 6, 6, ""), width=12), "gain forgone or unpaid"),
    ]
    return element("p", *(element("span", shown, words) for shown, words in entries), class_="swatches")
