"""The books: accounts, the journal of transfers, and the seals on it.

A revision is what was released: it repeats what `custody.tables` says and never changes with it. The first revision,
0001, was never released; its journal had other encodings, and cannot be sealed again without being rewritten.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.String().with_variant(sa.Text(), "sqlite")
_NAME = _TEXT.with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the three tables with their indexes."""
    _make_account()
    _make_transfer()
    _make_seal()


def _make_account() -> None:
    op.create_table(
        "account",
        sa.Column("key", _NUMBER, primary_key=True),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("asset", _TEXT, nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("limit_rule", sa.Integer(), nullable=False),
        sa.Column("debits_pending", _NUMBER, nullable=False),
        sa.Column("debits_posted", _NUMBER, nullable=False),
        sa.Column("credits_pending", _NUMBER, nullable=False),
        sa.Column("credits_posted", _NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("closed_after", _NUMBER),
        sa.Column("closed_at_s", _NUMBER),
        _check("account_code_is_known", "code BETWEEN 1 AND 12"),
        _check("account_limit_rule_is_known", "limit_rule BETWEEN 0 AND 2"),
        _check("account_key_is_positive", "key > 0"),
        _check(
            "account_counters_are_not_negative",
            "debits_pending >= 0 AND debits_posted >= 0 AND credits_pending >= 0 AND credits_posted >= 0",
        ),
        _check("account_debits_within_credits", "limit_rule <> 1 OR debits_posted + debits_pending <= credits_posted"),
        _check("account_credits_within_debits", "limit_rule <> 2 OR credits_posted + credits_pending <= debits_posted"),
        _check(
            "account_is_empty_when_closed",
            "(closed_after IS NULL AND closed_at_s IS NULL) OR (closed_after IS NOT NULL AND closed_at_s IS NOT NULL"
            " AND debits_posted = credits_posted AND debits_pending = 0 AND credits_pending = 0)",
        ),
        _sha256("account"),
        sa.UniqueConstraint("id"),
        sqlite_strict=True,
    )


def _make_transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("position", _NUMBER, primary_key=True),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("debit_account", _NUMBER, nullable=False),
        sa.Column("credit_account", _NUMBER, nullable=False),
        sa.Column("amount", _NUMBER, nullable=False),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("pending_position", _NUMBER),
        sa.Column("linked", sa.Integer(), nullable=False),
        sa.Column("reference", _TEXT, nullable=False),
        sa.Column("occurred_at_s", _NUMBER, nullable=False),
        sa.Column("expires_at_s", _NUMBER, nullable=False),
        sa.Column("checksum", _NUMBER, nullable=False),
        _check("transfer_kind_is_known", "kind BETWEEN 1 AND 4"),
        _check("transfer_reason_is_known", "reason BETWEEN 1 AND 15"),
        _check("transfer_position_is_positive", "position > 0"),
        _check("transfer_id_is_short", "length(id) BETWEEN 1 AND 64"),
        _check("transfer_amount_is_positive", "amount > 0"),
        _check("transfer_accounts_are_different", "debit_account <> credit_account"),
        _check("transfer_linked_is_a_flag", "linked BETWEEN 0 AND 1"),
        _check("transfer_resolves_a_pending_one", "(kind >= 3) = (pending_position IS NOT NULL)"),
        _check("transfer_expires_after_it_occurred", "expires_at_s = 0 OR (kind = 2 AND expires_at_s > occurred_at_s)"),
        _check("transfer_checksum_has_32_bits", "checksum BETWEEN 0 AND 4294967295"),
        sa.UniqueConstraint("id"),
        sa.ForeignKeyConstraint(["debit_account"], ["account.key"]),
        sa.ForeignKeyConstraint(["credit_account"], ["account.key"]),
        sa.ForeignKeyConstraint(["pending_position"], ["transfer.position"]),
        sqlite_strict=True,
    )
    op.create_index("ix_transfer_debit_account", "transfer", ["debit_account"])
    op.create_index("ix_transfer_credit_account", "transfer", ["credit_account"])
    _index_where("transfer_by_pending_position", "pending_position", "pending_position IS NOT NULL", unique=True)
    _index_where("transfer_by_reference", "reference", "reference <> ''")
    _index_where("transfer_by_expiry", "expires_at_s", "expires_at_s > 0")


def _make_seal() -> None:
    op.create_table(
        "seal",
        sa.Column("position", _NUMBER, primary_key=True),
        sa.Column("accounts", _NUMBER, nullable=False),
        sa.Column("recorded_at_s", _NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _check("seal_position_is_positive", "position > 0"),
        _check("seal_accounts_are_positive", "accounts > 0"),
        _sha256("seal"),
        sqlite_strict=True,
    )


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


def _sha256(table: str) -> sa.CheckConstraint:
    return _check(f"{table}_digest_is_sha256", "length(digest) = 32")


def _index_where(name: str, column: str, condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, "transfer", [column], unique=unique, sqlite_where=where, postgresql_where=where)
