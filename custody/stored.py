"""Between the database and the ledger: load what a set of transfers touches, write back what has changed.

Statements are built once and filled in, and rows go in and out as plain tuples and dicts: posting is the hot path.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, insert, select, update

from custody.accounts import Totals
from custody.journal import START, Head, Recorded, link
from custody.rows import AnyRow, account_of, totals_of, transfer_of, transfer_row
from custody.state import LedgerState
from custody.tables import ACCOUNT, JOURNAL, TRANSFER
from custody.transfers import Kind, Transfer

_CHUNK = 10_000  # ids a statement; SQLite takes at most 32,766 variables

_KEYS: BindParameter[list[str]] = bindparam("keys", expanding=True)
_ACCOUNTS = select(ACCOUNT).where(ACCOUNT.c.id.in_(_KEYS))
_TRANSFERS = select(TRANSFER).where(TRANSFER.c.id.in_(_KEYS))
_RESOLUTIONS = select(TRANSFER.c.pending_id, TRANSFER.c.kind).where(TRANSFER.c.pending_id.in_(_KEYS))
_HEAD = select(JOURNAL.c.position, JOURNAL.c.digest)
_INSERT_TRANSFER = insert(TRANSFER)
_INSERT_HEAD = insert(JOURNAL)
_UPDATE_HEAD = update(JOURNAL).where(JOURNAL.c.id == 1)
_UPDATE_TOTALS = (
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bindparam("account_id"))
    .values({
        name: bindparam(f"new_{name}")
        for name in ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
    })
)  # fmt: skip


def load_state(tx: Connection, transfers: Sequence[Transfer]) -> LedgerState:
    """Everything in the books that could decide about the transfers: the like-named, their pending ones, the accounts.

    Account definitions are read with their counters, which have to be read in any case: a cache of them would save
    nothing and could be wrong about what another process opened.
    """
    state = LedgerState()
    named = {transfer.id for transfer in transfers} | {t.pending_id for t in transfers if t.pending_id}
    _load_transfers(tx, state, named)
    # A stored POST or VOID is compared in the light of the pending transfer that *it* names.
    _load_transfers(tx, state, {t.pending_id for t in state.transfers.values() if t.pending_id} - named)
    pending = {transfer.pending_id for transfer in transfers if transfer.kind.resolves}
    for row in _rows(tx, _RESOLUTIONS, pending):
        state.resolved[row.pending_id] = Kind(row.kind)
    touched = {
        account
        for transfer in (*transfers, *state.transfers.values())
        for account in (transfer.debit_account, transfer.credit_account)
    }
    for row in _rows(tx, _ACCOUNTS, touched):
        state.accounts[row.id] = account_of(row)
        state.totals[row.id] = totals_of(row)
    return state


def load_head(tx: Connection) -> Head | None:
    """Where the journal ends by its own record; None while nothing has ever been posted."""
    row = tx.execute(_HEAD).first()
    return None if row is None else Head(row.position, row.digest)


def append(tx: Connection, transfers: Sequence[Transfer], recorded_at_s: int) -> None:
    """Write transfers that were accepted at the end of the journal, each with its digest."""
    known = load_head(tx)
    head = known or START
    rows = []
    for transfer in transfers:
        head = Head(head.position + 1, link(head.digest, transfer, recorded_at_s))
        rows.append(transfer_row(Recorded(head.position, transfer, recorded_at_s, head.digest)))
    if rows:
        tx.execute(_INSERT_TRANSFER, rows)
        end = {"position": head.position, "digest": head.digest}
        tx.execute(_UPDATE_HEAD if known else _INSERT_HEAD, end if known else {"id": 1, **end})


def store_totals(tx: Connection, before: dict[str, Totals], after: dict[str, Totals]) -> None:
    """Write the counters that have changed. They are absolute: the write lock has been held since they were read."""
    changed = [
        {
            "account_id": account_id,
            "new_debits_pending": totals.debits_pending,
            "new_debits_posted": totals.debits_posted,
            "new_credits_pending": totals.credits_pending,
            "new_credits_posted": totals.credits_posted,
        }
        for account_id, totals in after.items()
        if totals is not before[account_id]
    ]
    if changed:
        tx.execute(_UPDATE_TOTALS, changed)


def _load_transfers(tx: Connection, state: LedgerState, ids: set[str]) -> None:
    for row in _rows(tx, _TRANSFERS, ids):
        state.transfers[row.id] = transfer_of(row)


def _rows(tx: Connection, statement: Select[*tuple[Any, ...]], keys: set[str]) -> Iterator[AnyRow]:
    # Sorted, so that every process asks for rows, and may one day lock them, in the same order.
    ordered = sorted(keys - {""})
    for start in range(0, len(ordered), _CHUNK):
        yield from tx.execute(statement, {"keys": ordered[start : start + _CHUNK]})
