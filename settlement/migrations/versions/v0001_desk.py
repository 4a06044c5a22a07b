"""What the desk keeps: fills, margin calls, and messages to the chain.

A revision is what was released: it repeats what `settlement.records` says and never changes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "fill",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(), nullable=False),
        sa.Column("seller", sa.String(), nullable=False),
        sa.Column("lots", sa.BigInteger(), nullable=False),
        sa.Column("price_e6", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at_s", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        *_whole("fill", "sequence", "lots", "price_e6", "occurred_at_s"),
        sa.CheckConstraint("lots > 0 AND price_e6 > 0", name="fill_is_positive"),
        sa.CheckConstraint("buyer <> seller", name="fill_has_two_sides"),
    )
    op.create_index("ix_fill_venue", "fill", ["venue"])
    op.create_table(
        "margin_call",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("amount_units", sa.BigInteger(), nullable=False),
        sa.Column("opened_at_s", sa.BigInteger(), nullable=False),
        sa.Column("deadline_s", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.String(), nullable=False),
        sa.Column("ended_at_s", sa.BigInteger(), nullable=False),
        *_whole("margin_call", "amount_units", "opened_at_s", "deadline_s"),
        sa.CheckConstraint("amount_units > 0 AND deadline_s >= opened_at_s", name="margin_call_can_be_met"),
    )
    op.create_table(
        "chain_message",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("calldata", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
    )


def _whole(table: str, *columns: str) -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [
        sa.CheckConstraint(f"typeof({column}) = 'integer'", name=f"{table}_{column}_is_whole") for column in columns
    ]
