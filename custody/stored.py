"""Between the database and the ledger: load what a set of transfers touches, write back what has changed.

Posting is the hot path, so the statements here are plain SQL on the driver's own cursor, inside the transaction that
SQLAlchemy began: its rows and parameters would cost more than all the rules together.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from custody.accounts import Account, Code, Limit, Totals
from custody.journal import START, Head, Recorded, link
from custody.rows import TRANSFER_COLUMNS, transfer_row
from custody.state import LedgerState
from custody.transfers import Kind, Reason, Transfer

_CHUNK = 8_192  # keys a statement, a power of two; SQLite takes at most 32,766 variables

_ACCOUNTS = (
    "SELECT id, asset, code, limit_rule, debits_pending, debits_posted, credits_pending, credits_posted"
    " FROM account WHERE id IN"
)
_TRANSFERS = (
    "SELECT id, debit_account, credit_account, amount, reason, kind, pending_id, linked, reference, occurred_at_s,"
    " expires_at_s FROM transfer WHERE id IN"
)
_RESOLUTIONS = "SELECT pending_id, kind FROM transfer WHERE pending_id IN"
_INSERT_TRANSFER = (
    f"INSERT INTO transfer ({', '.join(TRANSFER_COLUMNS)}) VALUES ({', '.join('?' * len(TRANSFER_COLUMNS))})"
)
_HEAD = "SELECT position, digest FROM journal"
_INSERT_HEAD = "INSERT INTO journal (position, digest, id) VALUES (?, ?, 1)"
_UPDATE_HEAD = "UPDATE journal SET position = ?, digest = ? WHERE id = 1"
_UPDATE_TOTALS = (
    "UPDATE account SET debits_pending = ?, debits_posted = ?, credits_pending = ?, credits_posted = ? WHERE id = ?"
)


def load_state(tx: Connection, transfers: Sequence[Transfer]) -> LedgerState:
    """Everything in the books that could decide about the transfers: the like-named, their pending ones, the accounts.

    Account definitions are read with their counters, which have to be read in any case: a cache of them would save
    nothing and could be wrong about what another process opened.
    """
    state = LedgerState()
    named = {transfer.id for transfer in transfers} | {t.pending_id for t in transfers if t.pending_id}
    pending = {transfer.pending_id for transfer in transfers if transfer.kind.resolves}
    with _cursor(tx) as cursor:
        _load_transfers(cursor, state, named)
        # A stored POST or VOID is compared in the light of the pending transfer that *it* names.
        _load_transfers(cursor, state, {t.pending_id for t in state.transfers.values() if t.pending_id} - named)
        for pending_id, kind in _rows(cursor, _RESOLUTIONS, pending):
            state.resolved[pending_id] = Kind(kind)
        touched = {
            account
            for transfer in (*transfers, *state.transfers.values())
            for account in (transfer.debit_account, transfer.credit_account)
        }
        for name, asset, code, limit, *counters in _rows(cursor, _ACCOUNTS, touched):
            state.accounts[name] = Account(name, asset, Code(code), Limit(limit))
            state.totals[name] = Totals(*counters)
    return state


def load_head(tx: Connection) -> Head | None:
    """Where the journal ends by its own record; None while nothing has ever been posted."""
    with _cursor(tx) as cursor:
        row = cursor.execute(_HEAD).fetchone()
    return None if row is None else Head(*row)


def append(tx: Connection, transfers: Sequence[Transfer], recorded_at_s: int) -> None:
    """Write transfers that were accepted at the end of the journal, each with its digest."""
    if not transfers:
        return
    known = load_head(tx)
    head = known or START
    rows = []
    for transfer in transfers:
        head = Head(head.position + 1, link(head.digest, transfer, recorded_at_s))
        rows.append(transfer_row(Recorded(head.position, transfer, recorded_at_s, head.digest)))
    with _cursor(tx) as cursor:
        cursor.executemany(_INSERT_TRANSFER, rows)
        cursor.execute(_UPDATE_HEAD if known else _INSERT_HEAD, (head.position, head.digest))


def store_totals(tx: Connection, before: dict[str, Totals], after: dict[str, Totals]) -> None:
    """Write the counters that have changed. They are absolute: the write lock has been held since they were read."""
    changed = [
        (totals.debits_pending, totals.debits_posted, totals.credits_pending, totals.credits_posted, account_id)
        for account_id, totals in after.items()
        if totals is not before[account_id]
    ]
    if changed:
        with _cursor(tx) as cursor:
            cursor.executemany(_UPDATE_TOTALS, changed)


def _load_transfers(cursor: sqlite3.Cursor, state: LedgerState, ids: set[str]) -> None:
    for row in _rows(cursor, _TRANSFERS, ids):
        name, debit, credit, amount, reason, kind, pending_id, linked, reference, occurred_at_s, expires_at_s = row
        state.transfers[name] = Transfer(
            name,
            debit,
            credit,
            amount,
            Reason(reason),
            Kind(kind),
            pending_id or "",
            bool(linked),
            reference,
            occurred_at_s,
            expires_at_s,
        )


def _rows(cursor: sqlite3.Cursor, statement: str, keys: set[str]) -> Iterator[tuple[Any, ...]]:
    # Sorted, so that every process asks for rows, and may one day lock them, in the same order.
    ordered = sorted(keys - {""})
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        # To a power of two with the last key again: few different statements, so the driver finds them prepared.
        size = 1 << (len(chunk) - 1).bit_length()
        chunk += chunk[-1:] * (size - len(chunk))
        yield from cursor.execute(f"{statement} ({','.join('?' * size)})", chunk)


@contextmanager
def _cursor(tx: Connection) -> Iterator[sqlite3.Cursor]:
    """The driver's cursor in the open transaction; its errors leave as SQLAlchemy's, like those of other queries."""
    cursor = cast("sqlite3.Cursor", tx.connection.cursor())
    try:
        yield cursor
    except sqlite3.Error as error:
        raise DBAPIError.instance(None, None, error, sqlite3.Error) from error
    finally:
        cursor.close()
