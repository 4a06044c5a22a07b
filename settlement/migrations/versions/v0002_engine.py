"""What the engine keeps: reports, what was refused, batches on their way to the chain, checkpoints, who leads.

A revision is what was released: it repeats what `settlement.engine.tables` says and never changes with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the six tables."""
    op.create_table(
        "report",
        _text("venue", key=True),
        _int("last", key=True),
        *map(_int, ("first", "new_from")),
        *map(_bytes, ("body", "digest", "signature")),
        _int("recorded_at_ms"),
        *_whole("report", "last", "first", "new_from", "recorded_at_ms"),
        _check("report_has_news", "0 < first AND first <= new_from AND new_from <= last"),
        _check("report_digest_is_keccak256", "length(digest) = 32"),
    )
    op.create_table(
        "refused_entry",
        _text("venue", key=True),
        _int("number", key=True),
        _text("refusal"),
        _int("recorded_at_ms"),
        *_whole("refused_entry", "number", "recorded_at_ms"),
    )
    op.create_table(
        "refused_report",
        _bytes("digest", key=True),
        _text("refusal", key=True),
        _text("venue"),
        _int("first"),
        *map(_bytes, ("body", "signature")),
        _int("recorded_at_ms"),
        *_whole("refused_report", "first", "recorded_at_ms"),
    )
    _make_batches()


def _make_batches() -> None:
    op.create_table(
        "mirror_batch",
        _int("sequence", key=True),
        *map(_bytes, ("digest", "previous_digest")),
        _int("as_of_s"),
        *map(_bytes, ("marks", "runs")),
        *map(_text, ("covers", "waiting")),
        *map(_int, ("positions", "state", "created_at_ms", "confirmed_at_ms")),
        *_whole("mirror_batch", "sequence", "as_of_s", "positions", "state", "created_at_ms", "confirmed_at_ms"),
        _check("mirror_batch_has_digests", "length(digest) = 32 AND length(previous_digest) = 32"),
        _check("mirror_batch_state_is_known", "state BETWEEN 1 AND 2"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "mirror_checkpoint",
        _int("sequence", key=True),
        *map(_bytes, ("state", "digest")),
        *_whole("mirror_checkpoint", "sequence"),
        _check("mirror_checkpoint_digest_is_sha256", "length(digest) = 32"),
    )
    op.create_table(
        "mirror_leader",
        _int("id", key=True),
        _int("epoch"),
        _text("holder"),
        _int("since_ms"),
        *_whole("mirror_leader", "id", "epoch", "since_ms"),
        _check("mirror_leader_is_one", "id = 1"),
    )


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, primary_key=key)


def _int(name: str, *, key: bool = False) -> sa.Column[int]:
    # The numbers are the contract's and the venues': nothing counts them up.
    return sa.Column(name, sa.BigInteger(), nullable=False, primary_key=key, autoincrement=False)


def _bytes(name: str, *, key: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False, primary_key=key)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


def _whole(table: str, *columns: str) -> list[sa.CheckConstraint]:
    """Only SQLite would store another value in an integer column, and only SQLite has typeof()."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [_check(f"{table}_{column}_is_whole", f"typeof({column}) = 'integer'") for column in columns]
