"""What the desk keeps beside the transfers, in the same database: fills, margin calls, and messages to the chain.

A message is stored as it will be sent, with its digest, before it is sent; its transaction hash is written after.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Connection, Constraint, Table, insert, select, update
from sqlmodel import Field, SQLModel

from custody.schema import Schema
from custody.tables import whole
from margin.calls import MarginCall
from settlement.mirror import Fill

DESK = Schema("desk", "desk_version", Path(__file__).with_name("migrations"))
"""The desk's tables: whoever keeps them opens the database with these besides the ledger's."""


class FillRow(SQLModel, table=True):
    """A fill as it was reported, by its derived id."""

    __tablename__ = "fill"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("fill", "sequence", "lots", "price_e6", "occurred_at_s"),
        CheckConstraint("lots > 0 AND price_e6 > 0", name="fill_is_positive"),
        CheckConstraint("buyer <> seller", name="fill_has_two_sides"),
    )

    id: str = Field(primary_key=True)
    venue: str = Field(index=True)
    sequence: int = Field(sa_type=BigInteger)
    instrument_id: int = Field(sa_type=BigInteger)
    buyer: str
    seller: str
    lots: int = Field(sa_type=BigInteger)
    price_e6: int = Field(sa_type=BigInteger)
    occurred_at_s: int = Field(sa_type=BigInteger)
    cause: str


class CallRow(SQLModel, table=True):
    """A margin call and how it ended."""

    __tablename__ = "margin_call"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("margin_call", "amount_units", "opened_at_s", "deadline_s"),
        CheckConstraint("amount_units > 0 AND deadline_s >= opened_at_s", name="margin_call_can_be_met"),
    )

    id: str = Field(primary_key=True)
    client: str
    venue: str
    amount_units: int = Field(sa_type=BigInteger)
    opened_at_s: int = Field(sa_type=BigInteger)
    deadline_s: int = Field(sa_type=BigInteger)
    ended: str = ""
    ended_at_s: int = Field(default=0, sa_type=BigInteger)


class MessageRow(SQLModel, table=True):
    """Calldata on its way to the chain: `tx_hash` is empty until a receipt says otherwise."""

    __tablename__ = "chain_message"

    digest: str = Field(primary_key=True)
    kind: str
    venue: str
    sequence: int = Field(sa_type=BigInteger)
    calldata: bytes
    created_at_s: int = Field(sa_type=BigInteger)
    tx_hash: str = ""


FILL: Table = SQLModel.metadata.tables["fill"]
CALL: Table = SQLModel.metadata.tables["margin_call"]
MESSAGE: Table = SQLModel.metadata.tables["chain_message"]


@dataclass(frozen=True, slots=True)
class Message:
    """A batch or cycle about to be sent."""

    digest: bytes
    kind: str
    venue: str
    sequence: int
    calldata: bytes
    created_at_s: int


def store_fills(tx: Connection, fills: Iterable[Fill]) -> None:
    """Keep fills; storing one twice violates its key, and raises."""
    rows = [{**asdict(fill), "id": fill.id} for fill in fills]
    if rows:
        tx.execute(insert(FILL), rows)


def store_call(tx: Connection, call: MarginCall) -> None:
    tx.execute(insert(CALL), [asdict(call)])


def end_call(tx: Connection, call_id: str, how: str, at_s: int) -> None:
    tx.execute(update(CALL).where(CALL.c.id == call_id).values(ended=how, ended_at_s=at_s))


def calls_between(tx: Connection, from_s: int, until_s: int) -> list[MarginCall]:
    """The calls that were open at some moment from `from_s` until before `until_s` (UTC seconds), in that order."""
    was_open = (CALL.c.opened_at_s < until_s) & ((CALL.c.ended == "") | (CALL.c.ended_at_s > from_s))
    rows = tx.execute(select(CALL).where(was_open).order_by(CALL.c.opened_at_s, CALL.c.id))
    return [
        MarginCall(row.id, row.client, row.venue, row.amount_units, row.opened_at_s, row.deadline_s) for row in rows
    ]


def store_message(tx: Connection, message: Message) -> None:
    tx.execute(insert(MESSAGE), [{**asdict(message), "digest": message.digest.hex()}])


def store_receipt(tx: Connection, digest: bytes, tx_hash: str) -> None:
    tx.execute(update(MESSAGE).where(MESSAGE.c.digest == digest.hex()).values(tx_hash=tx_hash))


def unanswered(tx: Connection) -> list[str]:
    """Digests that were stored, but for which no receipt is known: what a recovery has to ask the chain about."""
    return list(tx.scalars(select(MESSAGE.c.digest).where(MESSAGE.c.tx_hash == "").order_by(MESSAGE.c.created_at_s)))
