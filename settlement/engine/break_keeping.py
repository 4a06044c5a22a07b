"""Breaks kept, acted on and told, each in one transaction with the transfers that belong to it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from custody.accounts import Code
from custody.books import Books
from custody.database import Database
from custody.transfers import Kind, Transfer, linked
from settlement.engine.break_tables import BREAK
from settlement.engine.telling import tell_of
from settlement.reconciling.at_block import Block
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.lifecycle import (
    MOVES,
    TABLE,
    BreakAct,
    BreakRefusal,
    BreakState,
    facts_of,
    reference_of,
    refusal,
)

CLOSED = [state.value for state in BreakState if state.is_closed]


@dataclass(frozen=True, slots=True)
class KeptBreak:
    """A break on record. `found_as` is what a reconciliation calls it; the id also says the how manieth time."""

    id: str
    found_as: str
    state: BreakState
    since_s: int
    reason: str


@dataclass(frozen=True, slots=True)
class BreakAnswer:
    """A break as it stands after an act, or why the act was refused; then nothing was written."""

    kept: KeptBreak | None = None
    refusal: BreakRefusal | None = None
    detail: str = ""


class _UndoneError(Exception):
    """The ledger refused, so what was begun with it is undone."""


def keep(database: Database, outcome: Outcome, block: Block, now_s: int) -> list[str]:
    """Open what a reconciliation found and is not open yet, and tell of it; the ids that are new.

    The same break found again is the one that is open; found again after it was closed, it is another.
    """
    opened = []
    with database.transaction() as tx:
        for found in outcome.breaks:
            standing = select(BREAK.c.id).where(BREAK.c.found_as == found.id, BREAK.c.state.not_in(CLOSED))
            if tx.scalar(standing) is not None:
                continue
            count = tx.scalar(select(func.count()).where(BREAK.c.found_as == found.id)) or 0
            break_id, facts = f"{found.id}#{count + 1}", facts_of(found)
            row = {"id": break_id, "found_as": found.id, "occurrence": count + 1, "type": found.type}
            row |= {"owner": found.owner, "facts": json.dumps(facts, sort_keys=True), "since_s": found.since_s}
            row |= {"block": block.number, "state": BreakState.OPENED, "reason": ""}
            tx.execute(insert(BREAK), row | {"occurred_at_s": block.at_s, "recorded_at_s": now_s})
            tell_of(tx, break_id, "reconciliation.break_opened", facts, (block.at_s, now_s))
            opened.append(break_id)
    return opened


def act(
    database: Database, break_id: str, what: BreakAct, reason: str, now_s: int, transfers: Sequence[Transfer] = ()
) -> BreakAnswer:
    """Do one act about a break; its transfers stand or fall together, and with it.

    Suspense is an account of the chart: every transfer moves at once, has it on one side and names the break, and a
    break is cleared only when all that went into suspense for it has come out.
    """
    books = Books(database)
    detail = ""
    try:
        with database.transaction() as tx:
            kept = find(tx, break_id)
            why = refusal(kept.state if kept else None, what, reason, len(transfers))
            if why is None and what in MOVES:
                why, detail = _posted(tx, books, break_id, what, transfers, now_s)
            if why is not None or kept is None:
                raise _UndoneError(why or BreakRefusal.BREAK_NOT_FOUND)
            return BreakAnswer(_written(tx, kept, what, reason, now_s))
    except _UndoneError as undone:
        return BreakAnswer(refusal=undone.args[0], detail=detail)


def find(tx: Connection, break_id: str) -> KeptBreak | None:
    """The break of this id."""
    row = tx.execute(select(BREAK).where(BREAK.c.id == break_id)).first()
    return None if row is None else KeptBreak(row.id, row.found_as, BreakState(row.state), row.since_s, row.reason)


def open_breaks(tx: Connection) -> list[KeptBreak]:
    """Every break that is not closed, in the order in which they were found."""
    rows = tx.execute(select(BREAK).where(BREAK.c.state.not_in(CLOSED)).order_by(BREAK.c.position))
    return [KeptBreak(row.id, row.found_as, BreakState(row.state), row.since_s, row.reason) for row in rows]


def _written(tx: Connection, kept: KeptBreak, what: BreakAct, reason: str, now_s: int) -> KeptBreak:
    state = TABLE[kept.state, what]
    tx.execute(update(BREAK).where(BREAK.c.id == kept.id).values(state=state, reason=reason, recorded_at_s=now_s))
    if state.is_closed:
        facts = {"state": state, "reason": reason}
        tell_of(tx, kept.id, "reconciliation.break_closed", facts, (now_s, now_s))
    return KeptBreak(kept.id, kept.found_as, state, kept.since_s, reason)


def _posted(
    tx: Connection, books: Books, break_id: str, what: BreakAct, transfers: Sequence[Transfer], now_s: int
) -> tuple[BreakRefusal | None, str]:
    suspense = {account.id for account in books.accounts(tx) if account.code is Code.SUSPENSE}
    for one in transfers:
        sides = {one.debit_account, one.credit_account}
        is_ours = one.kind is Kind.POSTED and one.reference == reference_of(break_id)
        if not is_ours or len(sides & suspense) != 1:
            return BreakRefusal.TRANSFERS_ARE_NONE_OF_SUSPENSE, one.id
    for outcome in books.post_in(tx, linked(*transfers), now_s):
        if not outcome.ok:
            return BreakRefusal.LEDGER_REFUSES, str(outcome)
    if what is BreakAct.CLEAR:
        left = _in_suspense(tx, books, break_id, suspense)
        if any(left.values()):
            return BreakRefusal.SUSPENSE_IS_NOT_EMPTY, str({name: units for name, units in left.items() if units})
    return None, ""


def _in_suspense(tx: Connection, books: Books, break_id: str, suspense: set[str]) -> dict[str, int]:
    """What stands in each suspense account for a break, ledger units: the journal's own sum."""
    left = dict.fromkeys(suspense, 0)
    for recorded in books.transfers(reference=reference_of(break_id), limit=1 << 31, tx=tx):
        one = recorded.transfer
        if one.credit_account in left:
            left[one.credit_account] += one.amount
        if one.debit_account in left:
            left[one.debit_account] -= one.amount
    return left
