"""What a venue's own compartment has paid on chain in a payer's place: owed until a later cycle settles it.

A revision is what was released: it repeats what `settlement.engine.advances` says and never changes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "cycle_advance",
        sa.Column("cycle_id", _NAME, primary_key=True),
        sa.Column("party", _NAME, primary_key=True),
        sa.Column("units", sa.BigInteger(), nullable=False),
        *_whole("units"),
        sa.CheckConstraint("units > 0", name="cycle_advance_is_positive"),
        sa.ForeignKeyConstraint(["cycle_id"], ["settlement_cycle.id"]),
    )


def _whole(*columns: str) -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [sa.CheckConstraint(f"typeof({one}) = 'integer'", name=f"cycle_advance_{one}_is_whole") for one in columns]
