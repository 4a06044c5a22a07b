"""Pictures over the whole event with a few lines: prices, what clients could reach, gains not yet paid out."""

from collections.abc import Callable
from dataclasses import dataclass

from scripts.walkthrough.report.drawing import area, between, line, picture, rule, spread, text, ticks
from scripts.walkthrough.report.figures import REGIMES, Result, money, short, the_low, total
from scripts.walkthrough.report.markup import Html, element, joined
from scripts.walkthrough.report.reading import hover, of_both
from scripts.walkthrough.report.timeline import Plot, bands, events, hours, levels, millions, plot

ASSETS = ("BTC", "ETH", "SOL", "XAG")


@dataclass(frozen=True, slots=True)
class Format:
    """A picture is drawn twice, for wide and for narrow pages, so that its words keep their size; one is shown."""

    name: str
    width: float
    height: float
    margin: float
    """Room at the right for the names of the lines."""
    mark: float
    """Radius of an event's mark."""


WIDE, NARROW = Format("wide", 1040, 400, 92, 8), Format("narrow", 380, 300, 68, 7)


def both(draw: Callable[[Result, Format], Html], result: Result) -> Html:
    """The two drawings of one picture; the style shows the one that fits."""
    return joined(element("div", draw(result, size), class_=size.name) for size in (WIDE, NARROW))


def prices(result: Result) -> Html:
    """The assets that were traded, each as a share of its first price, with acts and events."""
    return both(_prices, result)


def _prices(result: Result, size: Format) -> Html:
    series, times = result["series"]["prices"], result["series"]["times_s"]
    indexed = {
        asset: [100 * price / series[asset][0] for price in series[asset]] for asset in ASSETS if series.get(asset)
    }
    everything = [100.0, *(value for values in indexed.values() for value in values)]
    marks_at = ticks(min(everything), max(everything), 5)
    box = plot(times, (marks_at[0], marks_at[-1]), (38, 22, size.width - size.margin, size.height))
    marks, depth = events(result, box, box.bottom + 30, size.mark)
    ends = spread([box.y.at(values[-1]) for values in indexed.values()], 16, box.top + 8, box.bottom - 4)
    names = [
        text(box.right + 8, y + 4, f"{asset} {values[-1]:.1f}", f"name {asset.lower()}")
        for (asset, values), y in zip(indexed.items(), ends, strict=True)
    ]
    lines = [
        element("path", d=line(box.xs(times), box.ys(values)), class_=f"line {asset.lower()}")
        for asset, values in reversed(indexed.items())
    ]
    return picture(
        f"prices-{size.name}",
        size.width,
        box.bottom + 32 + depth,
        "Prices, each as a share of its first, in percent",
        "; ".join(f"{asset} ends at {values[-1]:.1f}" for asset, values in indexed.items()) or "no prices",
        bands(result, box, numbered=True),
        levels(box, marks_at, [f"{value:g}" for value in marks_at]),
        rule(box.left, box.y.at(100), box.right, box.y.at(100), "base"),
        hours(box),
        *lines,
        *names,
        marks,
        role="group",
        **hover(box, [(f"prices.{asset}", asset, asset.lower(), "price") for asset in indexed]),
    )


def reachable(result: Result) -> Html:
    """What clients could take back without any venue's help, under both regimes."""
    return both(_reachable, result)


def _reachable(result: Result, size: Format) -> Html:
    times = result["series"]["times_s"]
    series = {regime: result["series"]["regimes"][regime]["reachable"] for regime in REGIMES}
    marks_at = ticks(0, max([0, *series["pooled"], *series["segregated"]]) / 1000, 4)
    box = plot(times, (0, marks_at[-1] * 1000), (50, 14, size.width - 12, size.height * 0.75))
    xs, ys = box.xs(times), {regime: box.ys(values) for regime, values in series.items()}
    drawn = [element("path", d=line(xs, ys[regime]), class_=f"line {regime}") for regime in REGIMES] if times else []
    gap = [element("path", d=between(xs, ys["pooled"], ys["segregated"]), class_="gap")] if times else []
    names = _named(box, xs, ys) if times else []
    return picture(
        f"reachable-{size.name}",
        size.width,
        box.bottom + 24,
        "Collateral that clients can reach without a venue's help",
        "; ".join(
            f"{regime} {money(total(result, regime, 'reachable_at_low_units'))} at the low" for regime in REGIMES
        ),
        bands(result, box, numbered=False),
        *gap,
        levels(box, [value * 1000 for value in marks_at], [millions(value) for value in marks_at]),
        hours(box),
        *drawn,
        *names,
        *(_at_the_low(result, box, ys) if times else ()),
        **hover(box, of_both("reachable")),
    )


def _named(box: Plot, xs: list[float], ys: dict[str, list[float]]) -> list[Html]:
    """The lines' names where they begin: over the upper one, under the lower one."""
    upper, lower = sorted(REGIMES, key=lambda regime: ys[regime][0])
    beside = max(sum(x <= box.left + 100 for x in xs), 1)
    return [
        text(box.left + 8, min(ys[upper][:beside]) - 8, upper, f"name {upper}"),
        text(box.left + 8, min(max(ys[lower][:beside]) + 18, box.bottom - 6), lower, f"name {lower}"),
    ]


def _at_the_low(result: Result, box: Plot, ys: dict[str, list[float]]) -> list[Html]:
    """The moment of bitcoin's low, with what the totals quote for it."""
    found = the_low(result)
    if found is None:
        return []
    at_s, low = found
    x = box.x.at(at_s)
    marks = [rule(x, box.top, x, box.bottom, "moment"), text(x - 6, box.bottom - 8, "bitcoin’s low", "note", "end")]
    for regime in REGIMES:
        y, said = ys[regime][low], short(total(result, regime, "reachable_at_low_units"))
        marks += [element("circle", cx=x, cy=y, r=4.0, class_=f"dot {regime}")]
        marks += [text(x - 8, y + 18, said, f"name halo {regime}", "end")]
    return marks


def unsettled(result: Result, regime: str) -> Html:
    """Gains that venues owed and had not paid, under one regime; both are drawn to one scale."""
    times = result["series"]["times_s"]
    highest = max(max([0, *result["series"]["regimes"][each]["unsettled"]]) for each in REGIMES)
    marks_at = ticks(0, highest / 1000, 3)
    box = plot(times, (0, marks_at[-1] * 1000), (40, 10, 412, 150))
    values = result["series"]["regimes"][regime]["unsettled"]
    drawn = (
        [element("path", d=area(box.xs(times), box.ys(values), box.bottom), class_=f"area {regime}")] if times else []
    )
    peak = total(result, regime, "unsettled_peak_units")
    return picture(
        f"unsettled-{regime}",
        420,
        174,
        f"Unsettled gains, {regime}",
        f"The peak is {money(peak)}",
        bands(result, box, numbered=False),
        levels(box, [value * 1000 for value in marks_at], [millions(value) for value in marks_at]),
        hours(box),
        *drawn,
        **hover(box, [(f"{regime}.unsettled", regime, regime, "thousands")]),
    )
