"""What the engine keeps of cycles, beside the ledger in the same database: cycles, their obligations, disputes.

Rows are only rows: CHECKs hold what even raw SQL must not break. Gross obligations and a dispute's two computations are
only ever appended.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Index, String, Table
from sqlmodel import Field, SQLModel

from custody.custodian_tables import HAS_DEADLINE, one_of
from custody.tables import NUMBER, index_where, whole
from settlement.cycle_states import DisputeState, State
from settlement.gross import Cause

# Bytes in order, so that both databases sort the same.
NAME = String().with_variant(String(collation="C"), "postgresql")


class CycleRow(SQLModel, table=True):
    """A cycle as it stands. `position` counts in order of beginning: the cursor of every list."""

    __tablename__ = "settlement_cycle"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("settlement_cycle", "number", "entered_at_s", "deadline_s", "cut_off_s", "holds", "is_held"),
        *whole("settlement_cycle", "window_ends_s", "confirmations", "short_units", "penalty_units"),
        *whole("settlement_cycle", "occurred_at_s", "recorded_at_s"),
        one_of("settlement_cycle", "state", State),
        CheckConstraint("number > 0", name="settlement_cycle_number_is_positive"),
        CheckConstraint("is_held BETWEEN 0 AND 1", name="settlement_cycle_is_held_is_a_flag"),
        CheckConstraint("short_units >= 0 AND penalty_units >= 0", name="settlement_cycle_short_is_not_negative"),
        CheckConstraint("deadline_s = 0 OR deadline_s >= entered_at_s", name="settlement_cycle_deadline_is_later"),
        Index("settlement_cycle_by_venue", "venue", "number", unique=True),
        index_where("settlement_cycle_by_deadline", "deadline_s", HAS_DEADLINE),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=NAME)
    venue: str
    number: int = Field(sa_type=BigInteger)
    state: str
    entered_at_s: int = Field(sa_type=BigInteger)
    deadline_s: int = Field(sa_type=BigInteger)
    cut_off_s: int = Field(sa_type=BigInteger)
    fills_digest: str
    marks_digest: str
    digest: str
    excluded: str
    holds: int = Field(sa_type=BigInteger)
    is_held: int
    window_ends_s: int = Field(sa_type=BigInteger)
    confirmations: int = Field(sa_type=BigInteger)
    short_units: int = Field(sa_type=BigInteger)
    penalty_units: int = Field(sa_type=BigInteger)
    reason: str
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class ObligationRow(SQLModel, table=True):
    """A net obligation of a cycle as last proposed: ledger units that a party receives, or pays if negative."""

    __tablename__ = "obligation"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("obligation", "units"),
        CheckConstraint("units <> 0", name="obligation_moves_something"),
    )

    cycle_id: str = Field(primary_key=True, foreign_key="settlement_cycle.id", sa_type=NAME)
    asset: str = Field(primary_key=True, sa_type=NAME)
    party: str = Field(primary_key=True, sa_type=NAME)
    units: int = Field(sa_type=BigInteger)


class GrossRow(SQLModel, table=True):
    """One thing that somebody owes somebody in a cycle (1e-6 USD): what its nets are derived from."""

    __tablename__ = "gross_obligation"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("gross_obligation", "number", "units"),
        one_of("gross_obligation", "cause", Cause),
        CheckConstraint("units > 0 AND debtor <> creditor", name="gross_obligation_is_owed"),
    )

    cycle_id: str = Field(primary_key=True, foreign_key="settlement_cycle.id", sa_type=NAME)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    debtor: str
    creditor: str
    units: int = Field(sa_type=BigInteger)
    cause: str
    reference: str


class DisputeRow(SQLModel, table=True):
    """A client's due in dispute, with both computations (1e-6 USD) and the report of what differs, as JSON."""

    __tablename__ = "dispute"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("dispute", "stated_units", "expected_units", "ruled_units", "held_units", "entered_at_s", "deadline_s"),
        *whole("dispute", "occurred_at_s", "recorded_at_s"),
        one_of("dispute", "state", [state for state in DisputeState if state is not DisputeState.NEW]),
        CheckConstraint("stated_units <> expected_units", name="dispute_is_about_something"),
        index_where("dispute_by_deadline", "deadline_s", HAS_DEADLINE),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=NAME)
    cycle_id: str = Field(foreign_key="settlement_cycle.id", index=True, sa_type=NAME)
    venue: str
    party: str
    opener: str
    state: str
    stated_units: int = Field(sa_type=BigInteger)
    expected_units: int = Field(sa_type=BigInteger)
    ruled_units: int = Field(sa_type=BigInteger)
    held_units: int = Field(sa_type=BigInteger)
    settles_in: str = Field(index=True)
    report: str
    reason: str
    entered_at_s: int = Field(sa_type=BigInteger)
    deadline_s: int = Field(sa_type=BigInteger)
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


CYCLE: Table = SQLModel.metadata.tables["settlement_cycle"]
OBLIGATION: Table = SQLModel.metadata.tables["obligation"]
GROSS: Table = SQLModel.metadata.tables["gross_obligation"]
DISPUTE: Table = SQLModel.metadata.tables["dispute"]
