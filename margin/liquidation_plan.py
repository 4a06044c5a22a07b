"""How to bring an account back to initial margin with as little impact as possible: a plan, slice after slice.

Of each leg as much as is needed would go, at most a slice; the leg that frees most initial margin per dollar of price
impact does. All legs together are one more choice, for each alone may be another's hedge. Any margin model decides: it
is asked what the account would need, some dozen times a leg and slice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from margin.fixed import Fixed, total
from margin.liquidation_legs import Account, Model
from margin.liquidation_rule import LiquidationRule
from margin.result import Margin


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
        parts = [_needed(account, model, whole, penalty_bps) for whole in _wholes(account, rule, began)]
        lots = max(parts, key=lambda part: _preference(account, model, margin, part, penalty_bps))
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
    if account.closing(whole, penalty_bps).margin(model).initial < 0:
        return tuple(whole)
    low, high = 1, max(whole)

    def part(size: int) -> tuple[int, ...]:
        return tuple(-(-count * size // max(whole)) for count in whole)

    while low < high:
        middle = (low + high) // 2
        is_enough = account.closing(part(middle), penalty_bps).margin(model).initial >= 0
        low, high = (low, middle) if is_enough else (middle + 1, high)
    return part(low)
