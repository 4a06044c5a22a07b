"""What the engine keeps of cycles and tells of them: cycles, obligations, disputes, events, endpoints, deliveries.

A revision is what was released: it repeats what `settlement.engine.cycle_tables` and `settlement.engine.webhook_tables`
say and never changes with them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_STATES = (
    "'open', 'cut_off', 'computed', 'proposed', 'agreed', 'window', 'final', 'paid', 'confirmed',"
    " 'partially_completed', 'disputed', 'voided', 'late', 'failed'"
)
_DISPUTE_STATES = "'opened', 'under_review', 'adjusted', 'upheld', 'retracted', 'closed'"


def upgrade() -> None:
    """Make the seven tables with their indexes."""
    _make_cycle()
    _make_obligations()
    _make_dispute()
    _make_webhooks()


def _make_cycle() -> None:
    numbers = ("entered_at_s", "deadline_s", "cut_off_s")
    rest = ("window_ends_s", "confirmations", "short_units", "penalty_units")
    op.create_table(
        "settlement_cycle",
        sa.Column("position", _NUMBER, primary_key=True),
        _name("id"),
        _text("venue"),
        _int("number"),
        _text("state"),
        *map(_int, numbers),
        *map(_text, ("fills_digest", "marks_digest", "digest", "excluded")),
        _int("holds"),
        sa.Column("is_held", sa.Integer(), nullable=False),
        *map(_int, rest),
        _text("reason"),
        *map(_int, ("occurred_at_s", "recorded_at_s")),
        *_whole("settlement_cycle", "number", *numbers, "holds", "is_held"),
        *_whole("settlement_cycle", *rest, "occurred_at_s", "recorded_at_s"),
        _check("settlement_cycle_state_is_known", f"state IN ({_STATES})"),
        _check("settlement_cycle_number_is_positive", "number > 0"),
        _check("settlement_cycle_is_held_is_a_flag", "is_held BETWEEN 0 AND 1"),
        _check("settlement_cycle_short_is_not_negative", "short_units >= 0 AND penalty_units >= 0"),
        _check("settlement_cycle_deadline_is_later", "deadline_s = 0 OR deadline_s >= entered_at_s"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("settlement_cycle_by_venue", "settlement_cycle", ["venue", "number"], unique=True)
    _index_where("settlement_cycle_by_deadline", "settlement_cycle", "deadline_s", "deadline_s > 0")


def _make_obligations() -> None:
    op.create_table(
        "obligation",
        *(_name(name, primary_key=True) for name in ("cycle_id", "asset", "party")),
        _int("units"),
        *_whole("obligation", "units"),
        _check("obligation_moves_something", "units <> 0"),
        sa.ForeignKeyConstraint(["cycle_id"], ["settlement_cycle.id"]),
    )
    op.create_table(
        "gross_obligation",
        _name("cycle_id", primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False, primary_key=True),
        *map(_text, ("debtor", "creditor")),
        _int("units"),
        *map(_text, ("cause", "reference")),
        *_whole("gross_obligation", "number", "units"),
        _check("gross_obligation_cause_is_known", "cause IN ('fill', 'payment', 'revaluation')"),
        _check("gross_obligation_is_owed", "units > 0 AND debtor <> creditor"),
        sa.ForeignKeyConstraint(["cycle_id"], ["settlement_cycle.id"]),
    )


def _make_dispute() -> None:
    amounts = ("stated_units", "expected_units", "ruled_units", "held_units")
    times = ("entered_at_s", "deadline_s", "occurred_at_s", "recorded_at_s")
    op.create_table(
        "dispute",
        sa.Column("position", _NUMBER, primary_key=True),
        *map(_name, ("id", "cycle_id")),
        *map(_text, ("venue", "party", "opener", "state")),
        *map(_int, amounts),
        *map(_text, ("settles_in", "report", "reason")),
        *map(_int, times),
        *_whole("dispute", *amounts, *times),
        _check("dispute_state_is_known", f"state IN ({_DISPUTE_STATES})"),
        _check("dispute_is_about_something", "stated_units <> expected_units"),
        sa.UniqueConstraint("id"),
        sa.ForeignKeyConstraint(["cycle_id"], ["settlement_cycle.id"]),
    )
    op.create_index("ix_dispute_cycle_id", "dispute", ["cycle_id"])
    op.create_index("ix_dispute_settles_in", "dispute", ["settles_in"])
    _index_where("dispute_by_deadline", "dispute", "deadline_s", "deadline_s > 0")


def _make_webhooks() -> None:
    op.create_table(
        "webhook_event",
        sa.Column("position", _NUMBER, primary_key=True),
        _name("object_id"),
        _int("sequence"),
        _name("name"),
        _text("facts"),
        *map(_int, ("source_position", "occurred_at_s", "recorded_at_s")),
        *_whole("webhook_event", "sequence", "source_position", "occurred_at_s", "recorded_at_s"),
        _check("webhook_event_sequence_is_positive", "sequence > 0"),
    )
    op.create_index("webhook_event_by_object", "webhook_event", ["object_id", "sequence"], unique=True)
    _index_where("webhook_event_by_source", "webhook_event", "source_position", "source_position > 0", unique=True)
    op.create_table(
        "webhook_endpoint",
        _name("id", primary_key=True),
        *map(_text, ("party", "url", "events")),
        sa.Column("is_active", sa.Integer(), nullable=False),
        *map(_int, ("occurred_at_s", "recorded_at_s")),
        *_whole("webhook_endpoint", "is_active", "occurred_at_s", "recorded_at_s"),
        _check("webhook_endpoint_is_active_is_a_flag", "is_active BETWEEN 0 AND 1"),
    )
    op.create_table(
        "webhook_delivery",
        _name("endpoint_id", primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False, primary_key=True),
        _name("object_id"),
        *map(_int, ("attempts", "next_attempt_at_s", "delivered_at_s")),
        _text("answer"),
        *_whole("webhook_delivery", "attempts", "next_attempt_at_s", "delivered_at_s"),
        _check("webhook_delivery_attempts_are_not_negative", "attempts >= 0"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"]),
        sa.ForeignKeyConstraint(["position"], ["webhook_event.position"]),
    )
    _index_where("webhook_delivery_that_waits", "webhook_delivery", "next_attempt_at_s", "delivered_at_s = 0")


def _name(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, _NAME, nullable=False, primary_key=primary_key)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


def _whole(table: str, *columns: str) -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [_check(f"{table}_{column}_is_whole", f"typeof({column}) = 'integer'") for column in columns]


def _index_where(name: str, table: str, column: str, condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], unique=unique, sqlite_where=where, postgresql_where=where)
