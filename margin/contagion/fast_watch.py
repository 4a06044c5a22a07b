"""Who is below, without looking at everybody: the same answers as the plain watch, to the account.

A unit with one position is below only beyond one price: it has lost what it brought at its bankruptcy price, which
maintenance makes into a threshold that moves with the rate, p·(1 ∓ rate), and not with the account. Units are sorted by
it once, whatever rates do. A unit with several positions is safe while no price is further from where it was measured
than its radius, (equity − margin) / (Σ|position| + margin) (specs/contagion.md §14); a rise of rates eats radii as a
move does. Radii are put on clocks that add up both, one of falls, one of rises and one of either, so they queue in
three lines for the whole run. All bounds lean to caution (`placing`); whoever is beyond its own is tested exactly.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from margin.contagion.books import NEVER, Books
from margin.contagion.draws import Floats, Whole
from margin.contagion.lines import ALONE, Lines, room_for
from margin.contagion.placing import LOWEST_UP_TO, Units, places, places_of_all
from margin.contagion.population import Indexes, Kind
from margin.contagion.scan import PPM, Prices, Rows, marginal_ppm, standing
from margin.contagion.watch import Breaches

SEEN_AGAIN = 0.0025
"""The clock is put forward, and whose radius is used up is measured anew, when prices and rates have moved so far."""


@njit(cache=True)
def _figures(chosen: Indexes, units: Units, rows: Rows, prices: Prices) -> tuple[Whole, Whole]:
    """Equity and requirement of these units; a requirement of 0 where there is nothing to test or nothing is wrong."""
    equity, needed = np.empty(len(chosen), np.int64), np.empty(len(chosen), np.int64)
    for number, unit in enumerate(chosen):
        have, ask = 0, 0
        for account in range(units.first[unit], units.first[unit + 1]):
            own, asked = standing(account, rows, prices)
            have += own
            ask += asked
        below = units.tested[unit] and ask > 0 and have < max(ask, units.floor[unit])
        equity[number], needed[number] = have, ask if below else 0
    return equity, needed


@njit(cache=True)
def _accounts(below: Indexes, units: Units, rows: Rows, prices: Prices) -> tuple[Indexes, Indexes]:
    """The accounts with positions of these units, of which each has some, and which of the units each belongs to."""
    count = 0
    for unit in below:
        count += units.first[unit + 1] - units.first[unit]
    account, number = np.empty(count, np.int32), np.empty(count, np.int32)
    filled = 0
    for place, unit in enumerate(below):
        alone = units.first[unit + 1] - units.first[unit] == 1
        for one in range(units.first[unit], units.first[unit + 1]):
            if alone or standing(one, rows, prices)[1] > 0:
                account[filled], number[filled] = one, place
                filled += 1
    return account[:filled], number[:filled]


@njit(cache=True)
def _sum_floors(chosen: Indexes, first: Indexes, floor: Whole, sums: Whole) -> None:
    """Write the floors of these units, summed over their accounts."""
    for unit in chosen:
        sums[unit] = 0
        for account in range(first[unit], first[unit + 1]):
            sums[unit] += max(floor[account], NEVER >> 8)


@njit(cache=True)
def _units_of(accounts: Indexes, unit_of: Indexes, marked: NDArray[np.bool_]) -> Indexes:
    """Their units, each once, in the order of their first account; `marked` is all false before and after."""
    found, count = np.empty(len(accounts), np.int32), 0
    for account in accounts:
        unit = unit_of[account]
        if not marked[unit]:
            marked[unit] = True
            found[count] = unit
            count += 1
    for unit in found[:count]:
        marked[unit] = False
    return found[:count]


class FastWatch:
    """Lines of units by their thresholds and radii; who has changed is measured when prices are next known."""

    def __init__(self, books: Books, *, across_venues: bool) -> None:
        self._books = books
        accounts = books.population.accounts
        floor, tested = books.floor, books.population.clients.kind[accounts.client] != Kind.REST
        first = np.arange(len(accounts) + 1, dtype=np.int32)
        if across_venues:
            starts = np.flatnonzero(np.diff(accounts.client, prepend=-1)).astype(np.int32)
            first = np.append(starts, np.int32(len(accounts))).astype(np.int32)
            floor, tested = np.empty(len(starts), np.int64), tested[starts]
        self._units, self._across = Units(first, floor, tested), across_venues
        self._unit_of = np.repeat(np.arange(len(floor), dtype=np.int32), np.diff(first))
        self._marked = np.zeros(len(floor), np.bool_)
        self._lines: Lines | None = None
        self._waiting: list[Indexes] = []

    def touched(self, accounts: Indexes) -> None:
        """They are measured anew at the next look."""
        if len(accounts):
            self._waiting.append(accounts)

    def changed(self) -> None:
        """Many accounts have something else than before: everybody is measured anew."""
        self._lines = None

    def breaches(self, prices: Prices) -> Breaches:
        lines, moved = self._measured(prices)
        part = (prices.rate_ppm / PPM).ravel()
        price = np.tile(prices.current.astype(np.float64), len(prices.rate_ppm))
        longs = price * (part - 1.0)
        if prices.more_ppm.size:
            longs[part > LOWEST_UP_TO] = np.inf
        levels = (longs, price * (part + 1.0), self._clock + moved, -price, price)
        chosen = lines.reached(np.concatenate(levels))
        equity, needed = _figures(chosen, self._units, self._books.rows, prices)
        places = np.flatnonzero(needed)
        below, first = np.unique(chosen[places], return_index=True)
        account, number = _accounts(below, self._units, self._books.rows, prices)
        at = places[first][number]
        return Breaches(account, equity[at], needed[at])

    # -- measuring -------------------------------------------------------------------------------------------------

    def _measured(self, prices: Prices) -> tuple[Lines, Floats]:
        """The lines with everybody in its place, and how far prices and rates are from where the clock was set."""
        if self._lines is None:
            return self._all_measured(prices), np.zeros(ALONE)
        moved = self._moved(prices)
        if moved.max() > SEEN_AGAIN:
            self._clock, moved = self._clock + moved, np.zeros(ALONE)
            self._set_clock(prices)
            pairs = 2 * prices.rate_ppm.size
            levels = np.full(2 * pairs + ALONE, -np.inf)
            levels[pairs : pairs + ALONE] = self._clock
            self._waiting.append(self._units.first[self._lines.reached(levels)])
        if self._waiting:
            chosen = _units_of(np.concatenate(self._waiting), self._unit_of, self._marked)
            self._waiting = []
            self._sum_floors(chosen)
            placed = room_for(len(chosen))
            places(chosen, self._units, self._books.rows, prices, self._elapsed(prices), placed)
            self._lines.put(chosen, placed)
        return self._lines, moved

    def _all_measured(self, prices: Prices) -> Lines:
        self._clock, self._waiting = np.zeros(ALONE), []
        self._set_clock(prices)
        self._sum_floors(np.arange(len(self._units.floor), dtype=np.int32))
        placed = room_for(len(self._units.floor))
        places_of_all(self._units, self._books.rows, prices, self._clock, *placed)
        self._lines = Lines(2 * prices.rate_ppm.size, placed)
        return self._lines

    def _sum_floors(self, chosen: Indexes) -> None:
        if self._across:
            _sum_floors(chosen, self._units.first, self._books.floor, self._units.floor)

    def _set_clock(self, prices: Prices) -> None:
        self._seen, self._rates = prices.current.astype(np.float64), marginal_ppm(prices) / PPM

    def _moved(self, prices: Prices) -> Floats:
        """Log of (1 + the largest relative fall, rise or either) · (1 + the largest rise of a rate) since the clock was
        set.
        """
        rise = max((marginal_ppm(prices) / PPM - self._rates).max(), 0.0)
        return np.asarray(np.log1p(self._away(prices)) + np.log1p(rise))

    def _elapsed(self, prices: Prices) -> Floats:
        """What the clock is to say for who is measured now: radii count from where it was set, not from here.

        A radius of falls has as much less left as prices are above that, and one of rises as they are below it.
        """
        falls, rises, both = self._away(prices)
        gap = max((self._rates - marginal_ppm(prices) / PPM).max(), 0.0)
        back = np.minimum([rises, falls, both], 0.5)  # the clock is set anew long before
        return np.asarray(self._clock + np.log1p(-back) - np.log1p(gap))

    def _away(self, prices: Prices) -> Floats:
        """The largest relative fall, rise and either from where the clock was set."""
        moves = prices.current / self._seen - 1.0
        falls, rises = max(-moves.min(), 0.0), max(moves.max(), 0.0)
        return np.array([falls, rises, max(falls, rises)])

    _clock: Floats
    _seen: Floats
    _rates: Floats
