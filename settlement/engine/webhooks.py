"""Endpoints and what is on its way to them: registered, due, answered, replayed; parts of somebody's transaction.

Of each object an endpoint is told in order: what comes later waits for what came before to be taken. Nothing is given
up: a silent endpoint is asked at ever longer intervals until somebody removes it, or it says 410 (gone).
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, text, update

from custody.custodian_tables import EVENT as MOVEMENT_EVENT
from settlement.engine.telling import Told, deliver, tell_of, told_of, wants
from settlement.engine.webhook_tables import DELIVERY, ENDPOINT, EVENT, IS_WAITING

FIRST_WAIT_S, LONGEST_WAIT_S = 5, 3_600
GONE = 410
MOST_BYTES = 2_000
"""The longest URL."""


class EndpointRefusal(StrEnum):
    """Why an endpoint is not registered or changed; where several hold, the earlier member is the answer."""

    URL_IS_MALFORMED = "url_is_malformed"
    URL_IS_NOT_PRIVATE = "url_is_not_private"
    """Neither https nor on this machine: whoever listens on the way could read it."""
    URL_CARRIES_A_PASSWORD = "url_carries_a_password"
    EVENTS_ARE_MALFORMED = "events_are_malformed"
    EXISTS_WITH_DIFFERENT_CONTENT = "exists_with_different_content"
    ENDPOINT_NOT_FOUND = "endpoint_not_found"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same call could be accepted later."""
        return self is EndpointRefusal.ENDPOINT_NOT_FOUND


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who wants to be told of which events: prefixes of their names; none for all."""

    id: str
    party: str
    url: str
    events: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event due at an endpoint, and how often that was tried before."""

    endpoint: Endpoint
    event: Told
    attempts: int


def wait_s(attempts: int) -> int:
    """How long to wait after so many attempts: twice as long each time, up to an hour."""
    return int(min(FIRST_WAIT_S << min(attempts - 1, 20), LONGEST_WAIT_S))


def objection(endpoint: Endpoint) -> EndpointRefusal | None:
    """Why nothing should be sent there."""
    try:
        found = urlsplit(endpoint.url)
        host, has_password, _ = found.hostname, bool(found.username or found.password), found.port
    except ValueError:
        return EndpointRefusal.URL_IS_MALFORMED
    if not host or found.scheme not in {"http", "https"} or len(endpoint.url) > MOST_BYTES:
        return EndpointRefusal.URL_IS_MALFORMED
    if found.scheme == "http" and not _is_loopback(host):
        return EndpointRefusal.URL_IS_NOT_PRIVATE
    if has_password:
        return EndpointRefusal.URL_CARRIES_A_PASSWORD
    good = all(one and one.isascii() and "\n" not in one for one in endpoint.events)
    return None if good else EndpointRefusal.EVENTS_ARE_MALFORMED


def register(tx: Connection, endpoint: Endpoint, now_s: int) -> EndpointRefusal | None:
    """Tell an endpoint of everything from now on. The same one again changes nothing."""
    if refused := objection(endpoint):
        return refused
    row = tx.execute(select(ENDPOINT).where(ENDPOINT.c.id == endpoint.id)).first()
    if row is None:
        values = {"id": endpoint.id, "party": endpoint.party, "url": endpoint.url, "is_active": 1}
        times = {"occurred_at_s": now_s, "recorded_at_s": now_s}
        tx.execute(insert(ENDPOINT), [{**values, **times, "events": "\n".join(endpoint.events)}])
        return None
    return None if endpoint_of(row) == endpoint else EndpointRefusal.EXISTS_WITH_DIFFERENT_CONTENT


def remove(tx: Connection, endpoint_id: str, party: str, now_s: int) -> EndpointRefusal | None:
    """Tell an endpoint nothing any more; what waited for it waits no longer."""
    mine = (ENDPOINT.c.id == endpoint_id) & (ENDPOINT.c.party == party)
    if not tx.scalar(select(func.count()).select_from(ENDPOINT).where(mine)):
        return EndpointRefusal.ENDPOINT_NOT_FOUND
    tx.execute(update(ENDPOINT).where(mine).values(is_active=0, recorded_at_s=now_s))
    tx.execute(delete(DELIVERY).where(DELIVERY.c.endpoint_id == endpoint_id, text(IS_WAITING)))
    return None


