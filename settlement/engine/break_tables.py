"""Breaks as they were found, and where each stands: one row a break, found again or not.

Nothing of it is deleted, and what was done about it is only ever appended.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Table
from sqlmodel import Field, SQLModel

from custody.custodian_tables import one_of
from custody.tables import NUMBER, whole
from settlement.engine.cycle_tables import NAME
from settlement.reconciling.breaks import BreakType, Source
from settlement.reconciling.lifecycle import BreakAct, BreakState


class BreakRow(SQLModel, table=True):
    """A break; `said` and what `facts_of` tells are JSON. `id` and `occurrence` count how often it has come back."""

    __tablename__ = "reconciliation_break"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("reconciliation_break", "occurrence", "since_s", "block", "occurred_at_s", "recorded_at_s"),
        one_of("reconciliation_break", "type", BreakType),
        one_of("reconciliation_break", "owner", Source),
        one_of("reconciliation_break", "state", BreakState),
        CheckConstraint("occurrence > 0", name="reconciliation_break_occurrence_is_positive"),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=NAME)
    found_as: str = Field(index=True, sa_type=NAME)
    occurrence: int = Field(sa_type=BigInteger)
    type: str
    owner: str
    facts: str
    since_s: int = Field(sa_type=BigInteger)
    block: int = Field(sa_type=BigInteger)
    state: str
    reason: str
    occurred_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class BreakActRow(SQLModel, table=True):
    """Who did what about a break, when and why; `state` is where it stood behind that."""

    __tablename__ = "break_act"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("break_act", "recorded_at_s"),
        one_of("break_act", "act", BreakAct),
        one_of("break_act", "state", BreakState),
        CheckConstraint("who <> '' AND reason <> ''", name="break_act_is_somebodys"),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    break_id: str = Field(foreign_key="reconciliation_break.id", index=True, sa_type=NAME)
    act: str
    state: str
    who: str
    reason: str
    recorded_at_s: int = Field(sa_type=BigInteger)


BREAK_ACT: Table = SQLModel.metadata.tables["break_act"]
BREAK: Table = SQLModel.metadata.tables["reconciliation_break"]
