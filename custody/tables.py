"""The stored books: rows are only rows, so CHECKs hold what even raw SQL must not break.

`transfer` is only ever appended to; the counters in `account` and the head in `journal` are caches of it which
`Books.verify` recounts. SQLModel's table models do not validate, and SQLite stores 1.5 in a BIGINT column without a
word: hence a typeof() CHECK on every whole number.
"""

from enum import IntEnum
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Index, Integer, LargeBinary, Table, text
from sqlmodel import Field, SQLModel

from custody.accounts import Code, Limit
from custody.transfers import Kind, Reason

# Only INTEGER PRIMARY KEY is SQLite's own row number; elsewhere a journal outgrows 32 bits.
_POSITION = BigInteger().with_variant(Integer(), "sqlite")

# A query must repeat these words for SQLite to use the index that is limited by them.
HAS_REFERENCE = "reference <> ''"
HAS_EXPIRY = "expires_at_s > 0"


def whole(table: str, *columns: str) -> tuple[Constraint, ...]:
    """CHECKs that the columns hold whole numbers, for the one database that would store others in an integer column."""
    return tuple(
        CheckConstraint(f"typeof({column}) = 'integer'", name=f"{table}_{column}_is_whole").ddl_if(dialect="sqlite")
        for column in columns
    )


def _one_of(table: str, column: str, values: type[IntEnum]) -> Constraint:
    listed = ", ".join(str(int(value)) for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_is_known")


def _index_where(name: str, column: str, condition: str) -> Index:
    # Most transfers have no reference and no expiry; an index of the others costs those that have none nothing.
    return Index(name, column, sqlite_where=text(condition), postgresql_where=text(condition))


class AccountRow(SQLModel, table=True):
    """An account with its four counters, in ledger units."""

    __tablename__ = "account"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("account", "code", "limit_rule", "debits_pending", "debits_posted", "credits_pending", "credits_posted"),
        _one_of("account", "code", Code),
        _one_of("account", "limit_rule", Limit),
        CheckConstraint(
            "debits_pending >= 0 AND debits_posted >= 0 AND credits_pending >= 0 AND credits_posted >= 0",
            name="account_counters_are_not_negative",
        ),
        CheckConstraint(
            f"limit_rule <> {int(Limit.DEBITS_WITHIN_CREDITS)} OR debits_posted + debits_pending <= credits_posted",
            name="account_debits_within_credits",
        ),
        CheckConstraint(
            f"limit_rule <> {int(Limit.CREDITS_WITHIN_DEBITS)} OR credits_posted + credits_pending <= debits_posted",
            name="account_credits_within_debits",
        ),
    )

    id: str = Field(primary_key=True)
    asset: str
    code: int
    limit_rule: int
    debits_pending: int = Field(default=0, sa_type=BigInteger)
    debits_posted: int = Field(default=0, sa_type=BigInteger)
    credits_pending: int = Field(default=0, sa_type=BigInteger)
    credits_posted: int = Field(default=0, sa_type=BigInteger)


class TransferRow(SQLModel, table=True):
    """A transfer in the journal. `pending_id` is unique, so the database too lets a pending transfer end only once."""

    __tablename__ = "transfer"
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = (
        *whole("transfer", "amount", "reason", "kind", "linked", "occurred_at_s", "expires_at_s", "recorded_at_s"),
        _one_of("transfer", "kind", Kind),
        _one_of("transfer", "reason", Reason),
        CheckConstraint("position > 0", name="transfer_position_is_positive"),
        CheckConstraint("length(id) BETWEEN 1 AND 64", name="transfer_id_is_short"),
        CheckConstraint("amount > 0", name="transfer_amount_is_positive"),
        CheckConstraint("debit_account <> credit_account", name="transfer_accounts_are_different"),
        CheckConstraint("linked IN (0, 1)", name="transfer_linked_is_a_flag"),
        CheckConstraint(
            f"(kind IN ({int(Kind.POST)}, {int(Kind.VOID)})) = (pending_id IS NOT NULL)",
            name="transfer_resolves_a_pending_one",
        ),
        CheckConstraint(
            f"expires_at_s = 0 OR (kind = {int(Kind.PENDING)} AND expires_at_s > occurred_at_s)",
            name="transfer_expires_after_it_occurred",
        ),
        CheckConstraint("length(digest) = 32", name="transfer_digest_is_sha256"),
        _index_where("transfer_by_reference", "reference", HAS_REFERENCE),
        _index_where("transfer_by_expiry", "expires_at_s", HAS_EXPIRY),
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=_POSITION)
    id: str = Field(unique=True)
    debit_account: str = Field(foreign_key="account.id", index=True)
    credit_account: str = Field(foreign_key="account.id", index=True)
    amount: int = Field(sa_type=BigInteger)
    reason: int
    kind: int
    pending_id: str | None = Field(default=None, foreign_key="transfer.id", unique=True)
    linked: int
    reference: str
    occurred_at_s: int = Field(sa_type=BigInteger)
    expires_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)
    digest: bytes = Field(sa_type=LargeBinary)


class JournalRow(SQLModel, table=True):
    """The one row that says where the journal ends: without it, rows cut from its end would leave no trace."""

    __tablename__ = "journal"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("journal", "position"),
        CheckConstraint("id = 1", name="journal_has_one_row"),
        CheckConstraint("position >= 0", name="journal_position_is_not_negative"),
        CheckConstraint("length(digest) = 32", name="journal_digest_is_sha256"),
    )

    id: int = Field(default=1, primary_key=True)
    position: int = Field(sa_type=BigInteger)
    digest: bytes = Field(sa_type=LargeBinary)


ACCOUNT: Table = SQLModel.metadata.tables["account"]
TRANSFER: Table = SQLModel.metadata.tables["transfer"]
JOURNAL: Table = SQLModel.metadata.tables["journal"]
