"""What is told to whoever listens: events in order, who wants them, and what has been delivered to whom.

An event is written in the transaction of the change that it tells of, with a delivery for every endpoint that wants it:
there is no moment at which one could be lost. No secret is kept here: an endpoint's is derived from its id.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Index, Table
from sqlmodel import Field, SQLModel

from custody.tables import NUMBER, index_where, whole
from settlement.engine.cycle_tables import NAME

IS_WAITING = "delivered_at_s = 0"
IS_RELAYED = "source_position > 0"


class EventRow(SQLModel, table=True):
    """One event. `position` is the cursor; `sequence` counts from 1 for each object, so its id is known by both.

    `source_position`: its place among the custodian's own events, for what was relayed from there; otherwise 0.
    """

    __tablename__ = "webhook_event"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("webhook_event", "sequence", "source_position", "occurred_at_s", "recorded_at_s"),
        CheckConstraint("sequence > 0", name="webhook_event_sequence_is_positive"),
        Index("webhook_event_by_object", "object_id", "sequence", unique=True),
        index_where("webhook_event_by_source", "source_position", IS_RELAYED, unique=True),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    object_id: str = Field(sa_type=NAME)
    sequence: int = Field(sa_type=BigInteger)
    name: str = Field(sa_type=NAME)
    facts: str
    source_position: int = Field(sa_type=BigInteger)
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class EndpointRow(SQLModel, table=True):
    """Who wants to be told: a URL, whose it is, and which events (prefixes, one on each line; "" for all)."""

    __tablename__ = "webhook_endpoint"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("webhook_endpoint", "is_active", "occurred_at_s", "recorded_at_s"),
        CheckConstraint("is_active BETWEEN 0 AND 1", name="webhook_endpoint_is_active_is_a_flag"),
    )

    id: str = Field(primary_key=True, sa_type=NAME)
    party: str
    url: str
    events: str
    is_active: int
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class DeliveryRow(SQLModel, table=True):
    """An event on its way to an endpoint. `delivered_at_s` is 0 until the endpoint has said yes."""

    __tablename__ = "webhook_delivery"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("webhook_delivery", "attempts", "next_attempt_at_s", "delivered_at_s"),
        CheckConstraint("attempts >= 0", name="webhook_delivery_attempts_are_not_negative"),
        index_where("webhook_delivery_that_waits", "next_attempt_at_s", IS_WAITING),
    )

    endpoint_id: str = Field(primary_key=True, foreign_key="webhook_endpoint.id", sa_type=NAME)
    position: int = Field(primary_key=True, foreign_key="webhook_event.position", sa_type=BigInteger)
    object_id: str = Field(sa_type=NAME)
    attempts: int = Field(sa_type=BigInteger)
    next_attempt_at_s: int = Field(sa_type=BigInteger)
    delivered_at_s: int = Field(sa_type=BigInteger)
    answer: str


EVENT: Table = SQLModel.metadata.tables["webhook_event"]
ENDPOINT: Table = SQLModel.metadata.tables["webhook_endpoint"]
DELIVERY: Table = SQLModel.metadata.tables["webhook_delivery"]
