"""Events written with the change that they tell of: each with its place in the order of its object, for all who listen.

Every call is part of somebody else's write transaction, so an event is there exactly if the change is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from settlement.cycle_record import Event
from settlement.engine.webhook_tables import DELIVERY, ENDPOINT, EVENT
from settlement.venues.action_check import RefusedFill


@dataclass(frozen=True, slots=True)
class Told:
    """An event on record. `position` is the cursor, (`object_id`, `sequence`) its id; times are UTC seconds."""

    position: int
    object_id: str
    sequence: int
    name: str
    facts: Mapping[str, Any]
    occurred_at_s: int
    recorded_at_s: int

    @property
    def id(self) -> str:
        """The same however often it is delivered; those of one object count from 1."""
        return f"{self.object_id}#{self.sequence}"


def tell(tx: Connection, event: Event, recorded_at_s: int) -> Told:
    """Write an event behind the last one of its object, and a delivery for every endpoint that wants it."""
    facts = {"act": str(event.act), "from": event.source, "state": event.state, **event.facts}
    return tell_of(tx, event.object_id, event.name, facts, (event.occurred_at_s, recorded_at_s))


def tell_of(
    tx: Connection, object_id: str, name: str, facts: Mapping[str, Any], at_s: tuple[int, int], source_position: int = 0
) -> Told:
    """`tell` for whatever has no lifecycle here: calls, breaks, halts. `at_s`: when it occurred and was recorded."""
    last = tx.scalar(select(func.max(EVENT.c.sequence)).where(EVENT.c.object_id == object_id))
    row = {
        "object_id": object_id,
        "sequence": (last or 0) + 1,
        "name": name,
        "facts": json.dumps(facts, separators=(",", ":"), sort_keys=True),
        "source_position": source_position,
        "occurred_at_s": at_s[0],
        "recorded_at_s": at_s[1],
    }
    position = tx.execute(insert(EVENT).returning(EVENT.c.position), row).scalar_one()
    for endpoint in tx.execute(select(ENDPOINT).where(ENDPOINT.c.is_active == 1)):
        if wants(endpoint.events, name):
            deliver(tx, endpoint.id, position, object_id, at_s[1])
    return Told(position, object_id, (last or 0) + 1, name, facts, *at_s)


def tell_of_refused(tx: Connection, refused: RefusedFill, recorded_at_ms: int) -> Told:
    """A fill that its sides have not signed is a break until the venue says it anew."""
    facts = {"type": "status", "venue": refused.venue, "number": refused.number, "refusal": str(refused.refusal),
             "explanation": str(refused)}  # fmt: skip
    at_s = refused.entry.occurred_at_ms // 1000, recorded_at_ms // 1000
    name = f"break/action/{refused.venue}/{refused.number}"
    return tell_of(tx, name, "reconciliation.break_opened", facts, at_s)


def last_act(tx: Connection, object_id: str) -> str | None:
    """The act that the last event of an object tells of, "" where it tells of none; None where there is no event."""
    asked = select(EVENT.c.facts).where(EVENT.c.object_id == object_id).order_by(EVENT.c.sequence.desc()).limit(1)
    facts = tx.scalar(asked)
    return None if facts is None else str(json.loads(facts).get("act", ""))


def last_name(tx: Connection, object_id: str) -> str:
    """The name of the last event of an object; "" where there is none."""
    asked = select(EVENT.c.name).where(EVENT.c.object_id == object_id).order_by(EVENT.c.sequence.desc()).limit(1)
    return tx.scalar(asked) or ""


def deliver(tx: Connection, endpoint_id: str, position: int, object_id: str, at_s: int) -> None:
    """Queue one event for one endpoint."""
    row = {"endpoint_id": endpoint_id, "position": position, "object_id": object_id, "answer": ""}
    counters = {"attempts": 0, "next_attempt_at_s": at_s, "delivered_at_s": 0}
    tx.execute(insert(DELIVERY), row | counters)


def wants(events: str, name: str) -> bool:
    """Whether one of the prefixes, a line each, begins an event's name; "" wants all."""
    return not events or any(name.startswith(prefix) for prefix in events.split("\n"))


def told(reader: Connection, after: int, limit: int, object_id: str = "") -> list[Told]:
    """Up to `limit` events behind position `after`, in the order in which they were written; "" for all objects."""
    page = select(EVENT).where(EVENT.c.position > after)
    if object_id:
        page = page.where(EVENT.c.object_id == object_id)
    return [told_of(row) for row in reader.execute(page.order_by(EVENT.c.position).limit(limit))]


def told_of(row: Row[Any]) -> Told:
    """An event from its row."""
    facts = json.loads(row.facts)
    return Told(row.position, row.object_id, row.sequence, row.name, facts, row.occurred_at_s, row.recorded_at_s)
