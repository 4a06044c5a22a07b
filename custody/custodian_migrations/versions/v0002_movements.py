"""What the custodian keeps: movements, their events, accepted instructions, liens and halts.

A revision is what was released: it repeats what `custody.custodian_tables` says and never changes with it. The first
revision, 0001, was never released; it knew no exits.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_STATES = (
    "'observed', 'confirming', 'credited', 'reorganised', 'requested', 'approved', 'blocked', 'pending_venue',"
    " 'active', 'recall_requested', 'released', 'sent', 'confirmed', 'failed', 'refused', 'expired'"
)
_ACTS = (
    "'observe', 'request', 'approve', 'reserve', 'confirm', 'drop', 'acknowledge', 'release', 'refuse', 'decline',"
    " 'send', 'fail', 'time_out'"
)


def upgrade() -> None:
    """Make the five tables with their indexes."""
    _make_movement()
    _make_movement_event()
    _make_accepted_instruction()
    _make_lien()
    op.create_table(
        "venue_halt", _text("venue", primary_key=True), _int("recorded_at_s"), *_whole("venue_halt", "recorded_at_s")
    )


def _make_movement() -> None:
    op.create_table(
        "movement",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("id", _NAME, nullable=False),
        *(_text(name) for name in ("lifecycle", "standing", "party", "asset")),
        _int("units"),
        *(_text(name) for name in ("venue", "to_venue", "destination", "state", "reason")),
        *(_int(name) for name in ("entered_at_s", "deadline_s", "holds", "confirmations")),
        *(_int(name) for name in ("occurred_at_s", "recorded_at_s")),
        *_whole("movement", "units", "entered_at_s", "deadline_s", "holds", "confirmations"),
        *_whole("movement", "occurred_at_s", "recorded_at_s"),
        _known("movement", "lifecycle", "'deposit', 'delegation', 'recall', 'move', 'withdrawal', 'exit'"),
        _known("movement", "standing", "'pooled', 'segregated'"),
        _known("movement", "state", _STATES),
        _check("movement_id_is_short", "length(id) BETWEEN 1 AND 64"),
        _check("movement_units_are_positive", "units > 0"),
        _check("movement_deadline_is_later", "deadline_s = 0 OR deadline_s > entered_at_s"),
        _check("movement_counts_are_not_negative", "holds >= 0 AND confirmations >= 0"),
        _check("movement_goes_elsewhere", "lifecycle <> 'move' OR venue <> to_venue"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_movement_party", "movement", ["party"])
    op.create_index("ix_movement_state", "movement", ["state"])
    _index_where("movement_by_deadline", "movement", "deadline_s", "deadline_s > 0")


def _make_movement_event() -> None:
    op.create_table(
        "movement_event",
        sa.Column("position", _NUMBER, primary_key=True),
        sa.Column("movement_id", _NAME, nullable=False),
        *(_text(name) for name in ("name", "act", "source", "state", "reference", "reason")),
        *(_int(name) for name in ("occurred_at_s", "recorded_at_s")),
        *_whole("movement_event", "occurred_at_s", "recorded_at_s"),
        _known("movement_event", "act", _ACTS),
        _known("movement_event", "source", f"'new', {_STATES}"),
        _known("movement_event", "state", _STATES),
        _check("movement_event_position_is_positive", "position > 0"),
        sa.ForeignKeyConstraint(["movement_id"], ["movement.id"]),
    )
    op.create_index("ix_movement_event_movement_id", "movement_event", ["movement_id"])


def _make_accepted_instruction() -> None:
    op.create_table(
        "accepted_instruction",
        sa.Column("position", _NUMBER, primary_key=True),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("authority"),
        _int("nonce"),
        _text("operation"),
        sa.Column("governs", sa.Integer(), nullable=False),
        _text("signed"),
        _int("accepted_at_s"),
        *_whole("accepted_instruction", "nonce", "governs", "accepted_at_s"),
        _check("accepted_instruction_nonce_is_not_negative", "nonce >= 0"),
        _check("accepted_instruction_governs_is_a_flag", "governs BETWEEN 0 AND 1"),
        _check("accepted_instruction_digest_is_keccak256", "length(digest) = 32"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("accepted_instruction_by_nonce", "accepted_instruction", ["authority", "nonce"], unique=True)
    _index_where("accepted_instruction_that_governs", "accepted_instruction", "position", "governs = 1")


def _make_lien() -> None:
    reasons = "'settlement_pending', 'call_open', 'margin_would_breach', 'obligation_unpaid'"
    op.create_table(
        "lien",
        *(_text(name, primary_key=True) for name in ("party", "venue", "asset", "reason")),
        _int("units"),
        _int("recorded_at_s"),
        *_whole("lien", "units", "recorded_at_s"),
        _known("lien", "reason", reasons),
        _check("lien_units_are_positive", "units > 0"),
    )


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, primary_key=primary_key)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


def _known(table: str, column: str, listed: str) -> sa.CheckConstraint:
    return _check(f"{table}_{column}_is_known", f"{column} IN ({listed})")


def _whole(table: str, *columns: str) -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [_check(f"{table}_{column}_is_whole", f"typeof({column}) = 'integer'") for column in columns]


def _index_where(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
