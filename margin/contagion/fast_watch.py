"""Who is below, without looking at everybody: the same answers as the plain watch, to the account.

An account with one position is below only beyond one price, so such accounts are sorted by it, and a price move passes
a stretch of the list. Another is safe while no price is further from where it was last seen than its radius: what it
has to spare over what it could lose per unit of relative move (specs/contagion.md §14). Both bounds are taken against
rates that are rounded up, and lean to caution; whoever is beyond its bound is tested exactly.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from margin.contagion.books import Books
from margin.contagion.draws import Floats, Whole
from margin.contagion.population import Indexes, Kind
from margin.contagion.scan import PPM, Prices, Rows, standing
from margin.contagion.watch import NEVER, Breaches, floors_of

LEVELS = 8
"""Rates are bounded by the next whole eighth of the first ones."""
_SLACK = 1e-9
"""Relative: what float64 may be off in a bound, many times over."""
_SEEN_AGAIN = 0.02
"""When prices are this far from where radii were measured, they are measured anew."""


class Units(NamedTuple):
    """What is tested as one, an account or (netted) a client: its accounts, from `first[i]` until `first[i + 1]`."""

    first: Indexes
    floor: Whole
    tested: NDArray[np.bool_]


@njit(cache=True)
def _tested(chosen: Indexes, units: Units, rows: Rows, prices: Prices) -> tuple[Indexes, Whole, Whole]:
    """Of these units, those that are below: the accounts with positions, and their units' figures."""
    count = 0
    for unit in chosen:
        count += units.first[unit + 1] - units.first[unit]
    account = np.empty(count, np.int32)
    equity, needed = np.empty(count, np.int64), np.empty(count, np.int64)
    filled = 0
    for unit in chosen:
        have, ask = 0, 0
        for one in range(units.first[unit], units.first[unit + 1]):
            own, asked = standing(one, rows, prices)
            have += own
            ask += asked
        if not units.tested[unit] or ask == 0 or have >= max(ask, units.floor[unit]):
            continue
        for one in range(units.first[unit], units.first[unit + 1]):
            if standing(one, rows, prices)[1] > 0:
                account[filled], equity[filled], needed[filled] = one, have, ask
                filled += 1
    return account[:filled], equity[:filled], needed[:filled]


@njit(cache=True)
def _bounds(
    units: Units, rows: Rows, prices: Prices, bound: Whole, instrument: Indexes, price: Floats, radius: Floats
) -> None:
    """By unit: its only instrument (−1 − k for a short of k; the number of instruments where there are several, and
    one more where there is nothing), the price beyond which it may be below, and else its radius."""
    kinds = len(prices.current)
    for unit in range(len(units.floor)):
        held, only, size, settled, base, gained, asked, moved = 0, 0, 0, 0, 0, 0.0, 0.0, 0.0
        for account in range(units.first[unit], units.first[unit + 1]):
            base += rows.principal[account] + rows.realised[account]
            for at in range(rows.first[account], rows.first[account + 1]):
                which, lots = rows.instrument[at], rows.lots[at]
                if lots == 0:
                    continue
                held += 1
                only, size, settled = which, lots, prices.settled[rows.venue[account], which]
                notional = float(abs(lots)) * prices.current[which]
                gained += float(lots) * (prices.current[which] - settled)
                asked += notional * bound[which] / PPM + 1.0
                moved += notional
        radius[unit], price[unit] = 0.0, 0.0
        instrument[unit] = kinds + 1
        if held == 0 or not units.tested[unit]:
            continue
        floor = float(max(units.floor[unit], NEVER >> 8))
        rate = bound[only] / PPM
        if held == 1 and size > 0:
            due = (float(size) * settled - base + 1.0) / (size * (1.0 - rate))
            own = settled + (floor - base) / size
            instrument[unit], price[unit] = only, max(due, own) * (1.0 + _SLACK) + 1.0
        elif held == 1:
            due = (base - float(size) * settled - 1.0) / (-size * (1.0 + rate))
            own = settled + (base - floor) / -size
            instrument[unit], price[unit] = -1 - only, min(due, own) * (1.0 - _SLACK) - 1.0
        else:
            instrument[unit] = kinds
            equity = base + gained
            # Margin grows with a price that rises; its own floor does not.
            radius[unit] = min((equity - asked) / (moved + asked), (equity - floor) / moved) * (1.0 - _SLACK)


