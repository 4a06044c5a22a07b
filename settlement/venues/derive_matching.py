"""What orders and quotes allow: a match is held against what both sides have signed (specs/derive_actions.md §3).

Fills add up per (owner, nonce), so that an order that is submitted again does not start anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from settlement.venues.derive_actions import Action, same
from settlement.venues.derive_trades import Execute, Leg, Quote, Trade

E18 = 10**18


class MatchRefusal(StrEnum):
    """Why a match is not what its sides have signed; where several hold, the earlier is the answer."""

    NO_MAKER = "no_maker"
    SIDES_ARE_ONE_SUBACCOUNT = "sides_are_one_subaccount"
    INSTRUMENTS_DIFFER = "instruments_differ"
    SIDES_DO_NOT_OPPOSE = "sides_do_not_oppose"
    AMOUNT_MUST_BE_POSITIVE = "amount_must_be_positive"
    RECIPIENT_IS_NOT_THE_OWNERS = "recipient_is_not_the_owners"
    PRICE_IS_BEYOND_THE_LIMIT = "price_is_beyond_the_limit"
    FEE_IS_ABOVE_THE_WORST = "fee_is_above_the_worst"
    EXCEEDS_DESIRED_AMOUNT = "exceeds_desired_amount"
    LEGS_ARE_NOT_THOSE_ACCEPTED = "legs_are_not_those_accepted"

    @property
    def retry_may_succeed(self) -> bool:
        """Never: another match would have to be made."""
        return False


@dataclass(frozen=True, slots=True)
class Stated:
    """An order with the action that carries it."""

    action: Action
    trade: Trade


@dataclass(frozen=True, slots=True)
class MakerFill:
    """What one maker gives: amount, price and his fee (USD), in 1e-18."""

    maker: Stated
    amount_e18: int
    price_e18: int
    fee_e18: int = 0


@dataclass(slots=True)
class Filled:
    """How much of each order, by (owner, nonce), is filled. `owners`: the registered owner of each subaccount."""

    owners: Mapping[int, str]
    amounts_e18: dict[tuple[str, int], int] = field(default_factory=dict)

    def refusal(self, taker: Stated, fills: Sequence[MakerFill], taker_fee_e18: int = 0) -> MatchRefusal | None:
        """None where all sides have signed this. The taker is held to the worst of the makers' prices."""
        if not fills:
            return MatchRefusal.NO_MAKER
        pairs = (_pair_refusal(taker, fill.maker) for fill in fills)
        if refused := next((one for one in pairs if one), None):
            return refused
        if min(fill.amount_e18 for fill in fills) <= 0:
            return MatchRefusal.AMOUNT_MUST_BE_POSITIVE
        worst = max if taker.trade.is_bid else min
        total, price = sum(fill.amount_e18 for fill in fills), worst(fill.price_e18 for fill in fills)
        sides = [MakerFill(taker, total, price, taker_fee_e18), *fills]
        return self._first(sides)

    def side_refusal(self, side: MakerFill) -> MatchRefusal | None:
        """The same for one side alone, whose other side has signed nothing: the venue itself."""
        return MatchRefusal.AMOUNT_MUST_BE_POSITIVE if side.amount_e18 <= 0 else self._first([side])

    def add(self, taker: Stated, fills: Sequence[MakerFill], sign: int = 1) -> None:
        """Write down a match that `refusal` let pass; with −1, take one back that was bust."""
        self.add_side(taker, sign * sum(fill.amount_e18 for fill in fills))
        for fill in fills:
            self.add_side(fill.maker, sign * fill.amount_e18)

    def add_side(self, stated: Stated, amount_e18: int) -> None:
        """Write down what one side was filled."""
        key = _key(stated.action)
        self.amounts_e18[key] = self.amounts_e18.get(key, 0) + amount_e18

    def left_e18(self, stated: Stated) -> int:
        """What of an order may still be filled."""
        return stated.trade.desired_amount_e18 - self.amounts_e18.get(_key(stated.action), 0)

    def _first(self, sides: Sequence[MakerFill]) -> MatchRefusal | None:
        refusals = [refused for side in sides if (refused := self._limits(side))]
        if refusals:
            return min(refusals, key=list(MatchRefusal).index)
        return MatchRefusal.EXCEEDS_DESIRED_AMOUNT if self._exceeds(sides) else None

    def _limits(self, side: MakerFill) -> MatchRefusal | None:
        action, trade = side.maker.action, side.maker.trade
        if not is_recipient(self.owners, action, trade.recipient_id):
            return MatchRefusal.RECIPIENT_IS_NOT_THE_OWNERS
        beyond = side.price_e18 > trade.limit_price_e18 if trade.is_bid else side.price_e18 < trade.limit_price_e18
        if beyond:
            return MatchRefusal.PRICE_IS_BEYOND_THE_LIMIT
        if side.fee_e18 * E18 > trade.worst_fee_e18 * side.amount_e18:
            return MatchRefusal.FEE_IS_ABOVE_THE_WORST
        return None

    def _exceeds(self, sides: Sequence[MakerFill]) -> bool:
        """One order may stand on several lines of a match, so its lines are added up first."""
        asked: dict[tuple[str, int], int] = {}
        for side in sides:
            key = _key(side.maker.action)
            asked[key] = asked.get(key, 0) + side.amount_e18
            if asked[key] > self.left_e18(side.maker):
                return True
        return False


def rfq_refusal(quote: Quote, accepted: Execute, maker_fee_e18: int, taker_fee_e18: int) -> MatchRefusal | None:
    """Whether the taker has accepted these legs, as the maker wrote them, and each fee is within what was signed."""
    if not quote.legs:
        return MatchRefusal.NO_MAKER
    if maker_fee_e18 > quote.max_fee_e18 or taker_fee_e18 > accepted.max_fee_e18:
        return MatchRefusal.FEE_IS_ABOVE_THE_WORST
    is_accepted = quote.order_hash() == accepted.order_hash
    return None if is_accepted else MatchRefusal.LEGS_ARE_NOT_THOSE_ACCEPTED


def cash_paid_e36(leg: Leg, mark_e18: int = 0) -> int:
    """What a leg's receiver pays for it, in 1e-36 USD, which is exact: price × amount of an option.

    A perpetual's size moves at its mark, so that only (price − mark) × amount is paid.
    """
    return (leg.price_e18 - mark_e18) * leg.amount_e18


def is_recipient(owners: Mapping[int, str], action: Action, recipient_id: int) -> bool:
    """Whether positions may go to this subaccount: the one that signed, or another of the same owner; 0 is none."""
    if recipient_id == 0:
        return False
    return recipient_id == action.subaccount_id or same(owners.get(recipient_id, ""), action.owner)


def _pair_refusal(taker: Stated, maker: Stated) -> MatchRefusal | None:
    if taker.action.subaccount_id == maker.action.subaccount_id:
        return MatchRefusal.SIDES_ARE_ONE_SUBACCOUNT
    mine, others = taker.trade, maker.trade
    if not same(mine.asset, others.asset) or mine.sub_id != others.sub_id:
        return MatchRefusal.INSTRUMENTS_DIFFER
    return MatchRefusal.SIDES_DO_NOT_OPPOSE if mine.is_bid == others.is_bid else None


def _key(action: Action) -> tuple[str, int]:
    return action.owner.lower(), action.nonce
