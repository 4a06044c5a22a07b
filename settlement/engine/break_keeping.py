"""Breaks kept, acted on and told, each in one transaction with the transfers that belong to it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select, update

from custody.accounts import Code
from custody.books import Books
from custody.database import Database
from custody.transfers import Kind, Transfer, linked
from settlement.engine.break_record import CLOSED, KeptBreak, Why, find
from settlement.engine.break_tables import BREAK, BREAK_ACT
from settlement.engine.telling import tell_of
from settlement.reconciling.at_block import Block
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.correcting import difference_units
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
    database: Database, break_id: str, what: BreakAct, why: Why, now_s: int, transfers: Sequence[Transfer] = ()
) -> BreakAnswer:
    """Do one act about a break; its transfers stand or fall together, and with it, and with its line in the history.

    Suspense is an account of the chart: every transfer moves at once, has it on one side and names the break. What goes
    into it is the whole difference of the account that differs; cleared is a break when all of that has come out.
    """
    books = Books(database)
    detail = ""
    try:
        with database.transaction() as tx:
            kept = find(tx, break_id)
            refused = refusal(kept.state if kept else None, what, why.who, why.reason, len(transfers))
            if refused is None and kept is not None and what in MOVES:
                refused, detail = _posted(tx, books, kept, what, transfers, now_s)
            if refused is not None or kept is None:
                raise _UndoneError(refused or BreakRefusal.BREAK_NOT_FOUND)
            return BreakAnswer(_written(tx, kept, what, why, now_s))
    except _UndoneError as undone:
        return BreakAnswer(refusal=undone.args[0], detail=detail)


def _written(tx: Connection, kept: KeptBreak, what: BreakAct, why: Why, now_s: int) -> KeptBreak:
    state = TABLE[kept.state, what]
    now = {"state": state, "reason": why.reason}
    tx.execute(update(BREAK).where(BREAK.c.id == kept.id).values(now))
    row = {"break_id": kept.id, "act": what, "who": why.who, "recorded_at_s": now_s}
    tx.execute(insert(BREAK_ACT), now | row)
    if state.is_closed:
        facts = {"state": state, "reason": why.reason}
        tell_of(tx, kept.id, "reconciliation.break_closed", facts, (now_s, now_s))
    return replace(kept, state=state, reason=why.reason)


def _posted(
    tx: Connection, books: Books, kept: KeptBreak, what: BreakAct, transfers: Sequence[Transfer], now_s: int
) -> tuple[BreakRefusal | None, str]:
    suspense = {account.id for account in books.accounts(tx) if account.code is Code.SUSPENSE}
    for one in transfers:
        sides = {one.debit_account, one.credit_account}
        is_ours = one.kind is Kind.POSTED and one.reference == reference_of(kept.id)
        if not is_ours or len(sides & suspense) != 1:
            return BreakRefusal.TRANSFERS_ARE_NONE_OF_SUSPENSE, one.id
    if what is BreakAct.SUSPEND and (detail := _remaining(kept.facts, transfers)):
        return BreakRefusal.DIFFERENCE_REMAINS, detail
    for outcome in books.post_in(tx, linked(*transfers), now_s):
        if not outcome.ok:
            return BreakRefusal.LEDGER_REFUSES, str(outcome)
    if what is BreakAct.CLEAR:
        left = in_suspense(tx, books, kept.id, suspense)
        if any(left.values()):
            return BreakRefusal.SUSPENSE_IS_NOT_EMPTY, str({name: units for name, units in left.items() if units})
    return None, ""


def _remaining(facts: str, transfers: Sequence[Transfer]) -> str:
    """How far an account would still be from what is stated, in words; "" where it would be there."""
    found = difference_units(facts)
    if found is None:
        return ""
    account, units = found
    added = sum(one.amount * ((one.credit_account == account) - (one.debit_account == account)) for one in transfers)
    return f"{account}: expected {units:+,}, found {added:+,}" if added != units else ""


def in_suspense(tx: Connection, books: Books, break_id: str, suspense: Collection[str]) -> dict[str, int]:
    """What stands in each suspense account for a break, ledger units: the journal's own sum."""
    left = dict.fromkeys(suspense, 0)
    for recorded in books.transfers(reference=reference_of(break_id), limit=1 << 31, tx=tx):
        one = recorded.transfer
        if one.credit_account in left:
            left[one.credit_account] += one.amount
        if one.debit_account in left:
            left[one.debit_account] -= one.amount
    return left
