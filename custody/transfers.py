"""A transfer moves one positive amount from a debit account to a credit account: no unbalanced book can be written.

Whatever waits on someone else takes two phases: a PENDING transfer reserves, a later POST moves all or part of it (and
releases the rest), a VOID releases it. Ids are the caller's and idempotent. A refusal is a value, in precedence order.
The model is TigerBeetle's.
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from hashlib import sha256

from custody.money import MAX_UNITS

_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")


class Kind(IntEnum):
    """What a transfer does to the counters; stored by number."""

    POSTED = 1
    PENDING = 2
    POST = 3
    VOID = 4

    @property
    def resolves(self) -> bool:
        """Whether it ends a pending transfer."""
        return self >= Kind.POST


class Reason(IntEnum):
    """Why value moved; stored by number, so numbers are never reused."""

    DEPOSIT = 1
    WITHDRAWAL = 2
    DELEGATION = 3
    RECALL = 4
    VENUE_MOVE = 5
    TOP_UP = 6
    SETTLEMENT = 7
    LIQUIDATION_PENALTY = 8
    TRADE_FEE = 9
    CUSTODY_FEE = 10
    WATERFALL = 11
    CONVERSION = 12
    CORRECTION = 13
    PREFUNDING = 14
    POOL_RETURN = 15


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement, as the caller states it and as the journal keeps it.

    `id`: the caller's, 1–64 of [A-Za-z0-9_.:/-]. `amount`: ledger units, positive; of a POST, 0 stands for all that is
    pending and less than that releases the rest; of a VOID, 0. A POST or VOID names its pending transfer in
    `pending_id` and may leave both accounts "". `reference`: any text that `is_text`. `linked`: stands or falls with
    the next one. `expires_at_s`: for PENDING only, the first second at which it can no longer be posted; 0 is never.
    Times are UTC seconds. The journal keeps a POST or VOID with the pending transfer's accounts and the amount that it
    posted or released.
    """

    id: str
    debit_account: str
    credit_account: str
    amount: int
    reason: Reason
    kind: Kind = Kind.POSTED
    pending_id: str = ""
    linked: bool = False
    reference: str = ""
    occurred_at_s: int = 0
    expires_at_s: int = 0


def derived_id(parent_id: str, word: str) -> str:
    """The id of what follows from a transfer, such as `…:post`; a hash stands in for an id too long to extend.

    An id of up to 64 characters is the caller's right, and what was held under it must still be possible to end.
    """
    derived = f"{parent_id}:{word}"
    return derived if len(derived) <= 64 else f"{sha256(parent_id.encode()).hexdigest()[: 63 - len(word)]}:{word}"


def linked(*transfers: Transfer) -> tuple[Transfer, ...]:
    """The transfers as one all-or-none chain: every one but the last is linked to the next."""
    last = len(transfers) - 1
    return tuple(
        transfer if transfer.linked == (index < last) else replace(transfer, linked=index < last)
        for index, transfer in enumerate(transfers)
    )


