"""How to bring an account back to initial margin with as little impact as possible: a plan, slice after slice.

Of each leg as much as is needed would go, at most a slice; the leg that frees most initial margin per dollar of price
impact does. All legs together are one more choice, for each alone may be another's hedge. Any margin model decides: it
is asked what the account would need, some dozen times a leg and slice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from margin.fixed import Fixed, total
from margin.liquidation_legs import Account, Model
from margin.liquidation_rule import LiquidationRule
from margin.result import Margin

Lots = tuple[int, ...]
"""How many of each leg, without its side."""


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
    while (ended := _ended(account, account.margin(model), rule)) is None:
        lots = _next_slice(account, model, rule, penalty_bps, began)
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


def _next_slice(account: Account, model: Model, rule: LiquidationRule, penalty_bps: int, began: Sequence[int]) -> Lots:
    def initial_after(lots: Lots) -> int:
        return account.closing(lots, penalty_bps).margin(model).initial.units

    def impact(lots: Lots) -> int:
        return _impact(account, lots).units

    most = [
        rule.most_lots(abs(leg.lots), size, leg.worth(leg.lots).up_to(6))
        for leg, size in zip(account.legs, began, strict=True)
    ]
    return best_slice(most, initial_after, impact)


def _impact(account: Account, lots: Lots) -> Fixed:
    return total([leg.impact(count) for leg, count in zip(account.legs, lots, strict=True)])


def best_slice(most: Sequence[int], initial_after: Callable[[Lots], int], impact: Callable[[Lots], int]) -> Lots:
    """How many lots of each leg to close now: of what is needed, that which frees most margin per unit of impact.

    `most` is the largest slice of each leg, 0 for one that is flat. `initial_after(lots)` is net initial margin once
    they are closed, `impact(lots)` what closing them costs, both in one unit; the first is asked O(log lots) times a
    leg and may not fall with more lots where it is below zero. ValueError where nothing is left to close.
    """
    if not any(most):
        raise ValueError("a flat account has no slice to close")
    now = initial_after((0,) * len(most))
    parts = [_needed(whole, initial_after) for whole in _wholes(most)]
    return max(parts, key=lambda part: _preference(initial_after(part) - now, impact(part)))


def _wholes(most: Sequence[int]) -> list[Lots]:
    """The largest slice of each leg alone, and of all together where there are several."""
    alone = [tuple(count if place == index else 0 for place in range(len(most))) for index, count in enumerate(most)]
    held = [lots for lots in alone if any(lots)]
    return held if len(held) == 1 else [*held, tuple(most)]


def _preference(freed: int, impact: int) -> tuple[bool, Fraction]:
    """Initial margin freed per dollar of impact; where no slice frees any, the one that costs least goes."""
    return (True, Fraction(freed, max(impact, 1))) if freed > 0 else (False, Fraction(freed))


def _needed(whole: Lots, initial_after: Callable[[Lots], int]) -> Lots:
    """The smallest part of a slice that restores initial margin; all of it where none does."""
    if initial_after(whole) < 0:
        return whole
    low, high = 1, max(whole)

    def part(size: int) -> Lots:
        return tuple(-(-count * size // max(whole)) for count in whole)

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if initial_after(part(middle)) >= 0 else (middle + 1, high)
    return part(low)
