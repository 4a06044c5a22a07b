"""What posting asks of a database and tells it; everything within a write transaction that is the caller's.

The statements are plain SQL on the driver's own connection: this is the hot path, and rows and parameters of a larger
library would cost more than all the rules together. Both databases understand the same words but for a few; how many
rows go in at once is a matter of its own for each.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from typing import Any, ClassVar

from custody.accounts import Account, Code, Limit
from custody.batches import Rows
from custody.journal import START, Seal, account_digest
from custody.state import Stored
from custody.tallies import Tally
from custody.transfers import Kind, Reason, Transfer

Row = tuple[Any, ...]

TRANSFER_COLUMNS = (
    "position", "id", "debit_account", "credit_account", "amount", "reason", "kind", "pending_position", "linked",
    "reference", "occurred_at_s", "expires_at_s", "checksum",
)  # fmt: skip
"""The columns of `transfer`, in the order of a row to be inserted."""

_TALLY = (
    "SELECT key, id, asset, code, limit_rule, debits_pending, debits_posted, credits_pending, credits_posted,"
    " closed_after IS NOT NULL FROM account WHERE"
)
_TRANSFER = (
    "SELECT t.position, t.id, d.id, c.id, t.amount, t.reason, t.kind, coalesce(p.id, ''), t.linked, t.reference,"
    " t.occurred_at_s, t.expires_at_s FROM transfer t JOIN account d ON d.key = t.debit_account"
    " JOIN account c ON c.key = t.credit_account LEFT JOIN transfer p ON p.position = t.pending_position WHERE"
)


class Words:
    """The statements of one database: how it marks a parameter, and one that stands for a set of texts or numbers."""

    def __init__(self, mark: str, texts: str, numbers: str) -> None:
        def values(count: int) -> str:
            return f"VALUES ({', '.join([mark] * count)})"

        self.tallies = f"{_TALLY} id IN (SELECT {texts})"
        self.tallies_by_key = f"{_TALLY} key IN (SELECT {numbers})"
        self.transfers = f"{_TRANSFER} t.id IN (SELECT {texts})"
        self.known = f"SELECT 1 FROM transfer WHERE id IN (SELECT {texts}) LIMIT 1"
        self.endings = f"SELECT pending_position, kind FROM transfer WHERE pending_position IN (SELECT {numbers})"
        self.last_seal = "SELECT position, accounts, recorded_at_s, digest FROM seal ORDER BY position DESC LIMIT 1"
        self.opened = f"SELECT key, digest FROM account WHERE key > {mark} ORDER BY key"
        self.closed = f"SELECT key, closed_at_s FROM account WHERE closed_after = {mark} ORDER BY key"
        self.insert = f"INSERT INTO transfer ({', '.join(TRANSFER_COLUMNS)}) {values(len(TRANSFER_COLUMNS))}"
        self.insert_seal = f"INSERT INTO seal (position, accounts, recorded_at_s, digest) {values(4)}"
        self.insert_account = (
            "INSERT INTO account (key, id, asset, code, limit_rule, digest, debits_pending, debits_posted,"
            f" credits_pending, credits_posted) {values(6)[:-1]}, 0, 0, 0, 0)"
        )
        self.update_tally = (
            f"UPDATE account SET debits_pending = {mark}, debits_posted = {mark}, credits_pending = {mark},"
            f" credits_posted = {mark} WHERE key = {mark}"
        )
        self.close_account = f"UPDATE account SET closed_after = {mark}, closed_at_s = {mark} WHERE key = {mark}"


class Store(ABC):
    """The stored books, as their writer sees them."""

    words: ClassVar[Words]

    def __init__(self, execute: Callable[..., Any], executemany: Callable[..., Any]) -> None:
        self._execute = execute
        self._executemany = executemany

    @abstractmethod
    def insert(self, rows: Rows) -> bool:
        """Append transfers; False, and nothing is written, where an id is taken."""

    def insert_one(self, row: Row) -> bool:
        """`insert` for a single row, in the order of TRANSFER_COLUMNS."""
        if self.knows_any([row[1]]):
            return False
        self._execute(self.words.insert, row)
        return True

    @abstractmethod
    def _set(self, members: Collection[Any]) -> tuple[Any]:
        """The one parameter that stands for a set."""

    def last_seal(self) -> Seal:
        """The end of the journal; START while nothing has been posted."""
        row = self._execute(self.words.last_seal).fetchone()
        return START if row is None else Seal(*row)

    def unsealed(self, last: Seal) -> tuple[list[tuple[int, bytes]], list[tuple[int, int]]]:
        """(key, digest) of accounts opened, (key, closed_at_s) of accounts closed, since a seal; in order of keys."""
        opened = self._execute(self.words.opened, (last.accounts,))
        return list(opened), list(self._execute(self.words.closed, (last.position,)))

    def tallies(self, ids: Collection[str]) -> Iterable[Tally]:
        """The accounts of these names that exist."""
        return map(_tally, self._execute(self.words.tallies, self._set(ids)))

    def tallies_by_key(self, keys: Collection[int]) -> Iterable[Tally]:
        """The accounts of these keys that exist."""
        return map(_tally, self._execute(self.words.tallies_by_key, self._set(keys)))

    def knows_any(self, ids: Collection[str]) -> bool:
        """Whether there is a transfer under one of the ids."""
        return self._execute(self.words.known, self._set(ids)).fetchone() is not None

    def transfers(self, ids: Collection[str]) -> Iterable[Stored]:
        """The transfers of these ids that exist, each with its position."""
        return map(_stored, self._execute(self.words.transfers, self._set(ids)))

    def endings(self, positions: Collection[int]) -> Iterable[tuple[int, int]]:
        """(pending position, kind) of what has ended the pending transfers at these positions."""
        return list(self._execute(self.words.endings, self._set(positions)))

    def write_tallies(self, tallies: Iterable[Tally]) -> None:
        """Write the counters, which are absolute: the write lock has been held since they were read."""
        self._executemany(
            self.words.update_tally,
            [(t.debits_pending, t.debits_posted, t.credits_pending, t.credits_posted, t.key) for t in tallies],
        )

    def write_seal(self, seal: Seal) -> None:
        """Append a seal."""
        self._execute(self.words.insert_seal, (seal.position, seal.accounts, seal.recorded_at_s, seal.digest))

    def open_accounts(self, tallies: Iterable[Tally]) -> None:
        """Write new accounts, with counters at zero."""
        self._executemany(self.words.insert_account, [_account_row(tally) for tally in tallies])

    def close_accounts(self, keys: Iterable[int], after: int, closed_at_s: int) -> None:
        """Mark accounts as closed behind this position."""
        marks = [(after, closed_at_s, key) for key in keys]
        if marks:
            self._executemany(self.words.close_account, marks)


def store_of(driver: Any) -> Store:
    """The store behind a driver's connection."""
    from custody.sqlite_store import SqliteStore

    if isinstance(driver, sqlite3.Connection):
        return SqliteStore(driver)
    from custody.postgres_store import PostgresStore

    return PostgresStore(driver)


def _account_row(tally: Tally) -> Row:
    account = tally.account
    digest = account_digest(tally.key, account)
    return tally.key, account.id, account.asset, int(account.code), int(account.limit), digest


def _tally(row: Row) -> Tally:
    key, name, asset, code, limit, debits_pending, debits_posted, credits_pending, credits_posted, closed = row
    account = Account(name, asset, Code(code), Limit(limit))
    return Tally(key, account, debits_pending, debits_posted, credits_pending, credits_posted, bool(closed))


def _stored(row: Row) -> Stored:
    position, name, debit, credit, amount, reason, kind, pending_id, linked, *rest = row
    return Stored(
        position, Transfer(name, debit, credit, amount, Reason(reason), Kind(kind), pending_id, bool(linked), *rest)
    )
