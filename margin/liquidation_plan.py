"""How to bring an account back to initial margin with as little impact as possible: a plan, slice after slice.

Of all legs the one whose slice frees most initial margin per dollar of price impact goes first; so does a slice of all
legs together, where each leg alone is another's hedge. Of the chosen slice only the part that is needed goes. Any
margin model decides: it is asked what the account would need.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from margin.fixed import ZERO, Fixed, total
from margin.gate import Kind
from margin.liquidation_rule import BPS, LiquidationRule
from margin.positions import Holdings, Option
from margin.result import Margin

Model = Callable[[Fixed, Mapping[str, Holdings]], Margin]
"""Net margins of cash and of holdings by underlying, at the marks of now."""

_HALF = Fixed.of("0.5")


@dataclass(frozen=True, slots=True)
class Leg:
    """`lots` (signed) of one instrument, each of `lot` coins or contracts, marked at `price` USD.

    `depth`: USD that move the price by 1%, one side of the book (> 0). `option`: the terms, where it is one.
    """

    name: str
    underlying: str
    kind: Kind
    lots: int
    lot: Fixed
    price: Fixed
    depth: Fixed
    option: Option | None = None

    @property
    def amount(self) -> Fixed:
        return self.lot * self.lots

    def worth(self, lots: int) -> Fixed:
        """Notional of so many lots at the mark."""
        return self.lot * abs(lots) * self.price

    def impact(self, lots: int) -> Fixed:
        """What closing so many lots costs: the fill is midway between the marks before and after (linear impact).

        The mark moves by at most half (specs/contagion.md §5.6, as `contagion/market.py`).
        """
        worth = self.worth(lots)
        return worth * min(worth / (self.depth * 100), _HALF) * _HALF

    def paid(self, lots: int) -> Fixed:
        """What closing them at the mark brings in cash: a perpetual's profit is in the account already."""
        worth = ZERO if self.kind is Kind.PERP else self.worth(lots)
        return worth if self.lots > 0 else -worth

    def closed(self, lots: int) -> "Leg":
        """The leg with so many lots less."""
        return replace(self, lots=self.lots - lots if self.lots > 0 else self.lots + lots)


@dataclass(frozen=True, slots=True)
class Account:
    """Cash (a perpetual's unsettled profit in it) and legs, in a fixed order."""

    cash: Fixed
    legs: tuple[Leg, ...]

    def margin(self, model: Model) -> Margin:
        return model(self.cash, {name: self._holdings(name) for name in sorted({leg.underlying for leg in self.legs})})

    def closing(self, lots: Sequence[int], penalty_bps: int) -> "Account":
        """The account with so many lots of each leg closed at the market, impact and penalty paid."""
        pairs = list(zip(self.legs, lots, strict=True))
        paid = total([leg.paid(count) - leg.impact(count) for leg, count in pairs])
        penalty = total([leg.worth(count) for leg, count in pairs]) * penalty_bps / BPS
        return Account(self.cash + paid - penalty, tuple(leg.closed(count) for leg, count in pairs))

    def _holdings(self, underlying: str) -> Holdings:
        legs = [leg for leg in self.legs if leg.underlying == underlying and leg.lots]
        amounts = {kind: total([leg.amount for leg in legs if leg.kind is kind]) for kind in Kind}
        options = tuple(replace(leg.option, amount=leg.amount) for leg in legs if leg.option is not None)
        return Holdings(perp=amounts[Kind.PERP], base=amounts[Kind.BASE], options=options)


class Ended(Enum):
    """How a plan ends."""

    HEALTHY = "healthy"
    CLOSED = "closed"
    SHORTFALL = "shortfall"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class Slice:
    """One step: the lots that are traded by leg, signed as traded; its impact in USD; the margin after it."""

    traded: Mapping[str, int]
    impact: Fixed
    after: Margin


@dataclass(frozen=True, slots=True)
class Plan:
    """The slices in their order, how it ends, and what is then left. The venue's rule waits between two slices."""

    slices: tuple[Slice, ...]
    ended: Ended
    left: Account
    duration_s: int


def plan(account: Account, model: Model, rule: LiquidationRule, penalty_bps: int) -> Plan:
    """Slices until initial margin is met, nothing is left, or the rule hands the account over."""
    began = [abs(leg.lots) for leg in account.legs]
    slices: list[Slice] = []
    while (ended := _ended(account, margin := account.margin(model), rule)) is None:
        wholes = _wholes(account, rule, began)
        chosen = max(wholes, key=lambda lots: _preference(account, model, margin, lots, penalty_bps))
        lots = _needed(account, model, chosen, penalty_bps)
        traded = {
            leg.name: -count if leg.lots > 0 else count for leg, count in zip(account.legs, lots, strict=True) if count
        }
        impact = _impact(account, lots)
        account = account.closing(lots, penalty_bps)
        slices.append(Slice(traded, impact, account.margin(model)))
    return Plan(tuple(slices), ended, account, max(len(slices) - 1, 0) * rule.pause_s)


def _ended(account: Account, margin: Margin, rule: LiquidationRule) -> Ended | None:
    if not any(leg.lots for leg in account.legs):
        return Ended.CLOSED if margin.mark_to_market >= 0 else Ended.SHORTFALL
    if margin.initial >= 0:
        return Ended.HEALTHY
    required = margin.mark_to_market - margin.maintenance
    return Ended.HANDED_OVER if rule.hands_over(margin.mark_to_market.units, required.units) else None


def _wholes(account: Account, rule: LiquidationRule, began: Sequence[int]) -> list[tuple[int, ...]]:
    """The largest slice of each leg alone, and of all together where there are several."""
    most = [
        rule.most_lots(abs(leg.lots), size, leg.worth(leg.lots).up_to(6)) if leg.lots else 0
        for leg, size in zip(account.legs, began, strict=True)
    ]
    alone = [tuple(count if place == index else 0 for place in range(len(most))) for index, count in enumerate(most)]
    held = [lots for lots in alone if any(lots)]
    return held if len(held) == 1 else [*held, tuple(most)]


def _impact(account: Account, lots: Sequence[int]) -> Fixed:
    return total([leg.impact(count) for leg, count in zip(account.legs, lots, strict=True)])


def _preference(
    account: Account, model: Model, before: Margin, lots: Sequence[int], penalty_bps: int
) -> tuple[bool, Fraction]:
    """Initial margin freed per dollar of impact; where no slice frees any, the one that costs least goes."""
    freed = account.closing(lots, penalty_bps).margin(model).initial - before.initial
    if freed <= 0:
        return False, Fraction(freed.units)
    return True, Fraction(freed.units, max(_impact(account, lots).units, 1))


def _needed(account: Account, model: Model, whole: Sequence[int], penalty_bps: int) -> tuple[int, ...]:
    """The smallest part of a slice that restores initial margin; all of it where none does."""
    low, high = 1, max(whole)

    def part(size: int) -> tuple[int, ...]:
        return tuple(-(-count * size // max(whole)) for count in whole)

    while low < high:
        middle = (low + high) // 2
        is_enough = account.closing(part(middle), penalty_bps).margin(model).initial >= 0
        low, high = (low, middle) if is_enough else (middle + 1, high)
    return part(low)
