"""Where a unit waits until it can be below: at the one price of its position, or behind the radius of all it holds.

One position is below only beyond its threshold p·(1 ∓ rate), which comes from its bankruptcy price and not from the
rate, so that the line it stands in needs no sorting when rates move. Where maintenance has tiers that is so while the
notional there is within the lowest; whoever is larger has a radius, as those with several positions have: in it equity
falls by what they hold, and margin rises by no more than the steepest rate that they can come to (specs/contagion.md
§7, §14).
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from margin.contagion.draws import Floats, Whole
from margin.contagion.lines import NEVER_REACHED, NOWHERE, Placed
from margin.contagion.population import Indexes
from margin.contagion.scan import PPM, Prices, Rows

_SLACK = 1e-9
"""Relative: what float64 may be off in a bound, many times over."""
LOWEST_UP_TO = 0.25
"""A long's notional at its threshold rises with the lowest tier's rate; it is within that tier up to this rate, and
above it nobody is taken to be.
"""


class Units(NamedTuple):
    """What is tested as one, an account or (netted) a client: its accounts, from `first[i]` until `first[i + 1]`."""

    first: Indexes
    floor: Whole
    tested: NDArray[np.bool_]


@njit(cache=True)
def _is_beyond_lowest(bankrupt: float, venue: int, which: int, prices: Prices) -> bool:
    """Whether one position, worth this where its equity is nothing, may be below while it is above the lowest tier.

    If not, further tiers are met only where equity is larger than margin, and there it grows as fast. The room is for
    roundings.
    """
    tiers: int = prices.above.shape[2]
    if tiers == 0:
        return False
    above: int = prices.above[venue, which, 0]
    return (bankrupt * (1.0 + _SLACK) + 2.0 * (tiers + 2)) / (1.0 - LOWEST_UP_TO) > above


@njit(cache=True)
def _further(unit: int, units: Units, rows: Rows, prices: Prices) -> tuple[float, float, float]:
    """What tiers above the lowest ask of a unit in addition, at most; what more of it comes with prices that rise, over
    their rise; and the largest radius for which that holds: as far as twice every position.
    """
    asked, grows = 0.0, 0.0
    if prices.above.size == 0:
        return asked, grows, NEVER_REACHED
    for account in range(units.first[unit], units.first[unit + 1]):
        venue = rows.venue[account]
        for at in range(rows.first[account], rows.first[account + 1]):
            which = rows.instrument[at]
            notional = float(abs(rows.lots[at])) * prices.current[which]
            for tier in range(prices.above.shape[2]):
                above, more = float(prices.above[venue, which, tier]), prices.more_ppm[venue, which, tier] / PPM
                if above >= 2.0 * notional:
                    break
                asked += max(notional - above, 0.0) * more + 1.0
                grows += notional * more
    return asked, grows, 1.0


@njit(cache=True)
def _place(unit: int, units: Units, rows: Rows, prices: Prices, elapsed: float) -> tuple[int, float, float]:
    """Line, key and own key of a unit now; line v · kinds + k for a long of instrument k at venue v alone, and for a
    short as many lines further as there are such pairs.

    A requirement of nothing is never above nothing, so only a floor above zero can ask for more than margin does.
    """
    kinds, pairs = len(prices.current), prices.rate_ppm.size
    held, only, size, settled, base, gained, asked, moved = 0, 0, 0, 0, 0, 0.0, 0.0, 0.0
    for account in range(units.first[unit], units.first[unit + 1]):
        base += rows.principal[account] + rows.realised[account]
        for at in range(rows.first[account], rows.first[account + 1]):
            which, lots = rows.instrument[at], rows.lots[at]
            if lots:
                venue = rows.venue[account]
                notional = float(abs(lots)) * prices.current[which]
                held += 1
                only, size, settled = venue * kinds + which, lots, prices.settled[venue, which]
                gained += float(lots) * (prices.current[which] - settled)
                asked += notional * prices.rate_ppm[venue, which] / PPM + 1.0
                moved += notional
    if held == 0 or not units.tested[unit]:
        return NOWHERE, NEVER_REACHED, NEVER_REACHED
    floor = float(units.floor[unit])
    side = 1.0 if size > 0 else -1.0
    lost = float(base) / abs(size)
    if held > 1 or _is_beyond_lowest(abs(size) * (settled - side * lost), only // kinds, only % kinds, prices):
        more, grows, most = _further(unit, units, rows, prices)
        radius = (base + gained - asked - more) / (moved + asked + grows)  # margin grows with a price that rises
        if floor > 0.0:
            radius = min(radius, (base + gained - floor) / moved)
        radius = max(min(radius, most) - _SLACK, -0.5)
        return 2 * pairs, elapsed + np.log1p(radius), NEVER_REACHED
    slack = _SLACK * (settled + abs(lost) + max(floor, 0.0) / abs(size)) + 2.0
    key = -side * (settled - side * lost) - slack
    own = NEVER_REACHED
    if floor > 0.0:
        own = -side * (settled - side * (base - floor) / abs(size)) - slack
    return (only if size > 0 else pairs + only), key, own


@njit(parallel=True, cache=True)
def places_of_all(
    units: Units, rows: Rows, prices: Prices, elapsed: float, line: Indexes, key: Floats, own: Floats
) -> None:
    """Everybody's place, by all threads."""
    for unit in prange(len(line)):
        found = _place(unit, units, rows, prices, elapsed)
        line[unit] = found[0]
        key[unit] = found[1]
        own[unit] = found[2]


@njit(cache=True)
def places(chosen: Indexes, units: Units, rows: Rows, prices: Prices, elapsed: float, placed: Placed) -> None:
    """The same of some, by one thread: to wake the others takes longer."""
    for number, unit in enumerate(chosen):
        placed.line[number], placed.key[number], placed.own[number] = _place(unit, units, rows, prices, elapsed)
