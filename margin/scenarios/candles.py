"""A user's own candles in place of what the scenario states of an asset's prices.

The events stay; only the prices are replayed. A replay that would leave part of the window to guesswork is refused.
"""

from dataclasses import replace
from pathlib import Path

from margin.scenarios.candle_file import CandleError, interval_s, read_lines
from margin.scenarios.prices import Bar, PricedAsset, steps_needed
from margin.scenarios.scenario import Scenario
from margin.scenarios.table import instant

__all__ = ["CandleError", "asset_of", "read_candles", "replace_bars"]

_PAIRS = {"BTCUSDT": "BTC", "ETHUSDT": "ETH", "SOLUSDT": "SOL"}


def asset_of(path: Path) -> str:
    """Return the asset that the file name shows. Raises CandleError at a name that shows none."""
    for pair, asset in _PAIRS.items():
        if pair in path.name.upper():
            return asset
    raise CandleError(str(path), 1, "a file name with " + ", ".join(_PAIRS) + "; else write ASSET=FILE", path.name)


def read_candles(path: Path, asset: str | None = None) -> tuple[Bar, ...]:
    """Read the candles of `asset`, or of the one that the file name shows, in order of time.

    Raises CandleError: unreadable file, wrong columns, not a number, prices out of order, a bar that is missing,
    double or early, an uneven interval.
    """
    symbol = asset_of(path) if asset is None else asset
    candles = read_lines(path)
    length_s = interval_s(path, candles)
    return tuple(
        Bar(
            asset=symbol,
            start_s=candle.start_s,
            end_s=candle.start_s + length_s,
            open_e6=candle.open_e6,
            high_e6=candle.high_e6,
            low_e6=candle.low_e6,
            close_e6=candle.close_e6,
            low_at_s=None,
            source=str(path),
            confidence="C",
        )
        for candle in candles
    )


def replace_bars(scenario: Scenario, asset: str, bars: tuple[Bar, ...]) -> Scenario:
    """Return the scenario with `bars`, cut to its window, as the prices of `asset`; `bars` as `read_candles` gives.

    Raises CandleError: an asset that the scenario does not have or that closes, an interval that is no multiple of
    the scenario's step or too short for four figures, a window that the bars do not cover.
    """
    _require_replayable(scenario, asset, bars)
    _require_steps(scenario, bars)
    inside = tuple(bar for bar in bars if scenario.start_s <= bar.start_s and bar.end_s <= scenario.end_s)
    _require_cover(scenario, bars, inside)
    others = tuple(bar for bar in scenario.bars if bar.asset != asset)
    points = tuple(point for point in scenario.points if point.asset != asset)
    return replace(scenario, bars=others + inside, points=points)


def _require_replayable(scenario: Scenario, asset: str, bars: tuple[Bar, ...]) -> None:
    named: dict[str, PricedAsset] = {known.symbol: known for known in scenario.assets}
    if asset not in named:
        raise CandleError(bars[0].source, 1, "an asset of the scenario: " + ", ".join(named), asset)
    hours = named[asset].hours
    if hours != "always":
        raise CandleError(bars[0].source, 1, "an asset that trades round the clock", f"{asset}, which closes ({hours})")


def _require_steps(scenario: Scenario, bars: tuple[Bar, ...]) -> None:
    """Every line of a file lasts the same; what is wrong with one is wrong with all, so line 2 stands for them."""
    first = bars[0]
    length_s = first.end_s - first.start_s
    if length_s % scenario.step_s:
        expected = f"bars of a multiple of {scenario.step_s} s, the scenario's step"
        raise CandleError(first.source, 2, expected, f"{length_s} s")
    steps = length_s // scenario.step_s
    needed = max(steps_needed(bar, bar.close_e6 if bar.open_e6 is None else bar.open_e6) for bar in bars)
    if steps < needed:
        expected = f"bars of {needed * scenario.step_s} s or more, a step of {scenario.step_s} s for each figure"
        raise CandleError(first.source, 2, expected, f"{length_s} s")


def _require_cover(scenario: Scenario, bars: tuple[Bar, ...], inside: tuple[Bar, ...]) -> None:
    """The bars must start and end with the window: half a bar has no stated open or close."""
    if inside and inside[0].start_s == scenario.start_s and inside[-1].end_s == scenario.end_s:
        return
    expected = f"whole bars from {instant(scenario.start_s)} to {instant(scenario.end_s)}"
    found = f"bars from {instant(bars[0].start_s)} to {instant(bars[-1].end_s)}"
    if bars[0].start_s <= scenario.start_s and bars[-1].end_s >= scenario.end_s:
        found += f" of {bars[0].end_s - bars[0].start_s} s, which do not meet both ends"
    raise CandleError(bars[0].source, 1 + len(bars), expected, found)
