"""Who is below what is asked of it now: the plain watch looks at every account every time."""

from typing import NamedTuple, Protocol

import numpy as np

from margin.contagion.books import NEVER, Books
from margin.contagion.draws import Whole
from margin.contagion.population import Indexes, Kind
from margin.contagion.scan import Prices, scan


class Breaches(NamedTuple):
    """Accounts below maintenance margin or below their own stop, by number, with both figures (µ$).

    Under netting they are all accounts with positions of a client whose sums are below; figures are then the client's.
    """

    account: Indexes
    equity: Whole
    needed: Whole


class Watch(Protocol):
    """What the engine asks at every round."""

    def breaches(self, prices: Prices) -> Breaches:
        """Everybody who is below now."""
        ...

    def touched(self, accounts: Indexes) -> None:
        """What these accounts hold has changed."""
        ...

    def changed(self) -> None:
        """Many accounts hold something else than before."""
        ...


class PlainWatch:
    """The reference: a full scan each time."""

    def __init__(self, books: Books, *, across_venues: bool) -> None:
        self._books, self._across = books, across_venues
        accounts = books.population.accounts
        self._tested = books.population.clients.kind[accounts.client] != Kind.REST
        starts = np.flatnonzero(np.diff(accounts.client, prepend=-1))
        self._starts, self._many = starts, np.diff(np.append(starts, len(accounts)))
        self._equity, self._needed = np.empty(len(accounts), np.int64), np.empty(len(accounts), np.int64)

    def breaches(self, prices: Prices) -> Breaches:
        scan(self._books.rows, prices, self._equity, self._needed)
        equity, needed, floor = self._equity, self._needed, self._books.floor
        holds = needed > 0
        if self._across:
            equity = np.repeat(np.add.reduceat(equity, self._starts), self._many)
            needed = np.repeat(np.add.reduceat(needed, self._starts), self._many)
            floor = np.repeat(np.add.reduceat(np.maximum(floor, NEVER >> 8), self._starts), self._many)
        found = np.flatnonzero(self._tested & holds & (equity < np.maximum(needed, floor))).astype(np.int32)
        return Breaches(found, equity[found], needed[found])

    def touched(self, accounts: Indexes) -> None:
        """Nothing is remembered."""

    def changed(self) -> None:
        """Nothing is remembered."""
