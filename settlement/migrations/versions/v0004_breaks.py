"""What the engine keeps of breaks: one row each, with the state that it is in.

A revision is what was released: it repeats what `settlement.engine.break_tables` says and never changes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_TYPES = "'unknown_account', 'missing', 'duplicate', 'status', 'side', 'amount', 'price', 'mark', 'timing', 'rounding'"
_STATES = "'opened', 'investigated', 'in_suspense', 'cleared', 'explained'"
_WHOLE = ("occurrence", "since_s", "block", "occurred_at_s", "recorded_at_s")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "reconciliation_break",
        sa.Column("position", _NUMBER, primary_key=True),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("found_as", _NAME, nullable=False),
        _int("occurrence"),
        *map(_text, ("type", "owner", "facts")),
        *map(_int, ("since_s", "block")),
        *map(_text, ("state", "reason")),
        *map(_int, ("occurred_at_s", "recorded_at_s")),
        *_whole(),
        sa.CheckConstraint(f"type IN ({_TYPES})", name="reconciliation_break_type_is_known"),
        sa.CheckConstraint("owner IN ('ledger', 'venue', 'chain')", name="reconciliation_break_owner_is_known"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="reconciliation_break_state_is_known"),
        sa.CheckConstraint("occurrence > 0", name="reconciliation_break_occurrence_is_positive"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_reconciliation_break_found_as", "reconciliation_break", ["found_as"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _whole() -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    names = [(column, f"reconciliation_break_{column}_is_whole") for column in _WHOLE]
    return [sa.CheckConstraint(f"typeof({column}) = 'integer'", name=name) for column, name in names]