class FastWatch:
    """Sorted thresholds for units with one position, radii for the others."""

    def __init__(self, books: Books, *, across_venues: bool) -> None:
        self._books = books
        accounts = books.population.accounts
        floor, tested = floors_of(books), books.population.clients.kind[accounts.client] != Kind.REST
        first = np.arange(len(accounts) + 1, dtype=np.int32)
        if across_venues:
            starts = np.flatnonzero(np.diff(accounts.client, prepend=-1)).astype(np.int32)
            first = np.append(starts, np.int32(len(accounts))).astype(np.int32)
            floor = np.add.reduceat(np.maximum(floor, NEVER >> 8), starts)
            tested = tested[starts]
        self._units = Units(first, floor, tested)
        self._unit_of = np.repeat(np.arange(len(floor), dtype=np.int32), np.diff(first))
        self._bound = np.zeros(0, np.int64)
        self._stale = True
        self._always = np.zeros(0, np.int32)

    def touched(self, accounts: Indexes) -> None:
        """From now on they are looked at each time, until all bounds are measured anew."""
        self._always = np.union1d(self._always, self._unit_of[accounts]).astype(np.int32)
        self._stale |= len(self._always) > len(self._unit_of) // 20

    def changed(self) -> None:
        """Many accounts have less than before: bounds are measured anew."""
        self._stale = True

    def breaches(self, prices: Prices) -> Breaches:
        moved = np.abs(prices.current / self._seen - 1.0).max() if len(self._bound) else np.inf
        if self._stale or self._outgrown(prices.rate_ppm) or moved > _SEEN_AGAIN:
            self._measure(prices)
            moved = 0.0
        chosen = [self._always, self._several[: np.searchsorted(self._radius, moved, side="right")]]
        for which in range(len(prices.current)):
            longs, shorts = self._longs[which], self._shorts[which]
            chosen.append(
                longs.unit[: len(longs.unit) - np.searchsorted(longs.price, prices.current[which], side="left")]
            )
            chosen.append(shorts.unit[: np.searchsorted(shorts.price, prices.current[which], side="right")])
        units = np.unique(np.concatenate(chosen)).astype(np.int32)
        return Breaches(*_tested(units, self._units, self._books.rows, prices))

    def _outgrown(self, rate_ppm: Whole) -> bool:
        """Whether rates are above their bounds, or have fallen two levels below them."""
        return bool(np.any(rate_ppm > self._bound) or np.any(_bound_of(rate_ppm, 2) < self._bound))

    def _measure(self, prices: Prices) -> None:
        self._bound = _bound_of(prices.rate_ppm, 1)
        self._seen = prices.current.astype(np.float64)
        count, kinds = len(self._units.floor), len(prices.current)
        which, price, radius = np.empty(count, np.int32), np.empty(count), np.empty(count)
        _bounds(self._units, self._books.rows, prices, self._bound, which, price, radius)
        # A long is looked at while the price is at most its own, so the list falls; the search wants it rising.
        self._longs = [_sorted(np.flatnonzero(which == one), price, falling=True) for one in range(kinds)]
        self._shorts = [_sorted(np.flatnonzero(which == -1 - one), price, falling=False) for one in range(kinds)]
        several = np.flatnonzero(which == kinds)
        order = np.argsort(radius[several], kind="stable")
        self._several, self._radius = several[order].astype(np.int32), radius[several][order]
        self._stale, self._always = False, np.zeros(0, np.int32)


class _Sorted(NamedTuple):
    """Units in the order in which a move reaches them, and their prices, rising."""

    unit: Indexes
    price: Floats


def _sorted(units: NDArray[np.int64], price: Floats, *, falling: bool) -> _Sorted:
    order = np.argsort(price[units], kind="stable")
    ordered = units[order].astype(np.int32)
    return _Sorted(ordered[::-1] if falling else ordered, price[units][order])


def _bound_of(rate_ppm: Whole, above: int) -> Whole:
    """Rates rounded up to powers of (1 + 1/8); `above` 2 is one level more."""
    level = np.ceil(np.log(np.maximum(rate_ppm, 1)) / np.log1p(1.0 / LEVELS) - 1e-9) + (above - 1)
    return np.asarray(np.ceil((1.0 + 1.0 / LEVELS) ** level).astype(np.int64))