def replay(tx: Connection, endpoint_id: str, party: str, after: int, now_s: int) -> int | EndpointRefusal:
    """Tell an endpoint of all events behind a position that it wants, once more or for the first time; how many."""
    mine = (ENDPOINT.c.id == endpoint_id) & (ENDPOINT.c.party == party) & (ENDPOINT.c.is_active == 1)
    endpoint = tx.execute(select(ENDPOINT).where(mine)).first()
    if endpoint is None:
        return EndpointRefusal.ENDPOINT_NOT_FOUND
    tx.execute(delete(DELIVERY).where(DELIVERY.c.endpoint_id == endpoint_id, DELIVERY.c.position > after))
    behind = tx.execute(select(EVENT.c.position, EVENT.c.object_id, EVENT.c.name).where(EVENT.c.position > after))
    wanted = [row for row in behind.all() if wants(endpoint.events, row.name)]
    for row in wanted:
        deliver(tx, endpoint_id, row.position, row.object_id, now_s)
    return len(wanted)


def waiting(reader: Connection, now_s: int) -> list[str]:
    """The endpoints to which something may have to be sent now."""
    asked = select(DELIVERY.c.endpoint_id).where(text(IS_WAITING), DELIVERY.c.next_attempt_at_s <= now_s).distinct()
    return sorted(reader.scalars(asked))


def due(reader: Connection, endpoint_id: str, now_s: int, limit: int) -> list[Delivery]:
    """What is to be sent to an endpoint: of each object the earliest that was not taken, if its wait is over."""
    row = reader.execute(select(ENDPOINT).where(ENDPOINT.c.id == endpoint_id, ENDPOINT.c.is_active == 1)).first()
    if row is None:
        return []
    earlier = DELIVERY.alias()
    comes_later = exists().where(
        earlier.c.endpoint_id == DELIVERY.c.endpoint_id, earlier.c.object_id == DELIVERY.c.object_id,
        earlier.c.position < DELIVERY.c.position, earlier.c.delivered_at_s == 0,
    )  # fmt: skip
    asked = (
        select(DELIVERY.c.attempts, EVENT)
        .join(EVENT, EVENT.c.position == DELIVERY.c.position)
        .where(DELIVERY.c.endpoint_id == endpoint_id, DELIVERY.c.delivered_at_s == 0, ~comes_later)
        .where(DELIVERY.c.next_attempt_at_s <= now_s)
        .order_by(DELIVERY.c.position)
        .limit(limit)
    )
    endpoint = endpoint_of(row)
    return [Delivery(endpoint, told_of(found), found.attempts) for found in reader.execute(asked)]


def answered(tx: Connection, delivery: Delivery, answer: str, status: int, now_s: int) -> None:
    """Write down what an endpoint said: taken, gone, or try again later. `status` is 0 where it said nothing."""
    this = (DELIVERY.c.endpoint_id == delivery.endpoint.id) & (DELIVERY.c.position == delivery.event.position)
    attempts = delivery.attempts + 1
    if 200 <= status < 300:
        tx.execute(update(DELIVERY).where(this).values(attempts=attempts, delivered_at_s=now_s, answer=answer))
        return
    later_s = now_s + wait_s(attempts)
    tx.execute(update(DELIVERY).where(this).values(attempts=attempts, next_attempt_at_s=later_s, answer=answer))
    if status == GONE:
        remove(tx, delivery.endpoint.id, delivery.endpoint.party, now_s)


def endpoints(reader: Connection, party: str = "") -> list[tuple[Endpoint, int, int]]:
    """All endpoints, or a party's, with when they were registered and last changed."""
    asked = select(ENDPOINT).order_by(ENDPOINT.c.id)
    rows = reader.execute(asked.where(ENDPOINT.c.party == party) if party else asked)
    return [(endpoint_of(row), row.occurred_at_s, row.recorded_at_s) for row in rows]


def relay_movements(tx: Connection, now_s: int, limit: int = 1_000) -> int:
    """Take over what the custodian has told since: `delegation.active` and its like, in its order; how many.

    Its events are written with its own changes, and their positions are kept here: none is missed, none told twice.
    """
    last = tx.scalar(select(func.max(EVENT.c.source_position))) or 0
    page = select(MOVEMENT_EVENT).where(MOVEMENT_EVENT.c.position > last).order_by(MOVEMENT_EVENT.c.position)
    rows = tx.execute(page.limit(limit)).all()
    for row in rows:
        names = ("act", "state", "reference", "reason")
        facts = {"movement": row.movement_id, "from": row.source} | {name: getattr(row, name) for name in names}
        tell_of(tx, f"movement/{row.movement_id}", row.name, facts, (row.occurred_at_s, now_s), row.position)
    return len(rows)


def endpoint_of(row: Row[Any]) -> Endpoint:
    """An endpoint from its row."""
    events = tuple(row.events.split("\n")) if row.events else ()
    return Endpoint(row.id, row.party, row.url, events, bool(row.is_active))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
