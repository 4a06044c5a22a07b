"""The part of the books that a set of transfers touches, and how one accepted transfer moves its counters."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from custody.accounts import Account, Totals
from custody.transfers import Kind, Transfer


@dataclass(slots=True)
class LedgerState:
    """As much of the books as a set of transfers touches; every account in `accounts` has its `totals`.

    `transfers`: by id, as the journal keeps them, in the order applied. `resolved`: pending id → POST or VOID.
    `closed`: the accounts that take no more transfers.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    totals: dict[str, Totals] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    resolved: dict[str, Kind] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)


def change_of(transfer: Transfer, pending_amount: int = 0) -> tuple[int, int]:
    """What a transfer, as the journal keeps it, adds to (pending, posted) on both of its accounts, in ledger units.

    `pending_amount` is that of the transfer which a POST or VOID ends: all of it leaves the pending counters.
    """
    match transfer.kind:
        case Kind.POSTED:
            return 0, transfer.amount
        case Kind.PENDING:
            return transfer.amount, 0
        case Kind.POST:
            return -pending_amount, transfer.amount
        case Kind.VOID:
            return -pending_amount, 0


def write(state: LedgerState, transfer: Transfer, before: dict[str, Totals]) -> None:
    """Record an accepted transfer and move its counters; `before` keeps what the totals were at first."""
    pending_amount = 0
    if transfer.kind.resolves:
        pending_amount = state.transfers[transfer.pending_id].amount
        state.resolved[transfer.pending_id] = transfer.kind
    pending, posted = change_of(transfer, pending_amount)
    debit, credit = state.totals[transfer.debit_account], state.totals[transfer.credit_account]
    before.setdefault(transfer.debit_account, debit)
    before.setdefault(transfer.credit_account, credit)
    state.totals[transfer.debit_account] = with_debits(debit, pending, posted)
    state.totals[transfer.credit_account] = with_credits(credit, pending, posted)
    state.transfers[transfer.id] = transfer


def with_debits(totals: Totals, pending: int, posted: int) -> Totals:
    """The totals with their debit counters moved by so many units."""
    return Totals(
        totals.debits_pending + pending, totals.debits_posted + posted, totals.credits_pending, totals.credits_posted
    )


def with_credits(totals: Totals, pending: int, posted: int) -> Totals:
    """The totals with their credit counters moved by so many units."""
    return Totals(
        totals.debits_pending, totals.debits_posted, totals.credits_pending + pending, totals.credits_posted + posted
    )


def undo(state: LedgerState, fresh: Sequence[Transfer], before: dict[str, Totals]) -> None:
    """Take back everything that `write` did for a chain which failed."""
    state.totals.update(before)
    for transfer in fresh:
        del state.transfers[transfer.id]
        if transfer.kind.resolves:
            del state.resolved[transfer.pending_id]


@dataclass(frozen=True, slots=True)
class Stored:
    """A transfer that the journal holds already, and where."""

    position: int
    transfer: Transfer
