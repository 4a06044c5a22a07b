"""Runs on pooled venues: the more of a venue's funds is used up, the more clients take away what they can.

Each client has one exponential number; it runs from a venue when that venue's hazard, added up over time, passes it:
the same as a draw in every step at η = η₀ exp(η₁ · stress), for a sort at the beginning (specs/contagion.md §5.4). Who
holds collateral in a compartment has nothing to run from, and nor has anybody where a sponsor pays every shortfall.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.books import Books
from margin.contagion.closing import Flags
from margin.contagion.draws import Floats, uniforms
from margin.contagion.free import free_units
from margin.contagion.population import Indexes, Kind
from margin.contagion.regimes import Regime
from margin.contagion.scan import Prices

DAY_S = 86_400


@dataclass(slots=True)
class Runs:
    """`hazard` is what has added up so far, by venue."""

    a: Assumptions
    books: Books
    seed: int
    hazard: Floats = field(init=False)
    taken_units: int = 0
    clients: int = 0
    _buffer_units: Floats = field(init=False)
    _queue: list[Indexes] = field(init=False)
    _limit: list[Floats] = field(init=False)
    _gone: list[int] = field(init=False)

    def __post_init__(self) -> None:
        population = self.books.population
        accounts = population.accounts
        kind = population.clients.kind[accounts.client]
        limit = -np.log(uniforms(self.seed, "run", population.clients.number[accounts.client]))
        self.hazard = np.zeros(population.venues)
        self._buffer_units = (self.books.fund + self.books.capital).astype(np.float64)
        self._queue, self._limit = [], []
        for venue in range(population.venues):
            here = np.flatnonzero((accounts.venue == venue) & (kind <= Kind.HEDGER)).astype(np.int32)
            order = np.argsort(limit[here], kind="stable")
            self._queue.append(here[order])
            self._limit.append(limit[here][order])
        self._gone = [0] * population.venues

    def stress(self, up: Flags) -> Floats:
        """By venue: the part of fund and capital that is used up, and one more while nothing can be taken out."""
        used = self._buffer_units - self.books.fund - self.books.capital
        return np.asarray(used / np.maximum(self._buffer_units, 1.0) + np.where(up, 0.0, 1.0))

    def pass_time(self, step_s: int, up: Flags, prices: Prices, regime: Regime) -> Indexes:
        """Who runs now takes what is free; the accounts. Where nothing can be taken out they wait and go first."""
        slope = self.a["venue.run_slope"]
        for venue, stress in enumerate(self.stress(up)):
            self.hazard[venue] += self.a["venue.run_per_day"] * step_s / DAY_S * math.exp(slope * stress)
        gone = [self._leave(int(venue), prices, regime) for venue in np.flatnonzero(up & ~self.books.defaulted)]
        return np.concatenate([np.zeros(0, np.int32), *gone])

    def _leave(self, venue: int, prices: Prices, regime: Regime) -> Indexes:
        first, last = self._gone[venue], int(np.searchsorted(self._limit[venue], self.hazard[venue], side="right"))
        who = self._queue[venue][first:last]
        if not len(who):
            return who
        self._gone[venue] = last
        rows = self.books.rows
        taken = np.minimum(free_units(self.books, prices, regime, who), np.maximum(rows.principal[who], 0))
        self.books.take(who, taken)
        np.add.at(self.books.outside, self.books.population.accounts.client[who], taken)
        self.books.brought_units -= int(taken.sum())
        self.taken_units += int(taken.sum())
        self.clients += len(who)
        return who
