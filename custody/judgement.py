"""One transfer against the books: applied as it stands, there already, or refused with the first reason that holds."""

from dataclasses import replace

from custody.accounts import Limit
from custody.money import MAX_UNITS
from custody.state import LedgerState
from custody.transfers import Kind, Refusal, Transfer, check, has_plain_id


def judge(state: LedgerState, transfer: Transfer, now_s: int) -> Transfer | Refusal | None:
    """The transfer as the journal will keep it, or why not, or None if it is there already."""
    if not has_plain_id(transfer):
        return Refusal.ID_IS_MALFORMED
    known = state.transfers.get(transfer.id)
    if known is not None:
        return _difference(state, known, transfer)
    shape = check(transfer)
    if shape is not None:
        return shape
    if transfer.kind.resolves:
        return _judge_resolution(state, transfer, now_s)
    return _judge_accounts(state, transfer) or _judge_room(state, transfer) or transfer


def _difference(state: LedgerState, known: Transfer, again: Transfer) -> Refusal | None:
    """What a second transfer of the same id says differently; None where it is the same one again."""
    again = _as_kept(state, known, again)
    differences = (
        (known.kind != again.kind, Refusal.EXISTS_WITH_DIFFERENT_KIND),
        (known.pending_id != again.pending_id, Refusal.EXISTS_WITH_DIFFERENT_PENDING_ID),
        (known.debit_account != again.debit_account, Refusal.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT),
        (known.credit_account != again.credit_account, Refusal.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT),
        (known.amount != again.amount, Refusal.EXISTS_WITH_DIFFERENT_AMOUNT),
        (known.reason != again.reason, Refusal.EXISTS_WITH_DIFFERENT_REASON),
        (known.reference != again.reference, Refusal.EXISTS_WITH_DIFFERENT_REFERENCE),
        (known.occurred_at_s != again.occurred_at_s, Refusal.EXISTS_WITH_DIFFERENT_OCCURRED_AT),
        (known.expires_at_s != again.expires_at_s, Refusal.EXISTS_WITH_DIFFERENT_EXPIRES_AT),
    )
    return next((refusal for differs, refusal in differences if differs), None)


def _as_kept(state: LedgerState, known: Transfer, again: Transfer) -> Transfer:
    """A repeated POST or VOID with what it may leave out filled in, as it was when the journal took the first one."""
    if not known.kind.resolves:
        return again
    pending = state.transfers[known.pending_id]
    return replace(
        again,
        debit_account=again.debit_account or pending.debit_account,
        credit_account=again.credit_account or pending.credit_account,
        amount=again.amount or pending.amount,
    )


def _judge_accounts(state: LedgerState, transfer: Transfer) -> Refusal | None:
    debit = state.accounts.get(transfer.debit_account)
    credit = state.accounts.get(transfer.credit_account)
    if debit is None:
        return Refusal.DEBIT_ACCOUNT_NOT_FOUND
    if credit is None:
        return Refusal.CREDIT_ACCOUNT_NOT_FOUND
    if debit.asset != credit.asset:
        return Refusal.ACCOUNTS_MUST_HOLD_THE_SAME_ASSET
    if debit.id in state.closed:
        return Refusal.DEBIT_ACCOUNT_IS_CLOSED
    return Refusal.CREDIT_ACCOUNT_IS_CLOSED if credit.id in state.closed else None


def _judge_room(state: LedgerState, transfer: Transfer) -> Refusal | None:
    """Whether both accounts can take the amount; a POST or VOID needs no such check, it only moves what is reserved."""
    debit = state.totals[transfer.debit_account]
    credit = state.totals[transfer.credit_account]
    debits = debit.debits_posted + debit.debits_pending + transfer.amount
    credits_ = credit.credits_posted + credit.credits_pending + transfer.amount
    if debits > MAX_UNITS or credits_ > MAX_UNITS:
        return Refusal.TOTAL_EXCEEDS_INT64
    debit_limit = state.accounts[transfer.debit_account].limit
    if debit_limit is Limit.DEBITS_WITHIN_CREDITS and debits > debit.credits_posted:
        return Refusal.EXCEEDS_AVAILABLE
    credit_limit = state.accounts[transfer.credit_account].limit
    if credit_limit is Limit.CREDITS_WITHIN_DEBITS and credits_ > credit.debits_posted:
        return Refusal.EXCEEDS_OWED
    return None


def _judge_resolution(state: LedgerState, transfer: Transfer, now_s: int) -> Transfer | Refusal:
    pending = state.transfers.get(transfer.pending_id)
    if pending is None:
        return Refusal.PENDING_TRANSFER_NOT_FOUND
    if pending.kind is not Kind.PENDING:
        return Refusal.PENDING_TRANSFER_IS_NOT_PENDING
    mismatch = _mismatch(pending, transfer)
    if mismatch is not None:
        return mismatch
    resolution = state.resolved.get(pending.id)
    if resolution is not None:
        return Refusal.ALREADY_POSTED if resolution is Kind.POST else Refusal.ALREADY_VOIDED
    if transfer.kind is Kind.POST and has_expired(pending, now_s):
        return Refusal.PENDING_TRANSFER_EXPIRED  # a VOID is what an expired transfer is waiting for
    return replace(
        transfer,
        debit_account=pending.debit_account,
        credit_account=pending.credit_account,
        amount=transfer.amount or pending.amount,
    )


def _mismatch(pending: Transfer, transfer: Transfer) -> Refusal | None:
    if transfer.debit_account not in {"", pending.debit_account}:
        return Refusal.PENDING_HAS_DIFFERENT_DEBIT_ACCOUNT
    if transfer.credit_account not in {"", pending.credit_account}:
        return Refusal.PENDING_HAS_DIFFERENT_CREDIT_ACCOUNT
    if transfer.amount > pending.amount:
        return Refusal.EXCEEDS_PENDING_AMOUNT
    if transfer.kind is Kind.VOID and transfer.amount not in {0, pending.amount}:
        return Refusal.PENDING_HAS_DIFFERENT_AMOUNT
    return None


def has_expired(pending: Transfer, now_s: int) -> bool:
    """Whether a pending transfer can no longer be posted; one without an expiry always can."""
    return 0 < pending.expires_at_s <= now_s
