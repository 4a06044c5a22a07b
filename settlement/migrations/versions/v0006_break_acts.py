"""Who did what about a break, when and why.

A revision is what was released: it repeats what `settlement.engine.break_tables` says and never changes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_ACTS = "'investigate', 'suspend', 'clear', 'explain'"
_STATES = "'opened', 'investigated', 'in_suspense', 'cleared', 'explained'"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "break_act",
        sa.Column("position", _NUMBER, primary_key=True),
        sa.Column("break_id", _NAME, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("act", "state", "who", "reason")),
        sa.Column("recorded_at_s", sa.BigInteger(), nullable=False),
        *_whole(),
        sa.CheckConstraint(f"act IN ({_ACTS})", name="break_act_act_is_known"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="break_act_state_is_known"),
        sa.CheckConstraint("who <> '' AND reason <> ''", name="break_act_is_somebodys"),
        sa.ForeignKeyConstraint(["break_id"], ["reconciliation_break.id"]),
    )
    op.create_index("ix_break_act_break_id", "break_act", ["break_id"])


def _whole() -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [sa.CheckConstraint("typeof(recorded_at_s) = 'integer'", name="break_act_recorded_at_s_is_whole")]
