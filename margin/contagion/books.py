"""The books of a run: who has what in µ$, moved only in pairs, so that the total is the same at every step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from custody.money import allocate
from margin.contagion.draws import Whole
from margin.contagion.population import Indexes, Kind, Population
from margin.contagion.scan import Prices, Rows, standings, unsettled_units
from margin.estimates import BPS

NEVER = -(1 << 62)
"""A floor that no equity reaches."""


class BooksError(Exception):
    """The books do not add up: a fault of the engine, never an outcome."""


@dataclass(slots=True)
class Books:
    """Accounts, and what stands beside them: by venue the insurance fund and capital, and one guarantee line.

    `sponsor_units` is what an outside sponsor has paid in, `brought_units` what clients have, less what they took away;
    `floor` is by account the equity at which it closes by itself, `NEVER` for those that do not.
    `gone_units` is what was lost with a venue or a custodian, and `defaulted` says by venue whether it is in default;
    `number` is by account that of its client.
    """

    population: Population
    rows: Rows
    owner: Indexes
    rest: Indexes
    outside: Whole
    fund: Whole
    capital: Whole
    guarantee_units: int
    sponsor_units: int = 0
    brought_units: int = 0
    gone_units: int = 0
    defaulted: NDArray[np.bool_] = field(init=False)
    floor: Whole = field(init=False)
    number: Whole = field(init=False)
    _total_units: int = field(default=0, init=False)
    _put_units: Whole = field(init=False)

    @classmethod
    def opened(
        cls, population: Population, fund_units: int, capital_units: int, guarantee_units: int,
        own_units: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ) -> "Books":  # fmt: skip
        """Funds and capital are divided among the venues by what their clients bring; `own_units`, by venue, are those
        of venues that have their own instead of their part.
        """
        accounts, positions = population.accounts, population.positions
        rows = Rows(
            positions.first, positions.instrument, positions.lots.copy(), accounts.venue, accounts.cash_units.copy(),
            np.zeros(len(accounts), np.int64),
        )  # fmt: skip
        brought = np.zeros(population.venues, np.int64)
        np.add.at(brought, accounts.venue, accounts.cash_units)
        funds, capitals = (
            np.array(allocate(units, brought.tolist()), np.int64) for units in (fund_units, capital_units)
        )
        for venue, (fund, capital) in own_units.items():
            funds[venue], capitals[venue] = fund, capital
        books = cls(
            population, rows, positions.owner(), _rest(population), population.clients.outside_units.copy(),
            funds, capitals, guarantee_units,
        )  # fmt: skip
        books._total_units = books.total_units()
        return books

    def __post_init__(self) -> None:
        self.defaulted = np.zeros(self.population.venues, bool)
        clients, accounts = self.population.clients, self.population.accounts
        self.number = clients.number[accounts.client]
        self._put_units = accounts.cash_units.copy()
        part = clients.stop_ppm[accounts.client].astype(np.int64)
        self.floor = np.where(part > 0, accounts.cash_units - accounts.cash_units // 1_000_000 * part, NEVER)

    def take(self, accounts: Indexes, units: Whole) -> None:
        """Take collateral out of accounts, each named once. It is taken and not lost, so floors go down with it."""
        self.rows.principal[accounts] -= units
        self._put_units[accounts] -= units
        self.floor[accounts] -= np.where(self.floor[accounts] > NEVER, units, 0)

    def put(self, accounts: Indexes, units: Whole) -> None:
        """Put collateral into accounts; who is named twice gets twice."""
        np.add.at(self.rows.principal, accounts, units)
        np.add.at(self._put_units, accounts, units)

    def forfeited(self, accounts: Indexes) -> int:
        """What was put into accounts that are lost, less what was taken out; none of it is anybody's any more (µ$)."""
        units = int(np.maximum(self._put_units[accounts], 0).sum())
        self._put_units[accounts] = 0
        return units

    def charge(self, accounts: Indexes, worth_units: Whole, fee_bps: Whole, prices: Prices) -> None:
        """Accounts, some named twice, pay their venue's fund a part of what was closed of theirs; never beyond
        the equity that they have left.
        """
        fees = np.zeros(len(self.rows.venue), np.int64)
        np.add.at(fees, accounts, worth_units // BPS * fee_bps[self.rows.venue[accounts]])
        who = np.flatnonzero(fees).astype(np.int32)
        paid = np.minimum(fees[who], np.maximum(standings(who, self.rows, prices)[0], 0))
        self.rows.realised[who] -= paid
        np.add.at(self.fund, self.rows.venue[who], paid)

    def total_units(self) -> int:
        """Everything that there is, less what has come from outside and with what is gone: constant."""
        accounts = int(self.rows.principal.sum()) + int(self.rows.realised.sum())
        pots = int(self.fund.sum()) + int(self.capital.sum()) + self.guarantee_units
        return accounts + pots + self.gone_units - self.sponsor_units - self.brought_units

    def audit(self, prices: Prices) -> None:
        """Raises BooksError unless cash is what it was, positions sum to zero, and no pot is overdrawn."""
        if self.total_units() + self.unrealised_units(prices) != self._total_units:
            raise BooksError(f"the books hold {self.total_units()} µ$ where they held {self._total_units}")
        if np.any(self.net_lots()):
            raise BooksError("longs and shorts of an instrument do not sum to zero")
        if min(self.fund.min(), self.capital.min(), self.guarantee_units, self.outside.min(initial=0)) < 0:
            raise BooksError("a pot is overdrawn")

    def unrealised_units(self, prices: Prices) -> int:
        """Σ lots · (price − settlement mark): zero where every instrument nets to zero at every venue."""
        venue = self.rows.venue[self.owner]
        gap = prices.current[self.rows.instrument] - prices.settled[venue, self.rows.instrument]
        return int((self.rows.lots * gap).sum())

    def net_lots(self) -> NDArray[np.int64]:
        """Σ lots by venue and instrument."""
        kinds = len(self.population.symbols)
        flat = np.zeros(self.population.venues * kinds, np.int64)
        np.add.at(flat, self.rows.venue[self.owner].astype(np.int64) * kinds + self.rows.instrument, self.rows.lots)
        return flat.reshape(self.population.venues, kinds)

    def settle(self, venue: int, prices: Prices) -> None:
        """Move what was gained and lost since the last settlement into principal, at these prices."""
        self.rows.principal[:] += unsettled_units(venue, self.rows, prices)
        self.rows.realised[self.rows.venue == venue] = 0
        prices.settled[venue] = prices.current

    def close_all(self, venue: int, prices: Prices) -> None:
        """Close every position of a venue at these prices; gains and losses are realised, nothing is settled."""
        here = self.rows.venue == venue
        self.rows.realised[here] = unsettled_units(venue, self.rows, prices)[here]
        self.rows.lots[here[self.owner]] = 0


def _rest(population: Population) -> Indexes:
    """By venue · instruments + instrument: the place of the unlevered holder's position, -1 where there is none."""
    kinds = len(population.symbols)
    places = np.full(population.venues * kinds, -1, np.int32)
    owner = population.positions.owner()
    own = np.flatnonzero(population.clients.kind[population.accounts.client[owner]] == Kind.REST)
    venue = population.accounts.venue[owner[own]].astype(np.int64)
    places[venue * kinds + population.positions.instrument[own]] = own
    return places
