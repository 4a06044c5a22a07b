"""Reading the journal for an audit, a stretch at a time, straight from the driver.

A stretch is what lies between two seals. Its recount needs nothing but the seal before it, so stretches can be counted
in any order, by anybody (`custody.counting`); where something is wrong, a stretch is walked and it is named.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from custody.audit import Walk
from custody.journal import START, Seal
from custody.recount import Recount, Row, Step, recount
from custody.transfers import Kind

Read = Callable[[str], Iterator[Row]]
"""Rows of a query that names no parameters; one at a time, however many there are."""

_COLUMNS = (
    "position, id, debit_account, credit_account, amount, reason, kind, pending_position, linked, reference,"
    " occurred_at_s, expires_at_s, checksum"
)
# For a recount: every value that is read costs as much as a tenth of the hash, and most rows are posted ones.
_RECOUNTED = (
    "id, debit_account, credit_account, amount, reason, reference, occurred_at_s, CASE"
    f" WHEN kind = {int(Kind.POSTED)} AND pending_position IS NULL AND linked = 0 AND expires_at_s = 0 THEN ''"
    " ELSE COALESCE(kind || ' ' || COALESCE(pending_position, 0) || ' ' || linked || ' ' || expires_at_s, '-') END,"
    " checksum"
)
_SEALS = "SELECT position, accounts, recorded_at_s, digest FROM seal"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The transfers behind `first` up to `last`, both positions of seals (0: the beginning)."""

    first: int
    last: int

    @property
    def between(self) -> str:
        """The condition that a row lies in it, in order."""
        return f"position > {self.first} AND position <= {self.last} ORDER BY position"


def seal_at(read: Read, position: int) -> Seal:
    """The seal at or behind a position; START before the first transfer or where there is none."""
    if position <= 0:
        return START
    found = read(f"{_SEALS} WHERE position >= {position} ORDER BY position LIMIT 1")
    return next((Seal(*row) for row in found), START)


def accounts_at(read: Read, position: int) -> int:
    """How many accounts the seal at a position says that it is over."""
    return _typed(seal_at(read, position)).accounts


def count(read: Read, stretch: Stretch) -> Recount | None:
    """What a stretch did to the counters, if it is sound; else None."""
    try:
        last = seal_at(read, stretch.first)
        return recount(
            last, _rows(read, stretch, _RECOUNTED), _steps(read, last, stretch), lambda: read(_endings(stretch))
        )
    except (sqlite3.Error, TypeError):  # a text that is none, a number that is none
        return None


def walk(read: Read, stretch: Stretch) -> Walk:
    """Walk a stretch, and name what is wrong in it."""
    walked = Walk(_typed(seal_at(read, stretch.first)))
    walked.follow(_rows(read, stretch, _COLUMNS), _steps(read, walked.last, stretch))
    walked.take_endings(read(_endings(stretch)))
    return walked


def _rows(read: Read, stretch: Stretch, columns: str) -> Iterator[Row]:
    return read(f"SELECT {columns} FROM transfer WHERE {stretch.between}")


def _steps(read: Read, last: Seal, stretch: Stretch) -> Iterator[Step]:
    closed: dict[int, list[tuple[int, int]]] = {}
    marks = f"SELECT closed_after, key, closed_at_s FROM account WHERE closed_after >= {stretch.first} ORDER BY key"
    for after, key, closed_at_s in read(marks):
        closed.setdefault(after, []).append((key, closed_at_s))
    for row in read(f"{_SEALS} WHERE {stretch.between}"):
        sealed = Seal(*row)
        yield Step(sealed, _opened(read, last, sealed), closed.get(last.position, ()))
        last = _typed(sealed, last)


def _opened(read: Read, last: Seal, sealed: Seal) -> dict[int, bytes]:
    if not isinstance(sealed.accounts, int) or sealed.accounts <= last.accounts:
        return {}
    found = read(f"SELECT key, digest FROM account WHERE key > {last.accounts} AND key <= {sealed.accounts}")
    return {key: digest if isinstance(digest, bytes) else b"" for key, digest in found}


def _typed(sealed: Seal, last: Seal = START) -> Seal:
    """A stored seal whose numbers are numbers: the last one's where somebody has put something else there."""
    accounts = sealed.accounts if isinstance(sealed.accounts, int) else last.accounts
    recorded_at_s = sealed.recorded_at_s if isinstance(sealed.recorded_at_s, int) else last.recorded_at_s
    return Seal(sealed.position, accounts, recorded_at_s, sealed.digest if isinstance(sealed.digest, bytes) else b"")


def _endings(stretch: Stretch) -> str:
    return (
        "SELECT t.position, t.id, t.debit_account, t.credit_account, t.amount, p.position, p.kind, p.debit_account,"
        " p.credit_account, p.amount FROM transfer t LEFT JOIN transfer p ON p.position = t.pending_position"
        f" WHERE t.pending_position IS NOT NULL AND t.position > {stretch.first} AND t.position <= {stretch.last}"
    )


def read_from(driver: sqlite3.Connection) -> Read:
    """Reading from a SQLite connection."""

    def read(query: str) -> Iterator[Row]:
        return driver.execute(query)

    return read


@contextmanager
def any_text(driver: Any) -> Iterator[None]:
    """Meanwhile a SQLite connection also reads texts that are no UTF-8, with a mark in place of what is none."""
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    usual, driver.text_factory = driver.text_factory, lambda raw: raw.decode(errors="replace")
    try:
        yield
    finally:
        driver.text_factory = usual
