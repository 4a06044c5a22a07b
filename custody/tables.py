"""The stored books: rows are only rows, so CHECKs hold what even raw SQL must not break.

`transfer` and `seal` are only ever appended to; the counters in `account` are a cache of the transfers which
`Books.verify` recounts. Within the database an account is its key and a pending transfer its position: both are small
whole numbers, and the indexes over them half the size of their names. SQLModel's table models do not validate, and
SQLite stores 1.5 in a BIGINT column without a word: hence STRICT tables, which refuse what is not of a column's type
for a tenth of what typeof() in a CHECK costs.
"""

from enum import IntEnum
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Index, Integer, LargeBinary, String, Table, Text, text
from sqlmodel import Field, SQLModel

from custody.accounts import Code, Limit
from custody.transfers import Kind, Reason

# Only INTEGER PRIMARY KEY is SQLite's own row number, and STRICT knows few words; elsewhere 32 bits would not do.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")

# Bytes in order, whatever the server's language: both databases sort the same, and the index grows at its end.
_NAME = String().with_variant(Text(), "sqlite").with_variant(String(collation="C"), "postgresql")
_TEXT = String().with_variant(Text(), "sqlite")

_STRICT = {"sqlite_strict": True}

# A query must repeat these words for SQLite to use the index that is limited by them.
HAS_REFERENCE = "reference <> ''"
HAS_EXPIRY = "expires_at_s > 0"
HAS_PENDING = "pending_position IS NOT NULL"


def whole(table: str, *columns: str) -> tuple[Constraint, ...]:
    """CHECKs that columns hold whole numbers, for a table that is not STRICT in the one database that needs telling."""
    return tuple(
        CheckConstraint(f"typeof({column}) = 'integer'", name=f"{table}_{column}_is_whole").ddl_if(dialect="sqlite")
        for column in columns
    )


def _one_of(table: str, column: str, values: type[IntEnum]) -> Constraint:
    # The numbers of an enum are consecutive: a range is told from a list in a third of the time, on every insert.
    return CheckConstraint(f"{column} BETWEEN {min(values)} AND {max(values)}", name=f"{table}_{column}_is_known")


def _sha256(table: str) -> Constraint:
    return CheckConstraint("length(digest) = 32", name=f"{table}_digest_is_sha256")


def index_where(name: str, column: str, condition: str, *, unique: bool = False) -> Index:
    """An index over the rows that meet a condition."""
    # Most transfers have no reference, expiry or pending one; an index without them costs those that have none nothing.
    return Index(name, column, unique=unique, sqlite_where=text(condition), postgresql_where=text(condition))


class AccountRow(SQLModel, table=True):
    """An account with its four counters, in ledger units. Keys count from 1 without a gap, in order of opening.

    `digest` is that of the definition, so counters and marks may change without it.
    `closed_after` is the journal's last position when the account was closed; both marks are NULL while it is open.
    """

    __tablename__ = "account"
    __table_args__: ClassVar[tuple[Constraint | dict[str, bool], ...]] = (
        _one_of("account", "code", Code),
        _one_of("account", "limit_rule", Limit),
        CheckConstraint("key > 0", name="account_key_is_positive"),
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
        CheckConstraint(
            "(closed_after IS NULL AND closed_at_s IS NULL) OR (closed_after IS NOT NULL AND closed_at_s IS NOT NULL"
            " AND debits_posted = credits_posted AND debits_pending = 0 AND credits_pending = 0)",
            name="account_is_empty_when_closed",
        ),
        _sha256("account"),
        _STRICT,
    )

    key: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=_NAME)
    asset: str = Field(sa_type=_TEXT)
    code: int
    limit_rule: int
    debits_pending: int = Field(default=0, sa_type=NUMBER)
    debits_posted: int = Field(default=0, sa_type=NUMBER)
    credits_pending: int = Field(default=0, sa_type=NUMBER)
    credits_posted: int = Field(default=0, sa_type=NUMBER)
    digest: bytes = Field(sa_type=LargeBinary)
    closed_after: int | None = Field(default=None, sa_type=NUMBER)
    closed_at_s: int | None = Field(default=None, sa_type=NUMBER)


class TransferRow(SQLModel, table=True):
    """A transfer in the journal; accounts by key, the pending transfer that it ends by position.

    `pending_position` is unique, so the database too lets a pending transfer end only once.
    """

    __tablename__ = "transfer"
    __table_args__: ClassVar[tuple[Constraint | Index | dict[str, bool], ...]] = (
        _one_of("transfer", "kind", Kind),
        _one_of("transfer", "reason", Reason),
        CheckConstraint("position > 0", name="transfer_position_is_positive"),
        CheckConstraint("length(id) BETWEEN 1 AND 64", name="transfer_id_is_short"),
        CheckConstraint("amount > 0", name="transfer_amount_is_positive"),
        CheckConstraint("debit_account <> credit_account", name="transfer_accounts_are_different"),
        CheckConstraint("linked BETWEEN 0 AND 1", name="transfer_linked_is_a_flag"),
        CheckConstraint(
            f"(kind >= {int(Kind.POST)}) = (pending_position IS NOT NULL)", name="transfer_resolves_a_pending_one"
        ),
        CheckConstraint(
            f"expires_at_s = 0 OR (kind = {int(Kind.PENDING)} AND expires_at_s > occurred_at_s)",
            name="transfer_expires_after_it_occurred",
        ),
        CheckConstraint("checksum BETWEEN 0 AND 4294967295", name="transfer_checksum_has_32_bits"),
        index_where("transfer_by_pending_position", "pending_position", HAS_PENDING, unique=True),
        index_where("transfer_by_reference", "reference", HAS_REFERENCE),
        index_where("transfer_by_expiry", "expires_at_s", HAS_EXPIRY),
        _STRICT,
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    id: str = Field(unique=True, sa_type=_NAME)
    debit_account: int = Field(foreign_key="account.key", index=True, sa_type=NUMBER)
    credit_account: int = Field(foreign_key="account.key", index=True, sa_type=NUMBER)
    amount: int = Field(sa_type=NUMBER)
    reason: int
    kind: int
    pending_position: int | None = Field(default=None, foreign_key="transfer.position", sa_type=NUMBER)
    linked: int
    reference: str = Field(sa_type=_TEXT)
    occurred_at_s: int = Field(sa_type=NUMBER)
    expires_at_s: int = Field(sa_type=NUMBER)
    checksum: int = Field(sa_type=NUMBER)


class SealRow(SQLModel, table=True):
    """What one post added, sealed: everything up to this position and this account key, chained to the seal before."""

    __tablename__ = "seal"
    __table_args__: ClassVar[tuple[Constraint | dict[str, bool], ...]] = (
        CheckConstraint("position > 0", name="seal_position_is_positive"),
        CheckConstraint("accounts > 0", name="seal_accounts_are_positive"),
        _sha256("seal"),
        _STRICT,
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    accounts: int = Field(sa_type=NUMBER)
    recorded_at_s: int = Field(sa_type=NUMBER)
    digest: bytes = Field(sa_type=LargeBinary)


ACCOUNT: Table = SQLModel.metadata.tables["account"]
TRANSFER: Table = SQLModel.metadata.tables["transfer"]
SEAL: Table = SQLModel.metadata.tables["seal"]
