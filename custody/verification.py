"""Verifying the stored books: the journal is recounted, by as many processes as there are cores where it is long."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, select

from custody.accounts import Account
from custody.audit import Walk, compare_totals, gaps_between, is_defined, name_astray, span
from custody.counting import count_elsewhere
from custody.database import Database
from custody.faults import Fault, FaultKind
from custody.journal import Head
from custody.ledger_file import uri_of
from custody.recount import Recount
from custody.rows import AnyRow, totals_of
from custody.stretches import Read, Stretch, accounts_at, any_text, count, read_from, seal_at, walk
from custody.tables import ACCOUNT, SEAL, TRANSFER

Progress = Callable[[int, int], None]
"""Told the transfers counted so far, and how many there are in all."""

_LONG = 200_000  # transfers from which starting a process is worth its time
_STRETCH = 50_000  # transfers between two words of progress, roughly


def verify(database: Database, trusted: Head | None = None, progress: Progress | None = None) -> list[Fault]:
    """Follow the chain of seals and recount every counter; the faults, empty for sound books.

    `trusted` is a head noted earlier outside the database: only it can tell a journal that was rewritten as a whole,
    digests and all, from the true one.
    """
    with database.snapshot() as reader:
        end = max(0, reader.execute(select(func.max(SEAL.c.position))).scalar() or 0)
        driver: Any = reader.connection.driver_connection
        read = _reading(driver)
        parts = _stretches(read, end)
        recount, unsound = _counts(database, read, parts, progress or _silent)
        with any_text(driver):
            walks = [_walked(read, part) for part in unsound]
            if unsound and progress is not None:
                progress(end, end)
            for walked in walks:
                recount.add(walked.recount)
            accounts = _accounts(reader, recount, accounts_at(read, end))
            return [*_named(walks), *_outside(reader, end), *accounts, *_against(reader, trusted, end)]


def _walked(read: Read, part: Stretch) -> Walk:
    """The walk over a stretch that was not counted: something is wrong in it, or its process is gone."""
    walked = walk(read, part)
    if not walked.faults and not walked.astray and count(read, part) is None:
        where = f"positions {part.first + 1} to {part.last}"
        walked.faults.append(Fault(FaultKind.SEAL_BROKEN, where, "what can be counted", "what cannot"))
    return walked


def _silent(_done: int, _total: int) -> None:
    pass


def _reading(driver: Any) -> Read:
    if isinstance(driver, sqlite3.Connection):
        return read_from(driver)
    from custody.postgres_store import read_from as read_from_server

    return read_from_server(driver)


def _stretches(read: Read, end: int) -> list[Stretch]:
    bounds = [0]
    while bounds[-1] < end:
        bounds.append(seal_at(read, min(bounds[-1] + _STRETCH, end)).position)
    return [Stretch(first, last) for first, last in pairwise(bounds)]


def _counts(
    database: Database, read: Read, parts: Sequence[Stretch], progress: Progress
) -> tuple[Recount, list[Stretch]]:
    """What the sound stretches did to the counters, and the stretches that are not sound, or could not be counted."""
    end = parts[-1].last if parts else 0
    total, unsound = Recount(), list[Stretch]()
    for part, counted in _counted(database, read, parts, end):
        if counted is None:
            unsound.append(part)
        else:
            total.add(counted)
        progress(part.last, end)
    return total, unsound


def _counted(
    database: Database, read: Read, parts: Sequence[Stretch], end: int
) -> Iterable[tuple[Stretch, Recount | None]]:
    processes = os.cpu_count() or 1
    if database.dialect == "sqlite" and end >= _LONG and processes > 1:
        return count_elsewhere(uri_of(database.path, "ro"), parts, processes)
    return ((part, count(read, part)) for part in parts)


def _named(walks: Sequence[Walk]) -> Iterator[Fault]:
    for walked in walks:
        yield from walked.faults
    astray = {position: row for walked in walks for position, row in walked.astray.items()}
    yield from name_astray(astray, [gap for walked in walks for gap in walked.gaps])


def _outside(reader: Connection, end: int) -> Iterator[Fault]:
    """Rows that no seal can be over, and seals where there can be none."""
    expected = f"positions from 1 to {end}"
    for beyond in (TRANSFER.c.position < 1, TRANSFER.c.position > end):  # each is a look at one end of the table
        stray = select(TRANSFER.c.position, TRANSFER.c.id).where(beyond).order_by(TRANSFER.c.position)
        for row in reader.execute(stray):
            yield Fault(FaultKind.ROW_NOT_SEALED, f"position {row.position} ({row.id})", expected, f"{row.position}")
    for (position,) in reader.execute(select(SEAL.c.position).where(SEAL.c.position < 1)):
        yield Fault(FaultKind.SEAL_BROKEN, f"the seal at position {position}", "a position from 1", f"{position}")


def _accounts(reader: Connection, recount: Recount, sealed: int) -> Iterator[Fault]:
    """Definitions against their digests, marks of closing against the seals, counters against the recount.

    `sealed`: how many accounts the last seal says that it is over.
    """
    seals = select(SEAL.c.position).where(SEAL.c.position == ACCOUNT.c.closed_after).scalar_subquery()
    known = set[int]()
    for row in reader.execute(select(ACCOUNT, seals.label("sealed")).order_by(ACCOUNT.c.id)):
        known.add(row.key)
        account = Account(row.id, row.asset, row.code, row.limit_rule)
        if row.key < 1 or not is_defined(row.key, account, row.digest):
            yield Fault(FaultKind.ACCOUNT_CHANGED, row.id, "the definition that its digest is of", "another")
        if not _could_be_closed(row):
            found = f"closed at {row.closed_at_s} behind position {row.closed_after}"
            yield Fault(FaultKind.ACCOUNT_CHANGED, row.id, "open, or closed behind a seal", found)
        yield from compare_totals(row.id, recount.totals(row.key), totals_of(row))
    yield from _missing([key for key in known if key > 0], sealed, recount.keys())


def _missing(keys: Sequence[int], sealed: int, touched: set[int]) -> Iterator[Fault]:
    """Accounts that are not there though keys count from 1, though a seal is over them, or though they were touched."""
    gaps = [*gaps_between(1, max([sealed, *keys]), keys)]
    gaps += [range(key, key + 1) for key in sorted(touched - set(keys)) if not any(key in gap for gap in gaps)]
    for gap in gaps:
        yield Fault(FaultKind.ACCOUNT_MISSING, span("account key", gap), "an account", "no account")


def _could_be_closed(row: AnyRow) -> bool:
    if row.closed_after is None:
        return row.closed_at_s is None
    return isinstance(row.closed_at_s, int) and (row.closed_after == 0 or row.sealed is not None)


def _against(reader: Connection, trusted: Head | None, end: int) -> Iterator[Fault]:
    if trusted is None or trusted.position == 0:
        return
    digest = reader.execute(select(SEAL.c.digest).where(SEAL.c.position == trusted.position)).scalar()
    if digest != trusted.digest:
        found = digest.hex() if isinstance(digest, bytes) else "no seal"
        if trusted.position > end:
            found = f"a journal that ends at position {end}"
        yield Fault(FaultKind.HISTORY_REWRITTEN, f"position {trusted.position}", trusted.digest.hex(), found)
