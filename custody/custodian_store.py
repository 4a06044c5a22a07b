"""Between the custodian's rows and its values; every call is part of somebody else's transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, text, update

from custody.custodian_tables import EVENT, HAS_DEADLINE, MOVEMENT
from custody.delegation import Standing
from custody.intents import Intent
from custody.movements import Event, Movement
from custody.states import Act, Lifecycle, State

PAGE = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A movement with its place in the list: the cursor for the next page, and when it began and was last written."""

    number: int
    movement: Movement
    occurred_at_s: int
    recorded_at_s: int


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its place in the order of all events, and when it was written (UTC seconds)."""

    position: int
    event: Event
    recorded_at_s: int


@dataclass(frozen=True, slots=True)
class MovementQuery:
    """Which movements are asked for: those that meet every condition that is given.

    `from_s` and `to_s`: begun from the first until before the second (UTC seconds).
    """

    party: str = ""
    lifecycle: Lifecycle | None = None
    state: State | None = None
    from_s: int | None = None
    to_s: int | None = None


def find(tx: Connection, movement_id: str) -> Movement | None:
    """The movement of this id."""
    row = tx.execute(select(MOVEMENT).where(MOVEMENT.c.id == movement_id)).first()
    return None if row is None else _movement(row)


def write(tx: Connection, movement: Movement, event: Event, recorded_at_s: int) -> None:
    """Write a movement as it stands after an event, and the event; the first one begins it."""
    state: dict[str, Any] = {
        "state": movement.state.value,
        "reason": movement.reason,
        "entered_at_s": movement.entered_at_s,
        "deadline_s": movement.deadline_s,
        "holds": movement.holds,
        "confirmations": movement.confirmations,
        "recorded_at_s": recorded_at_s,
    }
    if event.source is State.NEW:
        begun = {"id": movement.id, **_values(asdict(movement.intent)), "occurred_at_s": event.occurred_at_s}
        tx.execute(insert(MOVEMENT), [begun | state])
    else:
        tx.execute(update(MOVEMENT).where(MOVEMENT.c.id == movement.id).values(state))
    tx.execute(insert(EVENT), [{**_values(asdict(event)), "recorded_at_s": recorded_at_s}])


def references(tx: Connection, movement_id: str, act: Act) -> list[str]:
    """What was said with this act before, the oldest first."""
    said = select(EVENT.c.reference).where(EVENT.c.movement_id == movement_id, EVENT.c.act == act.value)
    return list(tx.scalars(said.order_by(EVENT.c.position)))


def overdue(tx: Connection, now_s: int) -> list[str]:
    """The movements whose deadline has come, the longest overdue first."""
    due = select(MOVEMENT.c.id).where(text(HAS_DEADLINE), MOVEMENT.c.deadline_s <= now_s)
    return list(tx.scalars(due.order_by(MOVEMENT.c.deadline_s, MOVEMENT.c.number)))


def blocked(tx: Connection) -> list[str]:
    """The movements that wait for something to end, in order of beginning."""
    waiting = select(MOVEMENT.c.id).where(MOVEMENT.c.state == State.BLOCKED.value)
    return list(tx.scalars(waiting.order_by(MOVEMENT.c.number)))


def movements(reader: Connection, query: MovementQuery, after: int, limit: int) -> list[Listed]:
    """Up to `limit` movements behind number `after`, in order of beginning."""
    page = select(MOVEMENT).where(MOVEMENT.c.number > after, *_conditions(query))
    rows = reader.execute(page.order_by(MOVEMENT.c.number).limit(limit))
    return [Listed(row.number, _movement(row), row.occurred_at_s, row.recorded_at_s) for row in rows]


def events(reader: Connection, movement_id: str, after: int, limit: int) -> list[Told]:
    """Up to `limit` events behind position `after`, in the order in which they were written; "" for all movements."""
    page = select(EVENT).where(EVENT.c.position > after)
    if movement_id:
        page = page.where(EVENT.c.movement_id == movement_id)
    return [_told(row) for row in reader.execute(page.order_by(EVENT.c.position).limit(limit))]


# -- rows --------------------------------------------------------------------------------------------------------------


def _conditions(query: MovementQuery) -> Sequence[ColumnElement[bool]]:
    equal = _values({"party": query.party, "lifecycle": query.lifecycle, "state": query.state})
    conditions: list[ColumnElement[bool]] = [MOVEMENT.c[name] == value for name, value in equal.items() if value]
    if query.from_s is not None:
        conditions.append(MOVEMENT.c.occurred_at_s >= query.from_s)
    if query.to_s is not None:
        conditions.append(MOVEMENT.c.occurred_at_s < query.to_s)
    return conditions


def _values(columns: dict[str, Any]) -> dict[str, Any]:
    """Enums as the texts that the rows hold: a driver might write their names."""
    return {name: one.value if isinstance(one, Enum) else one for name, one in columns.items()}


def _movement(row: Row[Any]) -> Movement:
    intent = Intent(
        Lifecycle(row.lifecycle),
        row.party,
        row.asset,
        row.units,
        row.venue,
        row.to_venue,
        row.destination,
        Standing(row.standing),
    )
    return Movement(
        row.id,
        intent,
        State(row.state),
        row.entered_at_s,
        row.deadline_s,
        row.holds,
        row.confirmations,
        row.reason,
    )


def _told(row: Row[Any]) -> Told:
    event = Event(
        row.movement_id,
        row.name,
        Act(row.act),
        State(row.source),
        State(row.state),
        row.reference,
        row.reason,
        row.occurred_at_s,
    )
    return Told(row.position, event, row.recorded_at_s)
