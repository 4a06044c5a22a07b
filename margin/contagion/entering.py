"""Who opens only during the run: at a time of its own, at the price there is then, against the unlevered holder.

Without them a day that only falls can liquidate no shorts: those of before the fall are far from danger even at the top
of the rebound (specs/contagion.md §4, entry during the fall and the rebound). Times are uniform over the run, which is
what a constant Poisson rate gives for a known number of arrivals.
"""

from dataclasses import dataclass

import numpy as np

from margin.contagion.books import Books
from margin.contagion.closing import Flags, Orders, fill
from margin.contagion.draws import Whole
from margin.contagion.population import Indexes
from margin.contagion.scan import Prices


@dataclass(frozen=True, slots=True)
class Entries:
    """Positions that wait, in order of the steps at which they are opened."""

    position: Indexes
    lots: Whole
    step: Whole

    @classmethod
    def withheld(cls, books: Books, steps: int) -> "Entries":
        """Take what is to be opened later out of the books; at the start's prices, so that no money moves."""
        population, rows = books.population, books.rows
        enters = population.clients.enters[population.accounts.client[books.owner]]
        at = np.flatnonzero(enters > 0).astype(np.int32)
        step = 1 + (enters[at] * steps).astype(np.int64)
        order = np.argsort(step, kind="stable")
        at, step = at[order], step[order]
        lots = rows.lots[at].copy()
        place = rows.venue[books.owner[at]].astype(np.int64) * len(population.symbols) + rows.instrument[at]
        rows.lots[at] = 0
        np.add.at(rows.lots, books.rest[place], lots)
        return cls(at, lots, step)

    def open(self, step: int, books: Books, prices: Prices, is_open: Flags) -> Indexes:
        """Open what is due at the price of now; the accounts. Shut markets and venues in default take none.

        `is_open` is by venue and instrument.
        """
        due = slice(*np.searchsorted(self.step, [step, step + 1]))
        at, lots = self.position[due], self.lots[due]
        venue = books.rows.venue[books.owner[at]]
        chosen = is_open[venue, books.rows.instrument[at]] & ~books.defaulted[venue]
        orders = Orders(at[chosen], -lots[chosen], np.zeros(prices.settled.shape, np.int64))
        fill(orders, books.owner, books.rows, prices, prices.current, books.rest)
        return np.unique(books.owner[orders.position])
