"""Between rows and values: an absent pending id is NULL in the database and "" in the value."""

from typing import Any

from sqlalchemy import Row

from custody.accounts import Account, Code, Limit, Totals
from custody.journal import Recorded
from custody.transfers import Kind, Reason, Transfer

AnyRow = Row[Any]


def account_row(account: Account) -> dict[str, object]:
    """A new account's row; its counters start at zero."""
    return {
        "id": account.id,
        "asset": account.asset,
        "code": int(account.code),
        "limit_rule": int(account.limit),
        "debits_pending": 0,
        "debits_posted": 0,
        "credits_pending": 0,
        "credits_posted": 0,
    }


def account_of(row: AnyRow) -> Account:
    """The definition in a row of `account`."""
    return Account(row.id, row.asset, Code(row.code), Limit(row.limit_rule))


def totals_of(row: AnyRow) -> Totals:
    """The counters in a row of `account`."""
    return Totals(row.debits_pending, row.debits_posted, row.credits_pending, row.credits_posted)


TRANSFER_COLUMNS = (
    "position", "id", "debit_account", "credit_account", "amount", "reason", "kind", "pending_id", "linked",
    "reference", "occurred_at_s", "expires_at_s", "recorded_at_s", "digest",
)  # fmt: skip
"""The columns of `transfer`, as `transfer_row` fills them."""


def transfer_row(recorded: Recorded) -> tuple[object, ...]:
    """The row of a transfer in its place in the journal, in the order of TRANSFER_COLUMNS."""
    transfer = recorded.transfer
    return (
        recorded.position,
        transfer.id,
        transfer.debit_account,
        transfer.credit_account,
        transfer.amount,
        int(transfer.reason),
        int(transfer.kind),
        transfer.pending_id or None,
        int(transfer.linked),
        transfer.reference,
        transfer.occurred_at_s,
        transfer.expires_at_s,
        recorded.recorded_at_s,
        recorded.digest,
    )


def transfer_of(row: AnyRow) -> Transfer:
    """The transfer in a row of `transfer`."""
    return Transfer(
        row.id,
        row.debit_account,
        row.credit_account,
        row.amount,
        Reason(row.reason),
        Kind(row.kind),
        row.pending_id or "",
        bool(row.linked),
        row.reference,
        row.occurred_at_s,
        row.expires_at_s,
    )


def recorded_of(row: AnyRow) -> Recorded:
    """The transfer in a row of `transfer`, with its place in the journal."""
    return Recorded(row.position, transfer_of(row), row.recorded_at_s, row.digest)
