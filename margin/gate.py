"""Whether a trade may stand: what adds risk is checked once per account, after it (specs/derive_margin.md §8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from margin.fixed import Fixed


class Kind(Enum):
    """What a change is in."""

    CASH = "cash"
    PERP = "perp"
    FUTURE = "future"
    OPTION = "option"
    BASE = "base"


LINEAR = {Kind.PERP, Kind.FUTURE}
"""What has no price to pay: either direction may add risk."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one balance, and what the balance is after it."""

    kind: Kind
    amount: Fixed
    after: Fixed


class Objection(Enum):
    """Why a trade may not stand, the first that applies in this order; a sentence without its subject.

    `may_pass_later` tells whether the same trade could be accepted when prices or cash have changed.
    """

    IN_AUCTION = "in_a_live_auction", True
    TOO_MANY_ASSETS = "more_assets_than_an_account_may_hold", False
    TOO_MANY_EXPIRIES = "more_expiries_than_an_account_may_hold", False
    BORROWING_DISABLED = "borrows_cash_where_borrowing_is_disabled", True
    MARGIN_NOT_MET = "margin_not_met", True

    def __init__(self, sentence: str, may_pass_later: bool) -> None:
        self.sentence = sentence
        self.may_pass_later = may_pass_later

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an account may become (one that is larger already may shrink), and whether it may borrow."""

    assets: int
    expiries: int | None = None
    may_borrow: bool = True


STANDARD_LIMITS = Limits(48)
PORTFOLIO_LIMITS = Limits(128, 11)


@dataclass(frozen=True, slots=True)
class Size:
    """Assets and distinct expiries that an account holds."""

    assets: int
    expiries: int


def adds_risk_standard(changes: Sequence[Change]) -> bool:
    """Cash, options or base that leave; a perpetual or future that grows in the direction of what it has become."""
    return any(map(_adds_risk_standard, changes))


def _adds_risk_standard(change: Change) -> bool:
    if change.kind in LINEAR:
        return bool(change.after) and (change.amount > 0) == (change.after > 0) and bool(change.amount)
    return change.amount < 0


def adds_risk_portfolio(changes: Sequence[Change]) -> bool:
    """Any change of a perpetual or future; anything else that leaves."""
    return any(bool(change.amount) if change.kind in LINEAR else change.amount < 0 for change in changes)


def objection(
    *,
    in_auction: bool,
    before: Size,
    after: Size,
    limits: Limits,
    changes: Sequence[Change],
    cash_after: Fixed,
    adds_risk: bool,
    margin_to_meet: Fixed,
) -> Objection | None:
    """Why the account may not look like this after the trade; None where it may.

    `margin_to_meet` is net initial margin; for a caller that the venue trusts to assess risk, net maintenance margin
    (in the portfolio models under three scenarios only: spot up and down by the basis shocks, and unmoved).
    """
    if in_auction:
        return Objection.IN_AUCTION
    if after.assets > limits.assets and after.assets > before.assets:
        return Objection.TOO_MANY_ASSETS
    if limits.expiries is not None and after.expiries > limits.expiries and after.expiries > before.expiries:
        return Objection.TOO_MANY_EXPIRIES
    only_adds_cash = all(change.kind is Kind.CASH and change.amount >= 0 for change in changes)
    if cash_after < 0 and not limits.may_borrow and not only_adds_cash:
        return Objection.BORROWING_DISABLED
    if adds_risk and margin_to_meet < 0:
        return Objection.MARGIN_NOT_MET
    return None
