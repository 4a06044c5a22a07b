"""What the custodian keeps beside the books, in the same database: movements, their events, what was instructed, liens.

Rows are only rows: CHECKs hold what even raw SQL must not break. `movement_event` and `accepted_instruction` are only
ever appended to; a movement's row is the cache of its last event, which `Custodian.verify` compares.
"""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Index, LargeBinary, String, Table
from sqlmodel import Field, SQLModel

from custody.delegation import Standing
from custody.movements import Block
from custody.schema import Schema
from custody.states import Act, Lifecycle, State
from custody.tables import NUMBER, index_where, whole

CUSTODIAN = Schema("custodian", "custodian_version", Path(__file__).with_name("custodian_migrations"))
"""The custodian's tables: whoever keeps them opens the database with these besides the ledger's."""

# Bytes in order, so that both databases sort the same.
_NAME = String().with_variant(String(collation="C"), "postgresql")

HAS_DEADLINE = "deadline_s > 0"
GOVERNS = "governs = 1"


def one_of(table: str, column: str, values: Iterable[Enum]) -> Constraint:
    """A CHECK that a text is one of an enum's values."""
    listed = ", ".join(f"'{one.value}'" for one in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_is_known")


class MovementRow(SQLModel, table=True):
    """A movement as it stands. `number` counts in order of beginning: the cursor of every list.

    `occurred_at_s` is when it began, `recorded_at_s` when it was last written; deadline 0 where nothing is waited for.
    """

    __tablename__ = "movement"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("movement", "units", "entered_at_s", "deadline_s", "holds", "confirmations"),
        *whole("movement", "occurred_at_s", "recorded_at_s"),
        one_of("movement", "lifecycle", Lifecycle),
        one_of("movement", "standing", Standing),
        one_of("movement", "state", [state for state in State if state is not State.NEW]),
        CheckConstraint("length(id) BETWEEN 1 AND 64", name="movement_id_is_short"),
        CheckConstraint("units > 0", name="movement_units_are_positive"),
        CheckConstraint("deadline_s = 0 OR deadline_s > entered_at_s", name="movement_deadline_is_later"),
        CheckConstraint("holds >= 0 AND confirmations >= 0", name="movement_counts_are_not_negative"),
        CheckConstraint("lifecycle <> 'move' OR venue <> to_venue", name="movement_goes_elsewhere"),
        index_where("movement_by_deadline", "deadline_s", HAS_DEADLINE),
    )

    number: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=_NAME)
    lifecycle: str
    standing: str
    party: str = Field(index=True)
    asset: str
    units: int = Field(sa_type=BigInteger)
    venue: str
    to_venue: str
    destination: str
    state: str = Field(index=True)
    reason: str
    entered_at_s: int = Field(sa_type=BigInteger)
    deadline_s: int = Field(sa_type=BigInteger)
    holds: int = Field(sa_type=BigInteger)
    confirmations: int = Field(sa_type=BigInteger)
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class MovementEventRow(SQLModel, table=True):
    """One change of a movement's state. `position` is the cursor from which a listener asks for what it missed."""

    __tablename__ = "movement_event"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("movement_event", "occurred_at_s", "recorded_at_s"),
        one_of("movement_event", "act", Act),
        one_of("movement_event", "source", State),
        one_of("movement_event", "state", [state for state in State if state is not State.NEW]),
        CheckConstraint("position > 0", name="movement_event_position_is_positive"),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    movement_id: str = Field(foreign_key="movement.id", index=True, sa_type=_NAME)
    name: str
    act: str
    source: str
    state: str
    reference: str
    reason: str
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class AcceptedInstructionRow(SQLModel, table=True):
    """An instruction that a quorum signed, whole, with its signatures: what was allowed can be explained for ever.

    `nonce` is unique for the party whose policy decided, so nothing is accepted twice.
    """

    __tablename__ = "accepted_instruction"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("accepted_instruction", "nonce", "governs", "accepted_at_s"),
        CheckConstraint("nonce >= 0", name="accepted_instruction_nonce_is_not_negative"),
        CheckConstraint("governs BETWEEN 0 AND 1", name="accepted_instruction_governs_is_a_flag"),
        CheckConstraint("length(digest) = 32", name="accepted_instruction_digest_is_keccak256"),
        Index("accepted_instruction_by_nonce", "authority", "nonce", unique=True),
        index_where("accepted_instruction_that_governs", "position", GOVERNS),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=_NAME)
    digest: bytes = Field(sa_type=LargeBinary)
    authority: str
    nonce: int = Field(sa_type=BigInteger)
    operation: str
    governs: int
    signed: str
    accepted_at_s: int = Field(sa_type=BigInteger)


class LienRow(SQLModel, table=True):
    """What has to stay in a compartment, and why: one row for each reason, gone when the reason has ended."""

    __tablename__ = "lien"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("lien", "units", "recorded_at_s"),
        one_of("lien", "reason", [reason for reason in Block if reason is not Block.VENUE_HALTED]),
        CheckConstraint("units > 0", name="lien_units_are_positive"),
    )

    party: str = Field(primary_key=True)
    venue: str = Field(primary_key=True)
    asset: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    units: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class HaltRow(SQLModel, table=True):
    """A venue that takes nothing until it is back."""

    __tablename__ = "venue_halt"
    __table_args__: ClassVar[tuple[Constraint, ...]] = whole("venue_halt", "recorded_at_s")

    venue: str = Field(primary_key=True)
    recorded_at_s: int = Field(sa_type=BigInteger)


MOVEMENT: Table = SQLModel.metadata.tables["movement"]
EVENT: Table = SQLModel.metadata.tables["movement_event"]
ACCEPTED: Table = SQLModel.metadata.tables["accepted_instruction"]
LIEN: Table = SQLModel.metadata.tables["lien"]
HALT: Table = SQLModel.metadata.tables["venue_halt"]
