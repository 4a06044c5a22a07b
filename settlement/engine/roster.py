"""Who trades what, in columns: a venue's own numbers of accounts and instruments become rows and columns of one book.

Rows are the addresses of all venues' parties in rising order, so that whatever is sorted by row is sorted as the chain
wants it. Columns are the chain's numbers of instruments; column 0, and what fills the last page, is nobody's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from margin.instruments import Instrument
from settlement.batch import LANES

Ints = NDArray[np.int64]
NOBODY = -1
"""The row or column of a number that a venue has never named."""


class RosterError(ValueError):
    """Parties or instruments that cannot stand in one book; the text says which."""


@dataclass(frozen=True, slots=True)
class Member:
    """A venue: the address that signs its reports, its parties' addresses by its own account numbers (0 is the house),
    and what it lists, by the ids that its entries carry.
    """

    venue: str
    signer: str
    accounts: Sequence[str]
    instruments: Sequence[Instrument]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A venue's numbers translated: `rows` by account, `columns` by instrument id; NOBODY where there is none."""

    rows: Ints
    columns: Ints

    def row_of(self, accounts: NDArray[Any]) -> Ints:
        """The rows of account numbers."""
        return _looked_up(self.rows, accounts)

    def column_of(self, instruments: NDArray[Any]) -> Ints:
        """The columns of instrument ids."""
        return _looked_up(self.columns, instruments)


@dataclass(frozen=True, slots=True)
class Roster:
    """All venues of one book. `addresses`: 20 bytes a row. Per column, zero where nobody's: lots in a coin, tick (1e-6
    USD), expiry (UTC ms, 0 of a perpetual).
    """

    members: Mapping[str, Member]
    numbers: Mapping[str, Numbers]
    addresses: NDArray[np.uint8]
    lots_per_coin: Ints
    tick_e6: Ints
    expires_at_ms: Ints

    @classmethod
    def of(cls, members: Sequence[Member], listed: Mapping[int, int]) -> "Roster":
        """`listed`: the chain's number of each instrument id. Raises RosterError."""
        names = sorted({bytes.fromhex(account[2:]) for member in members for account in member.accounts})
        places = {name: row for row, name in enumerate(names)}
        width = LANES * (max(listed.values(), default=0) // LANES + 1)
        terms = np.zeros((3, width), np.int64)
        numbers = {}
        for member in members:
            rows = np.array([places[bytes.fromhex(account[2:])] for account in member.accounts], np.int64)
            if not len(rows) or len(np.unique(rows)) != len(rows):
                raise RosterError(f"{member.venue} names no account, or one address twice")
            columns = np.full(max((one.id for one in member.instruments), default=0) + 1, NOBODY)
            for one in member.instruments:
                columns[one.id] = _listed(one, member.venue, listed, terms)
            numbers[member.venue] = Numbers(rows, columns)
        addresses = np.frombuffer(b"".join(names), np.uint8).reshape(-1, 20)
        return cls({member.venue: member for member in members}, numbers, addresses, *terms)

    @property
    def width(self) -> int:
        """Columns: whole pages."""
        return len(self.tick_e6)

    def row_of(self, addresses: NDArray[np.uint8]) -> Ints:
        """The rows of addresses (20 bytes each) that are in the book."""
        ordered, wanted = (np.ascontiguousarray(one).view("S20").reshape(-1) for one in (self.addresses, addresses))
        found: Ints = np.searchsorted(ordered, wanted)
        return found

    def columns_of(self, venue: str) -> Ints:
        """The columns of a venue's instruments."""
        columns = self.numbers[venue].columns
        own: Ints = columns[columns != NOBODY]
        return own


def _listed(one: Instrument, venue: str, listed: Mapping[int, int], terms: NDArray[np.int64]) -> int:
    column = listed.get(one.id, 0)
    if one.venue != venue or column <= 0 or terms[1, column]:
        raise RosterError(f"{one.symbol} ({one.id}) is not listed on chain, is another venue's, or listed twice")
    terms[:, column] = one.lots_per_coin, one.tick_e6, 1000 * one.expires_at_s
    return column


def _looked_up(table: Ints, numbers: NDArray[Any]) -> Ints:
    wanted = numbers.astype(np.int64)
    inside = wanted < len(table)
    return np.where(inside, table[np.where(inside, wanted, 0)], NOBODY)