class Refusal(StrEnum):
    """Why a transfer was not applied; where several hold, the earlier member is the answer."""

    LINKED_EVENT_FAILED = "linked_event_failed"
    LINKED_CHAIN_OPEN = "linked_chain_open"
    ID_IS_MALFORMED = "id_is_malformed"
    EXISTS_WITH_DIFFERENT_KIND = "exists_with_different_kind"
    EXISTS_WITH_DIFFERENT_PENDING_ID = "exists_with_different_pending_id"
    EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT = "exists_with_different_debit_account"
    EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT = "exists_with_different_credit_account"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    EXISTS_WITH_DIFFERENT_REASON = "exists_with_different_reason"
    EXISTS_WITH_DIFFERENT_REFERENCE = "exists_with_different_reference"
    EXISTS_WITH_DIFFERENT_OCCURRED_AT = "exists_with_different_occurred_at"
    EXISTS_WITH_DIFFERENT_EXPIRES_AT = "exists_with_different_expires_at"
    REFERENCE_IS_MALFORMED = "reference_is_malformed"
    AMOUNT_MUST_BE_POSITIVE = "amount_must_be_positive"
    AMOUNT_EXCEEDS_INT64 = "amount_exceeds_int64"
    PENDING_ID_IS_REQUIRED = "pending_id_is_required"
    PENDING_ID_IS_NOT_ALLOWED = "pending_id_is_not_allowed"
    ACCOUNTS_MUST_BE_DIFFERENT = "accounts_must_be_different"
    EXPIRY_IS_NOT_ALLOWED = "expiry_is_not_allowed"
    EXPIRY_MUST_BE_AFTER_OCCURRENCE = "expiry_must_be_after_occurrence"
    DEBIT_ACCOUNT_NOT_FOUND = "debit_account_not_found"
    CREDIT_ACCOUNT_NOT_FOUND = "credit_account_not_found"
    ACCOUNTS_MUST_HOLD_THE_SAME_ASSET = "accounts_must_hold_the_same_asset"
    DEBIT_ACCOUNT_IS_CLOSED = "debit_account_is_closed"
    CREDIT_ACCOUNT_IS_CLOSED = "credit_account_is_closed"
    PENDING_TRANSFER_NOT_FOUND = "pending_transfer_not_found"
    PENDING_TRANSFER_IS_NOT_PENDING = "pending_transfer_is_not_pending"
    PENDING_HAS_DIFFERENT_DEBIT_ACCOUNT = "pending_has_different_debit_account"
    PENDING_HAS_DIFFERENT_CREDIT_ACCOUNT = "pending_has_different_credit_account"
    EXCEEDS_PENDING_AMOUNT = "exceeds_pending_amount"
    PENDING_HAS_DIFFERENT_AMOUNT = "pending_has_different_amount"
    ALREADY_POSTED = "already_posted"
    ALREADY_VOIDED = "already_voided"
    PENDING_TRANSFER_EXPIRED = "pending_transfer_expired"
    TOTAL_EXCEEDS_INT64 = "total_exceeds_int64"
    EXCEEDS_AVAILABLE = "exceeds_available"
    EXCEEDS_OWED = "exceeds_owed"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same transfer could be applied later, once the books have changed.

        LINKED_EVENT_FAILED answers no: the member of the chain that failed has the answer.
        """
        return self in _RETRY_MAY_SUCCEED


_RETRY_MAY_SUCCEED = frozenset({
    Refusal.DEBIT_ACCOUNT_NOT_FOUND,
    Refusal.CREDIT_ACCOUNT_NOT_FOUND,
    Refusal.PENDING_TRANSFER_NOT_FOUND,
    Refusal.TOTAL_EXCEEDS_INT64,  # counts what is pending, which may yet be voided
    Refusal.EXCEEDS_AVAILABLE,
    Refusal.EXCEEDS_OWED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one transfer: applied (now, or before: `repeated`), or the reason why not."""

    transfer_id: str
    refusal: Refusal | None = None
    repeated: bool = False

    @property
    def ok(self) -> bool:
        """Whether the transfer is in the books."""
        return self.refusal is None


def has_plain_id(transfer: Transfer) -> bool:
    """Whether the id is 1–64 of the allowed characters."""
    return _ID.fullmatch(transfer.id) is not None


def is_text(text: str) -> bool:
    """Whether both databases can keep it: no NUL in it, and nothing that UTF-8 has no bytes for."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def check(transfer: Transfer) -> Refusal | None:
    """The first refusal that the transfer earns by its own shape, whatever the books say; the id aside."""
    if not is_text(transfer.reference):
        return Refusal.REFERENCE_IS_MALFORMED
    if transfer.amount < (0 if transfer.kind.resolves else 1):
        return Refusal.AMOUNT_MUST_BE_POSITIVE
    if transfer.amount > MAX_UNITS:
        return Refusal.AMOUNT_EXCEEDS_INT64
    return _check_names(transfer) or _check_expiry(transfer)


def _check_names(transfer: Transfer) -> Refusal | None:
    if transfer.kind.resolves:
        return None if transfer.pending_id else Refusal.PENDING_ID_IS_REQUIRED
    if transfer.pending_id:
        return Refusal.PENDING_ID_IS_NOT_ALLOWED
    return Refusal.ACCOUNTS_MUST_BE_DIFFERENT if transfer.debit_account == transfer.credit_account else None


def _check_expiry(transfer: Transfer) -> Refusal | None:
    if transfer.expires_at_s == 0:
        return None
    if transfer.kind is not Kind.PENDING:
        return Refusal.EXPIRY_IS_NOT_ALLOWED
    return Refusal.EXPIRY_MUST_BE_AFTER_OCCURRENCE if transfer.expires_at_s <= transfer.occurred_at_s else None
