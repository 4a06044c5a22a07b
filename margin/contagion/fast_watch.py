"""Who is below, without looking at everybody: the same answers as the plain watch, to the account.

An account with one position is below only beyond one price, so such accounts are sorted by it, and a price move passes
a stretch of the list. Another is safe while no price is further from where it was last seen than its radius: what it
has to spare over what it could lose per unit of relative move (specs/contagion.md §14). Both bounds are taken against
rates that are rounded up, and lean to caution; whoever is beyond its bound is tested exactly.
"""

from typing import NamedTuple, TypeVar

import numpy as np
from numba import njit, prange
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
SEEN_AGAIN = 0.02
"""When prices are this far from where radii were measured, they are measured anew."""
MANY = 50
"""When more than one unit in so many has changed and still holds something, all are measured anew."""
FEW = 4096
"""So many are looked at by one thread."""


class Units(NamedTuple):
    """What is tested as one, an account or (netted) a client: its accounts, from `first[i]` until `first[i + 1]`."""

    first: Indexes
    floor: Whole
    tested: NDArray[np.bool_]


@njit(inline="always")
def _figure(unit: int, units: Units, rows: Rows, prices: Prices) -> tuple[int, int]:
    """Equity and requirement of a unit; a requirement of 0 where there is nothing to test or nothing is wrong."""
    have, ask = 0, 0
    for account in range(units.first[unit], units.first[unit + 1]):
        own, asked = standing(account, rows, prices)
        have += own
        ask += asked
    below = units.tested[unit] and ask > 0 and have < max(ask, units.floor[unit])
    return have, ask if below else 0


@njit(parallel=True, cache=True)
def _figures_of_many(chosen: Indexes, units: Units, rows: Rows, prices: Prices, equity: Whole, needed: Whole) -> None:
    """The figures of these units, by all threads."""
    for number in prange(len(chosen)):
        equity[number], needed[number] = _figure(chosen[number], units, rows, prices)


@njit(cache=True)
def _figures_of_few(chosen: Indexes, units: Units, rows: Rows, prices: Prices, equity: Whole, needed: Whole) -> None:
    """The same by one thread: to wake the others takes longer than to look at a few thousand."""
    for number in range(len(chosen)):
        equity[number], needed[number] = _figure(chosen[number], units, rows, prices)


@njit(cache=True)
def _holding(chosen: Indexes, units: Units, rows: Rows) -> NDArray[np.bool_]:
    """Which of these units hold anything."""
    holds = np.zeros(len(chosen), np.bool_)
    for number, unit in enumerate(chosen):
        for at in range(rows.first[units.first[unit]], rows.first[units.first[unit + 1]]):
            holds[number] |= rows.lots[at] != 0
    return holds


@njit(cache=True)
def _accounts(below: Indexes, units: Units, rows: Rows, prices: Prices) -> tuple[Indexes, Indexes]:
    """The accounts with positions of these units, and which of the units each belongs to."""
    count = 0
    for unit in below:
        count += units.first[unit + 1] - units.first[unit]
    account, number = np.empty(count, np.int32), np.empty(count, np.int32)
    filled = 0
    for place, unit in enumerate(below):
        for one in range(units.first[unit], units.first[unit + 1]):
            if standing(one, rows, prices)[1] > 0:
                account[filled], number[filled] = one, place
                filled += 1
    return account[:filled], number[:filled]


@njit(parallel=True, cache=True)
def _bounds(
    chosen: Indexes, units: Units, rows: Rows, prices: Prices, bound: Whole, place: Indexes, limit: Floats
) -> None:
    """Where each of these units belongs, and how far it is from being looked at.

    `place`: instrument k for a long of it alone, −1 − k for a short; the number of instruments where there are
    several, and one more where there is nothing to test. `limit`: the price from which on one position may be below, or
    the relative move that several can stand.
    """
    kinds = len(prices.current)
    for number in prange(len(chosen)):
        unit = chosen[number]
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
        floor = float(max(units.floor[unit], NEVER >> 8))
        rate = bound[only] / PPM
        if held == 0 or not units.tested[unit]:
            place[number], limit[number] = kinds + 1, 0.0
        elif held > 1:
            equity = base + gained
            # Margin grows with a price that rises; its own floor does not.
            radius = min((equity - asked) / (moved + asked), (equity - floor) / moved)
            place[number], limit[number] = kinds, radius * (1.0 - _SLACK)
        elif size > 0:
            due = (float(size) * settled - base + 1.0) / (size * (1.0 - rate))
            own = settled + (floor - base) / size
            place[number], limit[number] = only, max(due, own) * (1.0 + _SLACK) + 1.0
        else:
            due = (base - float(size) * settled - 1.0) / (-size * (1.0 + rate))
            own = settled + (base - floor) / -size
            place[number], limit[number] = -1 - only, min(due, own) * (1.0 - _SLACK) - 1.0


class _Sorted(NamedTuple):
    """Units with their limits, rising."""

    unit: Indexes
    limit: Floats


def _sorted(units: Indexes, limits: Floats) -> _Sorted:
    order = np.argsort(limits)  # of equals either may come first: those found are put in order afterwards
    return _Sorted(units[order], limits[order])


Column = TypeVar("Column", Indexes, Floats)


