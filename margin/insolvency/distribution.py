"""What every insolvency comes to: payments from one account to another at a time, and what stays unpaid, by name.

A payment never comes out of a client's account for anybody's loss but that client's own. Amounts are ledger units of
the one asset that the accounts hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from custody.accounts import Account
from custody.money import allocate
from custody.transfers import Reason, Transfer, linked


@dataclass(frozen=True, slots=True)
class Payment:
    """Units that leave `payer` for `payee` at `at_s` (UTC seconds), and why."""

    at_s: int
    payer: Account
    payee: Account
    units: int
    reason: Reason


class Cause(Enum):
    """Why a claim is left."""

    UNPAID = "unpaid"
    STOOD_IN = "stood_in"
    """The creditor paid in the debtor's place."""
    ADL = "adl"
    """The creditor's position was closed at another's bankruptcy price."""
    SOCIALISED = "socialised"
    """The creditor's gain was cut for another's loss."""


@dataclass(frozen=True, slots=True)
class Unpaid:
    """What `debtor` still owes `creditor` when all that could pay has paid: a claim in its insolvency."""

    debtor: str
    creditor: str
    units: int
    cause: Cause = Cause.UNPAID


@dataclass(frozen=True, slots=True)
class Distribution:
    """Payments in the order in which they are made, none of them empty, and the claims that are left."""

    payments: tuple[Payment, ...]
    unpaid: tuple[Unpaid, ...]

    def paid_units(self, payee: Account) -> int:
        """What an account receives in all."""
        return sum(payment.units for payment in self.payments if payment.payee == payee)

    def taken_units(self, payer: Account) -> int:
        """What an account gives in all."""
        return sum(payment.units for payment in self.payments if payment.payer == payer)

    @property
    def unpaid_units(self) -> int:
        """All claims that are left."""
        return sum(claim.units for claim in self.unpaid)


def pro_rata(available_units: int, claims: Mapping[str, int]) -> dict[str, int]:
    """What each claim is paid out of what is available: all of it, or its share, leftover units by largest remainder.

    No claim is paid more than it is; the sum is `min(available, Σ claims)`. Negative figures raise MoneyError.
    """
    paid = min(available_units, sum(claims.values()))
    if not paid:
        return dict.fromkeys(claims, 0)
    return dict(zip(claims, allocate(paid, list(claims.values())), strict=True))


def left_over(debtor: str, claims: Mapping[str, int], paid: Mapping[str, int]) -> tuple[Unpaid, ...]:
    """What each claim still lacks, in their order."""
    return owing(debtor, {creditor: units - paid[creditor] for creditor, units in claims.items()}, Cause.UNPAID)


def owing(debtor: str, creditors: Mapping[str, int], cause: Cause) -> tuple[Unpaid, ...]:
    """What the debtor owes each, in their order; nothing for those to whom it owes nothing."""
    return tuple(Unpaid(debtor, creditor, units, cause) for creditor, units in creditors.items() if units > 0)


def without_empty(payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The payments that move anything."""
    return tuple(payment for payment in payments if payment.units)


def as_transfers(payments: Sequence[Payment], reference: str) -> tuple[tuple[Transfer, ...], ...]:
    """The payments as transfers, `<reference>/1` and so on: for each time one chain, all or none.

    Their order keeps every account above zero on the way: what an account gives, it has received before.
    """
    numbered = [
        Transfer(
            id=f"{reference}/{number}",
            debit_account=payment.payer.id,
            credit_account=payment.payee.id,
            amount=payment.units,
            reason=payment.reason,
            reference=reference,
            occurred_at_s=payment.at_s,
        )
        for number, payment in enumerate(payments, start=1)
    ]
    times_s = sorted({transfer.occurred_at_s for transfer in numbered})
    return tuple(linked(*(one for one in numbered if one.occurred_at_s == at_s)) for at_s in times_s)
