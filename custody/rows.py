"""Between rows and values: what is a key or a position in the database has its name in the value."""

from typing import Any

from sqlalchemy import Row, Select, func, select

from custody.accounts import Account, Code, Limit, Totals
from custody.journal import Recorded
from custody.tables import ACCOUNT, SEAL, TRANSFER
from custody.transfers import Kind, Reason, Transfer

AnyRow = Row[Any]

DEBIT, CREDIT = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
_ENDED = TRANSFER.alias("ended")

# Seals are few where transfers come in bulk, and each is found by the key that orders them.
_RECORDED_AT_S = (
    select(SEAL.c.recorded_at_s)
    .where(SEAL.c.position >= TRANSFER.c.position)
    .order_by(SEAL.c.position)
    .limit(1)
    .correlate(TRANSFER)
    .scalar_subquery()
)


def recorded() -> Select[AnyRow]:
    """Every transfer as `recorded_of` reads it: accounts and the pending transfer by name, with its recording time."""
    return (
        select(
            TRANSFER.c.position,
            TRANSFER.c.id,
            DEBIT.c.id.label("debit_account"),
            CREDIT.c.id.label("credit_account"),
            TRANSFER.c.amount,
            TRANSFER.c.reason,
            TRANSFER.c.kind,
            func.coalesce(_ENDED.c.id, "").label("pending_id"),
            TRANSFER.c.linked,
            TRANSFER.c.reference,
            TRANSFER.c.occurred_at_s,
            TRANSFER.c.expires_at_s,
            _RECORDED_AT_S.label("recorded_at_s"),
            TRANSFER.c.checksum,
        )
        .join_from(TRANSFER, DEBIT, DEBIT.c.key == TRANSFER.c.debit_account)
        .join(CREDIT, CREDIT.c.key == TRANSFER.c.credit_account)
        .outerjoin(_ENDED, _ENDED.c.position == TRANSFER.c.pending_position)
    )


def recorded_of(row: AnyRow) -> Recorded:
    """The transfer in a row of `recorded()`, with its place in the journal."""
    transfer = Transfer(
        row.id,
        row.debit_account,
        row.credit_account,
        row.amount,
        Reason(row.reason),
        Kind(row.kind),
        row.pending_id,
        bool(row.linked),
        row.reference,
        row.occurred_at_s,
        row.expires_at_s,
    )
    return Recorded(row.position, transfer, row.recorded_at_s, row.checksum)


def account_of(row: AnyRow) -> Account:
    """The definition in a row of `account`."""
    return Account(row.id, row.asset, Code(row.code), Limit(row.limit_rule))


def totals_of(row: AnyRow) -> Totals:
    """The counters in a row of `account`."""
    return Totals(row.debits_pending, row.debits_posted, row.credits_pending, row.credits_posted)
