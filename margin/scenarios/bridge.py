"""One price for every asset at every step of the window: the stated figures, and seeded bridges between them.

Bitcoin is drawn first and leads. Another asset's draws are bitcoin's own moves, made unit variance, and draws of its
own, mixed by the correlation that the scenario states: ρ·(bitcoin) + √(1 − ρ²)·(own). An asset that closes moves at
the steps at which it trades and stands still at the others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from margin.estimates import price_from_e6, ratio_from_bps
from margin.scenarios.anchors import Order, anchored, place
from margin.scenarios.brownian import Band, bar_band, bar_sigma, bridged
from margin.scenarios.draws import normals
from margin.scenarios.hours import is_open, session_s
from margin.scenarios.prices import Bar, PricedAsset, opens_e6
from margin.scenarios.scenario import Scenario

LEADER = "BTC"


@dataclass(frozen=True, slots=True)
class Paths:
    """One price (1e-6 dollars) per asset and grid instant; every tuple is as long as `times_s`."""

    times_s: tuple[int, ...]
    prices_e6: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What one asset's path is drawn from. `leader_e6` is bitcoin's path, empty for bitcoin itself."""

    scenario: Scenario
    asset: PricedAsset
    seed: int
    own_draws: tuple[float, ...]
    leader_e6: tuple[int, ...]
    order: Order


def build_paths(scenario: Scenario, seed: int, order: Order = Order.DRAWN) -> Paths:
    """Draw the scenario's prices. The same scenario, seed and order give the same ints on every Python from 3.11 on.

    A bar's draws depend on the seed and on the bar's place in time, not on the bars before it; those of an asset
    other than bitcoin on bitcoin's path over the same bar as well.
    """
    times_s = scenario.times_s()
    found: dict[str, tuple[int, ...]] = {}
    for asset in sorted(scenario.assets, key=lambda asset: asset.symbol != LEADER):
        drawn = normals(seed, asset.symbol, times_s)
        drawing = _Drawing(scenario, asset, seed, drawn, found.get(LEADER, ()), order)
        found[asset.symbol] = _bar_path(drawing) if scenario.bars_of(asset.symbol) else _point_path(drawing)
    return Paths(times_s, {asset.symbol: found[asset.symbol] for asset in scenario.assets})


def _bar_path(drawing: _Drawing) -> tuple[int, ...]:
    bars = drawing.scenario.bars_of(drawing.asset.symbol)
    path: list[int] = []
    for bar, open_e6 in zip(bars, opens_e6(bars), strict=True):
        path += _bar_prices(drawing, bar, open_e6, first=len(path))
    return tuple(path)


def _bar_prices(drawing: _Drawing, bar: Bar, open_e6: int, first: int) -> list[int]:
    """Draw the bar whose open stands on grid step `first`."""
    steps = range(first, first + (bar.end_s - bar.start_s) // drawing.scenario.step_s)
    leader_e6 = drawing.leader_e6[steps.start : steps.stop]
    placement = place(bar, open_e6, len(steps), drawing.seed, leader_e6, drawing.order)
    anchors = anchored(bar, open_e6, len(steps), placement)
    sigma = bar_sigma(drawing.asset, bar, open_e6)
    return bridged(
        anchors,
        _shocks(drawing, steps),
        step_sigma=sigma / math.sqrt(len(steps)),
        band=bar_band(bar, open_e6, sigma),
        tick_e6=drawing.asset.tick_e6,
    )


def _point_path(drawing: _Drawing) -> tuple[int, ...]:
    """Bridge from point to point over the steps at which the asset trades.

    After the last point the price stands still, since nothing further is stated.
    """
    scenario, asset = drawing.scenario, drawing.asset
    times_s = scenario.times_s()
    last_s = scenario.points_of(asset.symbol)[-1].at_s
    moving = [
        step
        for step, at_s in enumerate(times_s)
        if at_s == scenario.start_s or (is_open(asset.hours, at_s) and at_s <= last_s)
    ]
    place_of = {times_s[step]: place for place, step in enumerate(moving)}
    moved = bridged(
        {place_of[point.at_s]: point.price_e6 for point in scenario.points_of(asset.symbol)},
        _shocks(drawing, moving),
        step_sigma=ratio_from_bps(asset.daily_vol_bps) * math.sqrt(scenario.step_s / session_s(asset.hours)),
        band=_point_band(scenario, asset),
        tick_e6=asset.tick_e6,
    )
    path: list[int] = []
    for at_s in times_s:
        path.append(moved[place_of[at_s]] if at_s in place_of else path[-1])
    return tuple(path)


def _point_band(scenario: Scenario, asset: PricedAsset) -> Band:
    """Return the stated extremes; without them a price is at least a tick and at most ten times the highest point."""
    points = scenario.points_of(asset.symbol)
    stated = {point.extreme: point.price_e6 for point in points}
    roof_e6 = 10 * max(point.price_e6 for point in points)
    return Band(stated.get("low", asset.tick_e6), stated.get("high", roof_e6))


def _shocks(drawing: _Drawing, steps: Sequence[int]) -> list[float]:
    """Return a draw of unit variance for each of the grid's `steps`."""
    own = [drawing.own_draws[step] for step in steps]
    if not drawing.leader_e6:
        return own
    shared = ratio_from_bps(drawing.asset.correlation_to_btc_bps)
    apart = math.sqrt(1.0 - shared * shared)
    led = _unit_moves([drawing.leader_e6[step] for step in steps])
    return [shared * move + apart * draw for move, draw in zip(led, own, strict=True)]


def _unit_moves(prices_e6: Sequence[int]) -> list[float]:
    """Return the log moves between the prices, the first zero, divided by their root mean square."""
    logs = [math.log(price_from_e6(price_e6)) for price_e6 in prices_e6]
    moves = [after - before for before, after in pairwise(logs)]
    size = math.sqrt(math.fsum(move * move for move in moves) / max(len(moves), 1))
    return [0.0] + [move / size if size else 0.0 for move in moves]
