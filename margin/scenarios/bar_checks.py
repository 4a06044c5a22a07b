"""Whether an asset's bars can be one path: joined without gap or overlap, prices in order, room for every figure."""

from collections.abc import Sequence

from margin.scenarios.prices import Bar, PricedAsset, opens_e6, steps_needed
from margin.scenarios.rows import Row
from margin.scenarios.table import instant
from margin.scenarios.window import Window


def check_bars(window: Window, asset: PricedAsset, bars: Sequence[Row[Bar]]) -> None:
    """Check the bars of one asset, in file order; raises ScenarioError at the first that does not fit."""
    if not bars:
        return
    if asset.hours != "always":
        raise bars[0].table.error("asset", f"points for {asset.symbol}, which closes ({asset.hours})", "a bar")
    if bars[0].value.open_e6 is None:
        raise bars[0].table.error("open", f"an open in the first bar of {asset.symbol}")
    _check_joined(window, bars)
    for row, open_e6 in zip(bars, opens_e6(tuple(row.value for row in bars)), strict=True):
        _check_order(row, open_e6)
        _check_ticks(row, asset.tick_e6)
        _check_low_at(window, row)
        _check_room(window, row, open_e6)


def _check_joined(window: Window, bars: Sequence[Row[Bar]]) -> None:
    expected_s = window.start_s
    for row in bars:
        bar = row.value
        if bar.start_s != expected_s:
            fault = "overlap" if bar.start_s < expected_s else "gap"
            raise row.table.error("start", f"{instant(expected_s)}, where the bar before it ends ({fault})")
        window.require_grid(row.table, "end", bar.end_s)
        if not bar.start_s < bar.end_s <= window.end_s:
            raise row.table.error("end", f"a time after the start, up to {instant(window.end_s)}")
        expected_s = bar.end_s
    if expected_s != window.end_s:
        raise bars[-1].table.error("end", f"bars up to the end of the window, {instant(window.end_s)}")


def _check_order(row: Row[Bar], open_e6: int) -> None:
    bar = row.value
    least_e6, most_e6 = min(open_e6, bar.close_e6), max(open_e6, bar.close_e6)
    if bar.low_e6 is not None and bar.low_e6 > least_e6:
        raise row.table.error("low", f"a low up to open and close, at most {least_e6} (1e-6)")
    if bar.high_e6 is not None and bar.high_e6 < most_e6:
        raise row.table.error("high", f"a high from open and close up, at least {most_e6} (1e-6)")


def _check_ticks(row: Row[Bar], tick_e6: int) -> None:
    bar = row.value
    stated = {"open": bar.open_e6, "high": bar.high_e6, "low": bar.low_e6, "close": bar.close_e6}
    for key, price_e6 in stated.items():
        if price_e6 is not None and price_e6 % tick_e6:
            raise row.table.error(key, f"a whole number of ticks of {tick_e6} (1e-6)")


def _check_low_at(window: Window, row: Row[Bar]) -> None:
    bar = row.value
    if bar.low_at_s is None:
        return
    window.require_grid(row.table, "low_at", bar.low_at_s)
    if bar.low_e6 is None:
        raise row.table.error("low", "a low, since low_at says when it was")
    last_s = bar.end_s - window.step_s
    if not bar.start_s < bar.low_at_s < last_s:
        raise row.table.error("low_at", f"a time between {instant(bar.start_s)} and {instant(last_s)}, both excluded")


def _check_room(window: Window, row: Row[Bar], open_e6: int) -> None:
    bar = row.value
    room = (bar.end_s - bar.start_s) // window.step_s
    needed = steps_needed(bar, open_e6)
    if room < needed:
        raise row.table.error("end", f"{needed} or more steps of {window.step_s} s, one for each figure", f"{room}")
