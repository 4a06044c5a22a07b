"""What a cycle is computed from, for ever: written in the transaction of its cut-off.

And what is signed, on its way to the chain: the outbox is the desk's table of messages. A row says what to send;
whether to send it is asked of the chain, by digest, each time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Connection, Constraint, Table, insert, select
from sqlmodel import Field, SQLModel

from custody.tables import whole
from settlement.engine.cycle_tables import NAME
from settlement.records import MESSAGE


class PinRow(SQLModel, table=True):
    """The cut-off of a cycle: the venue's last entry in it, its time (UTC ms), marks and P&L as JSON."""

    __tablename__ = "cycle_pin"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("cycle_pin", "last", "cut_off_ms"),
        CheckConstraint("last >= 0 AND cut_off_ms > 0", name="cycle_pin_is_somewhere"),
    )

    cycle_id: str = Field(primary_key=True, foreign_key="settlement_cycle.id", sa_type=NAME)
    last: int = Field(sa_type=BigInteger)
    cut_off_ms: int = Field(sa_type=BigInteger)
    marks: str
    profit: str
    batch: bytes


PIN: Table = SQLModel.metadata.tables["cycle_pin"]


@dataclass(frozen=True, slots=True)
class Pin:
    """`profit_units`: by party, since its first fill (1e-6 USD); `marks_e6`: by instrument; `batch`: the digest of the
    mirror's last batch, which tells the chain of all entries up to `last`.
    """

    cycle_id: str
    last: int
    cut_off_ms: int
    marks_e6: Mapping[int, int]
    profit_units: Mapping[str, int]
    batch: bytes


def write_pin(tx: Connection, pin: Pin) -> None:
    """Once for each cycle."""
    values = {"cycle_id": pin.cycle_id, "last": pin.last, "cut_off_ms": pin.cut_off_ms, "batch": pin.batch}
    texts = {"marks": _text(pin.marks_e6), "profit": _text(pin.profit_units)}
    tx.execute(insert(PIN), [values | texts])


def pin_of(reader: Connection, cycle_id: str) -> Pin | None:
    """The pin of a cycle; None before its cut-off."""
    row = reader.execute(select(PIN).where(PIN.c.cycle_id == cycle_id)).first()
    if row is None:
        return None
    marks = {int(number): price_e6 for number, price_e6 in json.loads(row.marks).items()}
    return Pin(row.cycle_id, row.last, row.cut_off_ms, marks, json.loads(row.profit), bytes(row.batch))


def _text(values: Mapping[int, int] | Mapping[str, int]) -> str:
    return json.dumps({str(key): value for key, value in values.items()}, separators=(",", ":"), sort_keys=True)


def write_message(tx: Connection, digest: str, kind: str, about: tuple[str, int], calldata: bytes, at_s: int) -> None:
    """Put a call about a venue's cycle of a digest into the outbox, once: all signatures of it are equally good."""
    name = f"{kind}/{digest}"
    if tx.scalar(select(MESSAGE.c.digest).where(MESSAGE.c.digest == name)) is None:
        row = {"digest": name, "kind": kind, "venue": about[0], "sequence": about[1], "calldata": calldata}
        tx.execute(insert(MESSAGE), [{**row, "created_at_s": at_s, "tx_hash": ""}])


def message_of(reader: Connection, digest: str, kind: str) -> bytes | None:
    """What to send."""
    found = reader.scalar(select(MESSAGE.c.calldata).where(MESSAGE.c.digest == f"{kind}/{digest}"))
    return None if found is None else bytes(found)
