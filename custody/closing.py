"""Closing an account: only an empty one, and for good; what was in it stays in the journal."""

from dataclasses import dataclass
from enum import StrEnum

from custody.accounts import Totals


class ClosingRefusal(StrEnum):
    """Why an account was not closed; where several hold, the earlier member is the answer. A retry may succeed."""

    ACCOUNT_NOT_FOUND = "account_not_found"
    ACCOUNT_HAS_PENDING_TRANSFERS = "account_has_pending_transfers"
    ACCOUNT_HAS_A_BALANCE = "account_has_a_balance"


@dataclass(frozen=True, slots=True)
class Closing:
    """The answer for one account: closed (now, or before: `repeated`), or the reason why not."""

    account_id: str
    refusal: ClosingRefusal | None = None
    repeated: bool = False

    @property
    def ok(self) -> bool:
        """Whether the account is closed."""
        return self.refusal is None


def judge_closing(account_id: str, totals: Totals | None, *, closed: bool) -> Closing:
    """Whether an account may be closed; `totals` are None where there is no such account."""
    if totals is None:
        return Closing(account_id, ClosingRefusal.ACCOUNT_NOT_FOUND)
    if closed:
        return Closing(account_id, repeated=True)
    if totals.debits_pending or totals.credits_pending:
        return Closing(account_id, ClosingRefusal.ACCOUNT_HAS_PENDING_TRANSFERS)
    return Closing(account_id, ClosingRefusal.ACCOUNT_HAS_A_BALANCE if totals.balance else None)
