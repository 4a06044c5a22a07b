"""Who holds what: clients with accounts at venues, their positions in compressed rows, and nobody outside the books.

Sizes are heavy-tailed, leverage falls with size, and a part of open interest is hedged across venues; what longs and
shorts do not match stands with an unlevered holder of each venue and instrument, so that every perpetual nets to zero
at every venue (specs/contagion.md §4).
"""

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from margin.contagion.draws import Floats, Whole

Table = TypeVar("Table", "Clients", "Accounts")
Small = NDArray[np.int8]
Indexes = NDArray[np.int32]


class Kind(IntEnum):
    """What a client is."""

    RETAIL = 0
    PROFESSIONAL = 1
    HEDGER = 2
    MARKET_MAKER = 3
    FUND = 4
    REST = 5


@dataclass(frozen=True, slots=True)
class Clients:
    """One row a client; money in µ$.

    `outside_units` can be brought after a call, `delay` in (0, 1) says how late between the fastest and the slowest;
    `stop_ppm` is the part of equity whose loss makes it close by itself (0: never). `enters` is the part of the
    run after which it opens its positions, 0 for those who hold them from the start. `number` names its draws and
    breaks ties, so that the order of rows means nothing.
    """

    kind: Small
    outside_units: Whole
    delay: Floats
    stop_ppm: NDArray[np.int32]
    enters: Floats
    number: Whole

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True)
class Accounts:
    """One row an account of a client at a venue, a client's together and in order of clients."""

    client: Indexes
    venue: Small
    cash_units: Whole

    def __len__(self) -> int:
        return len(self.client)


@dataclass(frozen=True, slots=True)
class Positions:
    """Compressed rows: account `i` holds those from `first[i]` until before `first[i + 1]`, each instrument once."""

    first: Indexes
    instrument: Small
    lots: Whole

    def __len__(self) -> int:
        return len(self.lots)

    def owner(self) -> Indexes:
        """The account of each position."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int32), np.diff(self.first))


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody at the start; each client stands for `weight` of its kind where it meets the market."""

    symbols: tuple[str, ...]
    venues: int
    weight: float
    clients: Clients
    accounts: Accounts
    positions: Positions

    def __deepcopy__(self, _memo: object) -> "Population":
        return self  # nothing of it ever changes

    def digest(self) -> str:
        """SHA-256 over every number, as they are stored."""
        state = sha256(f"{self.symbols}|{self.venues}|{self.weight!r}".encode())
        for part in (self.clients, self.accounts, self.positions):
            for name in part.__slots__:
                state.update(np.ascontiguousarray(getattr(part, name)).tobytes())
        return state.hexdigest()

    def net_lots(self) -> Whole:
        """Σ lots by venue and instrument; all zero once the books are closed."""
        return self._summed(self.positions.lots)

    def gross_lots(self) -> Whole:
        """Σ |lots| by venue and instrument."""
        return self._summed(np.abs(self.positions.lots))

    def _summed(self, lots: Whole) -> Whole:
        venue = self.accounts.venue[self.positions.owner()].astype(np.int64)
        flat = np.zeros(self.venues * len(self.symbols), np.int64)
        np.add.at(flat, venue * len(self.symbols) + self.positions.instrument, lots)
        return flat.reshape(self.venues, len(self.symbols))


class PopulationError(ValueError):
    """Rows that are no population; the text says which."""


def closed(
    symbols: tuple[str, ...], lot_units: Whole, venues: int, weight: float,
    clients: Clients, accounts: Accounts, positions: Positions,
) -> Population:  # fmt: skip
    """Add to each venue the unlevered holders of what its longs and shorts do not match.

    Each has as much collateral as everything of its instrument at its venue is worth: whatever it takes over during a
    run, it holds without leverage.
    """
    ordinary = Population(symbols, venues, weight, clients, accounts, positions)
    lots = -ordinary.net_lots().ravel()
    gross = ordinary.gross_lots().ravel()
    count, kinds = len(lots), len(symbols)
    more = Clients(
        np.full(count, Kind.REST, np.int8), np.zeros(count, np.int64), np.zeros(count), np.zeros(count, np.int32),
        np.zeros(count), len(clients) + np.arange(count, dtype=np.int64),
    )  # fmt: skip
    at, which = np.divmod(np.arange(count), kinds)
    rest = Accounts(
        np.arange(len(clients), len(clients) + count, dtype=np.int32), at.astype(np.int8), gross * lot_units[which]
    )
    ends = positions.first[-1] + np.arange(1, count + 1, dtype=np.int32)
    return Population(
        symbols, venues, weight, _joined(clients, more), _joined(accounts, rest),
        Positions(
            np.concatenate([positions.first, ends]).astype(np.int32),
            np.concatenate([positions.instrument, which.astype(np.int8)]),
            np.concatenate([positions.lots, lots]),
        ),
    )  # fmt: skip


def _joined(first: Table, second: Table) -> Table:
    columns = (np.concatenate([getattr(first, name), getattr(second, name)]) for name in first.__slots__)
    return type(first)(*columns)


def checked(population: Population) -> Population:
    """The population itself. Raises PopulationError unless rows fit, books are zero-sum and collateral is ≥ 0."""
    accounts, positions = population.accounts, population.positions
    if len(positions.first) != len(accounts) + 1 or positions.first[0] or positions.first[-1] != len(positions):
        raise PopulationError("positions do not belong to accounts")
    if np.any(np.diff(positions.first) < 0) or np.any(np.diff(accounts.client) < 0):
        raise PopulationError("rows are not in the order of clients and accounts")
    if len(accounts) and (accounts.cash_units.min() < 0 or accounts.venue.min() < 0):
        raise PopulationError("an account has less than nothing, or no venue")
    if np.any(population.net_lots()):
        raise PopulationError("longs and shorts of an instrument do not sum to zero at every venue")
    return population