def _met(first: Column, second: Column) -> Column:
    """One after the other, copied only if it must be."""
    return np.concatenate([first, second]) if len(first) and len(second) else (first if len(first) else second)


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
        self._apart = np.zeros(len(floor), np.bool_)
        self._stale = True

    def touched(self, accounts: Indexes) -> None:
        """From now on they are looked at each time, until everybody is measured anew; not if they hold nothing."""
        changed = np.union1d(self._always, self._unit_of[accounts]).astype(np.int32)
        self._apart[changed] = True
        self._always = changed[_holding(changed, self._units, self._books.rows)]
        self._stale |= len(self._always) > len(self._unit_of) // MANY

    def changed(self) -> None:
        """Many accounts have something else than before: everybody is measured anew."""
        self._stale = True

    def breaches(self, prices: Prices) -> Breaches:
        self._measure(prices)
        away = float(np.abs(prices.current / self._seen - 1.0).max())
        found, self._several = self._first_of(self._several, away)
        chosen = [self._always, found]
        for which, price in enumerate(prices.current):
            found, self._shorts[which] = self._first_of(self._shorts[which], price)
            chosen.append(found)
            found, self._longs[which] = self._last_of(self._longs[which], price)
            chosen.append(found)
        return self._below(np.concatenate(chosen), prices)

    def _first_of(self, units: _Sorted, limit: float) -> tuple[Indexes, _Sorted]:
        """Those with limits up to this one, without who stands apart; and the list, which such leave from its end."""
        stop = int(np.searchsorted(units.limit, limit, side="right"))
        stays = ~self._apart[units.unit[:stop]]
        found = units.unit[:stop][stays]
        if 2 * len(found) >= stop:
            return found, units
        limits = units.limit[:stop][stays]
        return found, _Sorted(_met(found, units.unit[stop:]), _met(limits, units.limit[stop:]))

    def _last_of(self, units: _Sorted, limit: float) -> tuple[Indexes, _Sorted]:
        """The same from the other end."""
        start = int(np.searchsorted(units.limit, limit, side="left"))
        stays = ~self._apart[units.unit[start:]]
        found = units.unit[start:][stays]
        if 2 * len(found) >= len(stays):
            return found, units
        limits = units.limit[start:][stays]
        return found, _Sorted(_met(units.unit[:start], found), _met(units.limit[:start], limits))

    def _below(self, chosen: Indexes, prices: Prices) -> Breaches:
        """Test these units exactly; some of them may be named twice."""
        equity, needed = np.empty(len(chosen), np.int64), np.empty(len(chosen), np.int64)
        figures = _figures_of_few if len(chosen) <= FEW else _figures_of_many
        figures(chosen, self._units, self._books.rows, prices, equity, needed)
        places = np.flatnonzero(needed)
        below, first = np.unique(chosen[places], return_index=True)
        account, number = _accounts(below, self._units, self._books.rows, prices)
        at = places[first][number]
        return Breaches(account, equity[at], needed[at])

    # -- measuring -------------------------------------------------------------------------------------------------

    def _measure(self, prices: Prices) -> None:
        """Everybody where many have changed; else those of instruments whose rates have outgrown their bounds, and
        those with several positions once prices are far from where they were seen."""
        if self._stale:
            self._measure_all(prices)
            return
        outgrown = (prices.rate_ppm > self._bound) | (_bound_of(prices.rate_ppm, 2) < self._bound)
        if outgrown.any():
            self._bound = np.where(outgrown, _bound_of(prices.rate_ppm, 1), self._bound)
            for which in np.flatnonzero(outgrown):
                self._longs[which] = self._again(self._longs[which].unit, prices, int(which))
                self._shorts[which] = self._again(self._shorts[which].unit, prices, -1 - int(which))
        if outgrown.any() or np.abs(prices.current / self._seen - 1.0).max() > SEEN_AGAIN:
            self._seen = prices.current.astype(np.float64)
            self._several = self._again(self._several.unit, prices, len(prices.current))

    def _measure_all(self, prices: Prices) -> None:
        self._bound, self._seen = _bound_of(prices.rate_ppm, 1), prices.current.astype(np.float64)
        kinds = len(prices.current)
        place, limit = self._placed(np.arange(len(self._units.floor), dtype=np.int32), prices)
        lists = [self._at(place, limit, one) for one in range(-kinds, kinds + 1)]
        self._shorts, self._longs, self._several = lists[kinds - 1 :: -1], lists[kinds : 2 * kinds], lists[2 * kinds]
        self._stale, self._always = False, np.zeros(0, np.int32)
        self._apart = np.zeros(len(self._units.floor), np.bool_)

    def _again(self, chosen: Indexes, prices: Prices, wanted: int) -> _Sorted:
        """A list measured anew; who does not belong to it any more is looked at each time already."""
        place, limit = self._placed(chosen, prices)
        stays = place == wanted
        return _sorted(chosen[stays], limit[stays])

    def _placed(self, chosen: Indexes, prices: Prices) -> tuple[Indexes, Floats]:
        place, limit = np.empty(len(chosen), np.int32), np.empty(len(chosen))
        _bounds(chosen, self._units, self._books.rows, prices, self._bound, place, limit)
        return place, limit

    @staticmethod
    def _at(place: Indexes, limit: Floats, wanted: int) -> _Sorted:
        units = np.flatnonzero(place == wanted).astype(np.int32)
        return _sorted(units, limit[units])

    _bound: Whole
    _seen: Floats
    _longs: list[_Sorted]
    _shorts: list[_Sorted]
    _several: _Sorted
    _always: Indexes = np.zeros(0, np.int32)


def _bound_of(rate_ppm: Whole, above: int) -> Whole:
    """Rates rounded up to powers of (1 + 1/8); `above` 2 is one level more."""
    level = np.ceil(np.log(np.maximum(rate_ppm, 1)) / np.log1p(1.0 / LEVELS) - 1e-9) + (above - 1)
    return np.asarray(np.ceil((1.0 + 1.0 / LEVELS) ** level).astype(np.int64))
