"""Between the engine's rows and its values, cycles and disputes; every call is part of somebody else's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Table, delete, insert, select, text, update

from custody.custodian_tables import HAS_DEADLINE
from settlement.cycle_record import CycleRecord
from settlement.cycle_states import DisputeState, State
from settlement.dispute_steps import Dispute
from settlement.engine.cycle_tables import CYCLE, DISPUTE, GROSS, OBLIGATION
from settlement.gross import Cause, Gross
from settlement.netting import Obligation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A thing with its place in the list: the cursor for the next page, and when it began and was last written."""

    position: int
    one: T
    occurred_at_s: int
    recorded_at_s: int


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: those that meet every condition that is given; begun from the first until before the second
    time (UTC seconds).
    """

    id: str = ""
    venue: str = ""
    state: str = ""
    cycle_id: str = ""
    from_s: int | None = None
    to_s: int | None = None


def find_cycle(tx: Connection, cycle_id: str) -> CycleRecord | None:
    """The cycle of this id."""
    row = tx.execute(select(CYCLE).where(CYCLE.c.id == cycle_id)).first()
    return None if row is None else _cycle(tx, row)


def last_cycle(tx: Connection, venue: str) -> CycleRecord | None:
    """A venue's newest cycle."""
    row = tx.execute(select(CYCLE).where(CYCLE.c.venue == venue).order_by(CYCLE.c.number.desc())).first()
    return None if row is None else _cycle(tx, row)


def write_cycle(tx: Connection, before: CycleRecord | None, after: CycleRecord, at_s: tuple[int, int]) -> None:
    """Write a cycle as it stands; `at_s`: when that came about and is recorded. Obligations only where they changed."""
    values = {one.name: getattr(after, one.name) for one in fields(CycleRecord) if one.name != "obligations"}
    values |= {"state": after.state.value, "excluded": "\n".join(after.excluded), "is_held": int(after.is_held)}
    values["recorded_at_s"] = at_s[1]
    _write(tx, CYCLE, after.id, values, begun_at_s=at_s[0] if before is None else None)
    if before is None or before.obligations != after.obligations:
        tx.execute(delete(OBLIGATION).where(OBLIGATION.c.cycle_id == after.id))
        if after.obligations:
            tx.execute(insert(OBLIGATION), [{"cycle_id": after.id, **asdict(row)} for row in after.obligations])


def write_gross(tx: Connection, cycle_id: str, rows: Iterable[Gross]) -> None:
    """Keep what a cycle's nets are derived from; once."""
    found = [
        {"cycle_id": cycle_id, "number": number, **asdict(row), "cause": row.cause.value}
        for number, row in enumerate(rows, 1)
    ]
    if found:
        tx.execute(insert(GROSS), found)


def gross_of(reader: Connection, cycle_id: str) -> list[Gross]:
    """What a cycle's nets are derived from, in the order in which it was kept."""
    rows = reader.execute(select(GROSS).where(GROSS.c.cycle_id == cycle_id).order_by(GROSS.c.number))
    return [Gross(row.debtor, row.creditor, row.units, Cause(row.cause), row.reference) for row in rows]


def obligations_of(reader: Connection, cycle_id: str) -> tuple[Obligation, ...]:
    """A cycle's net obligations, by asset and party."""
    rows = reader.execute(select(OBLIGATION).where(OBLIGATION.c.cycle_id == cycle_id))
    found = [Obligation(row.party, row.asset, row.units) for row in rows]
    return tuple(sorted(found, key=lambda row: (row.asset, row.party)))


def find_dispute(tx: Connection, dispute_id: str) -> Dispute | None:
    """The dispute of this id."""
    row = tx.execute(select(DISPUTE).where(DISPUTE.c.id == dispute_id)).first()
    return None if row is None else _dispute(row)


def write_dispute(tx: Connection, after: Dispute, at_s: tuple[int, int], *, is_new: bool) -> None:
    """Write a dispute as it stands."""
    values = {one.name: getattr(after, one.name) for one in fields(Dispute)}
    values |= {"state": after.state.value, "recorded_at_s": at_s[1]}
    _write(tx, DISPUTE, after.id, values, begun_at_s=at_s[0] if is_new else None)


def to_settle_in(tx: Connection, cycle_id: str, venue: str) -> list[Dispute]:
    """The disputes whose rulings this cycle settles: those that name it, and those that silence decided."""
    ruled = [one.value for one in (DisputeState.ADJUSTED, DisputeState.UPHELD, DisputeState.RETRACTED)]
    named = DISPUTE.c.settles_in.in_((cycle_id, ""))
    asked = select(DISPUTE).where(DISPUTE.c.venue == venue, DISPUTE.c.state.in_(ruled), named)
    return [_dispute(row) for row in tx.execute(asked.order_by(DISPUTE.c.position))]


def overdue(tx: Connection, table: Table, now_s: int) -> list[str]:
    """The ids whose deadline has come, the longest overdue first."""
    due = select(table.c.id).where(text(HAS_DEADLINE), table.c.deadline_s <= now_s)
    return list(tx.scalars(due.order_by(table.c.deadline_s, table.c.position)))


def cycles(reader: Connection, query: Query, after: int, limit: int) -> list[Listed[CycleRecord]]:
    """Up to `limit` cycles behind position `after`, in order of beginning."""
    return [
        Listed(row.position, _cycle(reader, row), row.occurred_at_s, row.recorded_at_s)
        for row in _page(reader, CYCLE, query, after, limit)
    ]


def disputes(reader: Connection, query: Query, after: int, limit: int) -> list[Listed[Dispute]]:
    """Up to `limit` disputes behind position `after`, in order of opening."""
    return [
        Listed(row.position, _dispute(row), row.occurred_at_s, row.recorded_at_s)
        for row in _page(reader, DISPUTE, query, after, limit)
    ]


def _page(reader: Connection, table: Table, query: Query, after: int, limit: int) -> Sequence[Row[Any]]:
    page = select(table).where(table.c.position > after)
    for name in ("id", "venue", "state", "cycle_id"):
        if wanted := getattr(query, name):
            page = page.where(table.c[name] == wanted)
    if query.from_s is not None:
        page = page.where(table.c.occurred_at_s >= query.from_s)
    if query.to_s is not None:
        page = page.where(table.c.occurred_at_s < query.to_s)
    return reader.execute(page.order_by(table.c.position).limit(limit)).all()


def _write(tx: Connection, table: Table, one_id: str, values: Mapping[str, Any], begun_at_s: int | None) -> None:
    if begun_at_s is None:
        tx.execute(update(table).where(table.c.id == one_id).values(values))
    else:
        tx.execute(insert(table), [{**values, "occurred_at_s": begun_at_s}])


def _cycle(tx: Connection, row: Row[Any]) -> CycleRecord:
    known = {one.name: getattr(row, one.name) for one in fields(CycleRecord) if one.name != "obligations"}
    known |= {"state": State(row.state), "is_held": bool(row.is_held)}
    known["excluded"] = tuple(row.excluded.split("\n")) if row.excluded else ()
    return CycleRecord(**known, obligations=obligations_of(tx, row.id))


def _dispute(row: Row[Any]) -> Dispute:
    known = {one.name: getattr(row, one.name) for one in fields(Dispute)}
    return Dispute(**{**known, "state": DisputeState(row.state)})
