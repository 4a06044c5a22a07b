"""How the rows of a scenario must fit together, said at the line of the row that does not.

The checks run in the order a reader would make them: is the asset known, is the time on the grid and in the window,
do the prices order, do the bars join, can every stated figure be hit.
"""

from collections.abc import Sequence
from itertools import pairwise

from margin.scenarios.bar_checks import check_bars
from margin.scenarios.events import AnyEvent, MarginStepped, News, OpeningDelayed, SharesMoved
from margin.scenarios.hours import is_open
from margin.scenarios.prices import Bar, Point, PricedAsset
from margin.scenarios.rows import Row
from margin.scenarios.table import Table, instant
from margin.scenarios.window import Window

_OUTSIDE = "a time before the start or from the end on; what is inside the window is an [[event]]"


def check_prices(
    window: Window, assets: Sequence[Row[PricedAsset]], bars: Sequence[Row[Bar]], points: Sequence[Row[Point]]
) -> None:
    """Check assets, bars and points; raises ScenarioError at the first row that does not fit."""
    known = _known_assets(assets)
    stated = [(row.table, row.value.asset) for row in bars] + [(row.table, row.value.asset) for row in points]
    for table, symbol in stated:
        _require_asset(table, known, symbol)
    for asset in assets:
        symbol = asset.value.symbol
        own_bars = [row for row in bars if row.value.asset == symbol]
        own_points = [row for row in points if row.value.asset == symbol]
        if bool(own_bars) == bool(own_points):
            found = "both" if own_bars else "neither"
            raise asset.table.error("symbol", f"either bars or points for {symbol}", found)
        check_bars(window, asset.value, own_bars)
        _check_points(window, asset.value, own_points)


def check_events(
    window: Window,
    assets: Sequence[Row[PricedAsset]],
    events: Sequence[Row[AnyEvent]],
    context: Sequence[Row[AnyEvent]],
) -> None:
    """Check events and context; raises ScenarioError at the first row that does not fit."""
    known = _known_assets(assets)
    for row in events:
        window.require_inside(row.table, "at", row.value.at_s)
        if isinstance(row.value, MarginStepped | SharesMoved):
            _require_asset(row.table, known, row.value.asset)
        if isinstance(row.value, OpeningDelayed):
            window.require_inside(row.table, "opens_at", row.value.opens_at_s)
    for row in context:
        if not isinstance(row.value, News):
            raise row.table.error("kind", "news: what is outside the window has no effect in it")
        if window.holds(row.value.at_s):
            raise row.table.error("at", _OUTSIDE)
    _check_margin_steps(window, events)


def _known_assets(assets: Sequence[Row[PricedAsset]]) -> tuple[str, ...]:
    known: list[str] = []
    for row in assets:
        if row.value.symbol in known:
            raise row.table.error("symbol", "a symbol that is not taken yet")
        known.append(row.value.symbol)
    return tuple(known)


def _require_asset(table: Table, known: Sequence[str], symbol: str) -> None:
    if symbol not in known:
        raise table.error("asset", "one of the assets " + ", ".join(known))


def _check_points(window: Window, asset: PricedAsset, points: Sequence[Row[Point]]) -> None:
    for row in points:
        point = row.value
        window.require_inside(row.table, "at", point.at_s)
        # The first level is what the market closed at before the window; every other price was traded.
        if point.at_s != window.start_s and not is_open(asset.hours, point.at_s):
            raise row.table.error("at", f"a time at which {asset.symbol} trades ({asset.hours})")
        if point.price_e6 % asset.tick_e6:
            raise row.table.error("price", f"a whole number of ticks of {asset.tick_e6} (1e-6)")
    if points and points[0].value.at_s != window.start_s:
        raise points[0].table.error("at", f"the first point of {asset.symbol} at {instant(window.start_s)}")
    for before, row in pairwise(points):
        if row.value.at_s <= before.value.at_s:
            raise row.table.error("at", f"a time after the point before it, {instant(before.value.at_s)}")
    _check_extremes(points)


def _check_extremes(points: Sequence[Row[Point]]) -> None:
    prices_e6 = [row.value.price_e6 for row in points]
    for row in points:
        point = row.value
        if point.extreme == "high" and point.price_e6 < max(prices_e6):
            raise row.table.error("price", f"the highest point of {point.asset}, {max(prices_e6)} (1e-6) or more")
        if point.extreme == "low" and point.price_e6 > min(prices_e6):
            raise row.table.error("price", f"the lowest point of {point.asset}, {min(prices_e6)} (1e-6) or less")


def _check_margin_steps(window: Window, events: Sequence[Row[AnyEvent]]) -> None:
    """A step takes over where the step before it, in the file, ended."""
    rates_bps: dict[tuple[str, str], int] = {}
    for row in events:
        step = row.value
        if not isinstance(step, MarginStepped):
            continue
        window.require_grid(row.table, "effective_at", step.effective_at_s)
        if step.effective_at_s < step.at_s:
            raise row.table.error("effective_at", f"a time from the notice on, {instant(step.at_s)}")
        before_bps = rates_bps.get((step.exchange, step.asset), step.from_bps)
        if step.from_bps != before_bps:
            raise row.table.error("from_bps", f"{before_bps}, where the step before it ended")
        rates_bps[step.exchange, step.asset] = step.to_bps
