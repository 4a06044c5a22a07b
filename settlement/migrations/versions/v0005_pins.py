"""What the engine's cycles are computed from.

A revision is what was released: it repeats what `settlement.engine.pins` says and never changes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "cycle_pin",
        sa.Column("cycle_id", _NAME, primary_key=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("cut_off_ms", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.String(), nullable=False),
        sa.Column("profit", sa.String(), nullable=False),
        sa.Column("batch", sa.LargeBinary(), nullable=False),
        *_whole("last", "cut_off_ms"),
        sa.CheckConstraint("last >= 0 AND cut_off_ms > 0", name="cycle_pin_is_somewhere"),
        sa.ForeignKeyConstraint(["cycle_id"], ["settlement_cycle.id"]),
    )


def _whole(*columns: str) -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [sa.CheckConstraint(f"typeof({one}) = 'integer'", name=f"cycle_pin_{one}_is_whole") for one in columns]
