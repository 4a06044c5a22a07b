"""Equity and requirement of every account, to the unit, by one loop over compressed rows: the reference scan.

Equity E = principal + what was realised since the last settlement + Σ lots · (price − settlement mark). Maintenance
M = Σ notional · rate, the rate in parts per million, rounded up, and where there are tiers more of what is above each;
an account is closed where E < M, or by its own stop where E falls below what it has set (specs/contagion.md §5.5, §7).
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from margin.contagion.draws import Whole
from margin.contagion.population import Indexes, Small

PPM = 1_000_000


class Rows(NamedTuple):
    """What is held, as the loops read it; `lots`, `principal` and `realised` change during a run."""

    first: Indexes
    instrument: Small
    lots: Whole
    venue: Small
    principal: Whole
    realised: Whole


NO_TIERS = np.empty((0, 0, 0), np.int64)
NOTHING_ABOVE = np.iinfo(np.int64).max
"""Where a tier begins that a table does not have."""


class Prices(NamedTuple):
    """µ$ a lot, now by instrument and at the last settlement by venue and instrument; maintenance in parts per million,
    by venue and instrument, and by further tier what is asked in addition of what is above a notional (µ$, rising).
    """

    current: Whole
    settled: NDArray[np.int64]
    rate_ppm: NDArray[np.int64]
    above: NDArray[np.int64] = NO_TIERS
    more_ppm: NDArray[np.int64] = NO_TIERS


@njit(inline="always")
def part_up(units: int, ppm: int) -> int:
    """`units · ppm / 10⁶` rounded up, without leaving 64 bits."""
    whole, rest = units // PPM, units % PPM
    return whole * ppm + (rest * ppm + PPM - 1) // PPM


@njit(cache=True)
def further(account: int, rows: Rows, prices: Prices) -> int:
    """What the tiers above the lowest ask of one account in addition, µ$; apart, as those without tiers run past it."""
    needed, venue = 0, rows.venue[account]
    for at in range(rows.first[account], rows.first[account + 1]):
        which = rows.instrument[at]
        notional = abs(rows.lots[at]) * prices.current[which]
        for tier in range(prices.above.shape[2]):
            if notional <= prices.above[venue, which, tier]:
                break
            needed += part_up(notional - prices.above[venue, which, tier], prices.more_ppm[venue, which, tier])
    return needed


@njit(inline="always")
def standing(account: int, rows: Rows, prices: Prices) -> tuple[int, int]:
    """One account's equity and maintenance margin in µ$."""
    equity = rows.principal[account] + rows.realised[account]
    needed = 0
    settled, rates = prices.settled[rows.venue[account]], prices.rate_ppm[rows.venue[account]]
    for at in range(rows.first[account], rows.first[account + 1]):
        which, lots = rows.instrument[at], rows.lots[at]
        if lots:
            price = prices.current[which]
            equity += lots * (price - settled[which])
            needed += part_up(abs(lots) * price, rates[which])
    if prices.above.size:
        needed += further(account, rows, prices)
    return equity, needed


@njit(cache=True)
def unsettled_units(venue: int, rows: Rows, prices: Prices) -> Whole:
    """By account what it has gained and lost at this venue since the last settlement there, realised or not (µ$)."""
    gained = np.zeros(len(rows.venue), np.int64)
    gaps = prices.current - prices.settled[venue]
    for account in range(len(gained)):
        if rows.venue[account] == venue:
            gained[account] = rows.realised[account]
            for at in range(rows.first[account], rows.first[account + 1]):
                gained[account] += rows.lots[at] * gaps[rows.instrument[at]]
    return gained


def marginal_ppm(prices: Prices) -> NDArray[np.int64]:
    """The rate of every tier by venue and instrument, the lowest first, one after another where there are any."""
    if not prices.more_ppm.size:
        return prices.rate_ppm
    return np.concatenate([prices.rate_ppm[..., None], prices.more_ppm], axis=2).cumsum(axis=2)


@njit(parallel=True, cache=True)
def scan(rows: Rows, prices: Prices, equity: Whole, needed: Whole) -> None:
    """Write every account's equity and maintenance margin."""
    for account in prange(len(equity)):
        equity[account], needed[account] = standing(account, rows, prices)


@njit(cache=True)
def standings(accounts: Indexes, rows: Rows, prices: Prices) -> tuple[Whole, Whole]:
    """Equity and maintenance margin of some accounts."""
    equity, needed = np.empty(len(accounts), np.int64), np.empty(len(accounts), np.int64)
    for place, account in enumerate(accounts):
        equity[place], needed[place] = standing(account, rows, prices)
    return equity, needed
