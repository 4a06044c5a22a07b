"""Forced orders: what accounts must sell, and what each gets for it; the unlevered holder takes the other side.

Large accounts are closed by slices of a share of what they hold, others at once (specs/contagion.md §5.6). The books
move in whole units: what one side realises the other pays.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from margin.contagion.draws import Whole
from margin.contagion.population import Indexes
from margin.contagion.scan import PPM, Prices, Rows

Flags = NDArray[np.bool_]


class Orders(NamedTuple):
    """By position index: signed lots to close. `flow_units`: µ$ at the old price by venue and instrument, + bought."""

    position: Indexes
    lots: Whole
    flow_units: NDArray[np.int64]


@njit(cache=True)
def orders_of(
    accounts: Indexes, rows: Rows, prices: Prices, is_open: Flags, slice_above_units: int, slice_ppm: int
) -> Orders:
    """What some accounts must close now: all, or of each position the slice, rounded up, of a large account.

    What is not open, by venue and instrument, takes no orders.
    """
    count = 0
    for account in accounts:
        count += rows.first[account + 1] - rows.first[account]
    position, closed = np.empty(count, np.int32), np.empty(count, np.int64)
    flow = np.zeros(prices.settled.shape, np.int64)
    filled = 0
    for account in accounts:
        notional = 0
        for at in range(rows.first[account], rows.first[account + 1]):
            notional += abs(rows.lots[at]) * prices.current[rows.instrument[at]]
        share = slice_ppm if notional > slice_above_units else PPM
        for at in range(rows.first[account], rows.first[account + 1]):
            size = abs(rows.lots[at])
            if size == 0 or not is_open[rows.venue[account], rows.instrument[at]]:
                continue
            part = size if share == PPM else (size * share + PPM - 1) // PPM
            lots = part if rows.lots[at] > 0 else -part
            position[filled], closed[filled] = at, lots
            filled += 1
            flow[rows.venue[account], rows.instrument[at]] -= lots * prices.current[rows.instrument[at]]
    return Orders(position[:filled], closed[:filled], flow)


@njit(cache=True)
def fill(orders: Orders, owner: Indexes, rows: Rows, prices: Prices, at_units: Whole, rest: Indexes) -> None:
    """Close at these prices (µ$ a lot, by instrument); `rest` are the positions that take the other side.

    `rest` holds, by venue · instruments + instrument, the place of the unlevered holder's position.
    """
    kinds = len(prices.current)
    for place, at in enumerate(orders.position):
        account, which, lots = owner[at], rows.instrument[at], orders.lots[place]
        venue = rows.venue[account]
        gain = lots * (at_units[which] - prices.settled[venue, which])
        rows.lots[at] -= lots
        rows.realised[account] += gain
        other = rest[venue * kinds + which]
        rows.lots[other] += lots
        rows.realised[owner[other]] -= gain
