"""Who is below, without looking at everybody: the same answers as the plain watch, to the account.

A unit with one position is below only beyond one price: it has lost what it brought at its bankruptcy price, which
maintenance makes into a threshold that moves with the rate, p·(1 ∓ rate), and not with the account. Units are sorted by
it once, whatever rates do. A unit with several positions is safe while no price is further from where it was measured
than its radius, (equity − margin) / (Σ|position| + margin) (specs/contagion.md §14); a rise of rates eats radii as a
move does. Radii are put on clocks that add up both, one of falls, one of rises and one of either, so they queue in
three lines for the whole run. All bounds lean to caution (`placing`); whoever is beyond its own is tested exactly.
"""

import math

import numpy as np

from margin.contagion.books import Books
from margin.contagion.draws import Floats
from margin.contagion.lines import ALONE, Lines, room_for
from margin.contagion.looking import accounts_of, away_from, each_once, figures_of, levels_at, sum_floors, units_of
from margin.contagion.placing import Units, places, places_of_all
from margin.contagion.population import Indexes, Kind
from margin.contagion.scan import PPM, Prices, marginal_ppm
from margin.contagion.watch import Breaches

SEEN_AGAIN = 0.0025
"""The clock is put forward, and whose radius is used up is measured anew, when prices and rates have moved so far."""


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
        chosen = each_once(np.sort(lines.reached(levels_at(prices, self._clock + moved))))
        equity, needed = figures_of(chosen, self._units, self._books.rows, prices)
        below = np.flatnonzero(needed)
        account, number = accounts_of(chosen[below], self._units, self._books.rows, prices)
        at = below[number]
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
            chosen = units_of(np.concatenate(self._waiting), self._unit_of, self._marked)
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
            sum_floors(chosen, self._units.first, self._books.floor, self._units.floor)

    def _set_clock(self, prices: Prices) -> None:
        self._seen, self._rates = prices.current.astype(np.float64), marginal_ppm(prices) / PPM

    def _moved(self, prices: Prices) -> Floats:
        """Log of (1 + the largest relative fall, rise or either) · (1 + the largest rise of a rate) since the clock was
        set.
        """
        falls, rises, steeper, _ = away_from(prices.current, self._seen, marginal_ppm(prices), self._rates)
        return np.log1p([falls, rises, max(falls, rises)]) + math.log1p(steeper)

    def _elapsed(self, prices: Prices) -> Floats:
        """What the clock is to say for who is measured now: radii count from where it was set, not from here.

        A radius of falls has as much less left as prices are above that, and one of rises as they are below it.
        """
        falls, rises, _, flatter = away_from(prices.current, self._seen, marginal_ppm(prices), self._rates)
        back = np.minimum([rises, falls, max(falls, rises)], 0.5)  # the clock is set anew long before
        return np.asarray(self._clock + np.log1p(-back) - math.log1p(flatter))

    _clock: Floats
    _seen: Floats
    _rates: Floats
