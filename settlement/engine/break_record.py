"""Breaks as they are on record, and what was done about each: read in somebody else's transaction."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, inspect, select

from settlement.engine.break_tables import BREAK, BREAK_ACT
from settlement.reconciling.breaks import BreakType
from settlement.reconciling.lifecycle import DEADLINES_S, BreakAct, BreakState

CLOSED = [state.value for state in BreakState if state.is_closed]


@dataclass(frozen=True, slots=True)
class KeptBreak:
    """A break on record. `found_as` is what a reconciliation calls it; the id also says the how manieth time.

    `facts`: what was found, as JSON; `opened_at_s`: when it was put on record; `due_at_s`: when it should be closed.
    """

    id: str
    found_as: str
    state: BreakState
    since_s: int
    reason: str
    facts: str
    opened_at_s: int
    due_at_s: int


@dataclass(frozen=True, slots=True)
class Why:
    """Who acts about a break, and the reason that is given."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Did:
    """A line of a break's history: the act, where the break stood behind it, by whom and why, UTC seconds."""

    act: BreakAct
    state: BreakState
    why: Why
    at_s: int


def has_record(tx: Connection) -> bool:
    """Whether this database keeps breaks: one that only the ledger has used does not."""
    return inspect(tx).has_table(BREAK.name)


def find(tx: Connection, break_id: str) -> KeptBreak | None:
    """The break of this id."""
    row = tx.execute(select(BREAK).where(BREAK.c.id == break_id)).first()
    return None if row is None else _kept(row)


def open_breaks(tx: Connection) -> list[KeptBreak]:
    """Every break that is not closed, in the order in which they were found."""
    rows = tx.execute(select(BREAK).where(BREAK.c.state.not_in(CLOSED)).order_by(BREAK.c.position))
    return [_kept(row) for row in rows]


def history(tx: Connection, break_id: str) -> list[Did]:
    """What was done about a break, in order."""
    rows = tx.execute(select(BREAK_ACT).where(BREAK_ACT.c.break_id == break_id).order_by(BREAK_ACT.c.position))
    return [Did(BreakAct(row.act), BreakState(row.state), Why(row.who, row.reason), row.recorded_at_s) for row in rows]


def _kept(row: Row[Any]) -> KeptBreak:
    due_at_s = row.recorded_at_s + DEADLINES_S[BreakType(row.type)]
    return KeptBreak(
        row.id, row.found_as, BreakState(row.state), row.since_s, row.reason, row.facts, row.recorded_at_s, due_at_s
    )
