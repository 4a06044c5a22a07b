"""Forced reduction: how many lots must go, in slices, never more than is needed; and who is closed in ADL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from custody.money import mul_div_down, mul_div_up
from margin.requirement import BPS, Position, Rates, requirement_of


@dataclass(frozen=True, slots=True)
class LiquidationPolicy:
    """Slices of a share of the position as it stood when liquidation began, unless what is left is small."""

    slice_bps: int
    small_units: int
    penalty_bps: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The closing order of one step: `lots` signed as traded, so opposite to the position."""

    position: Position
    lots: int


def choose(positions: Iterable[Position], rates: Mapping[str, Rates]) -> Position:
    """The position that binds most maintenance margin goes first, then the one worth most, then the lowest id.

    Raises ValueError if there is none.
    """

    def frees(position: Position) -> tuple[int, int, int]:
        required = requirement_of(position, rates[position.instrument.underlying])
        # A long option binds no margin; it is sold last, when nothing else is left.
        return required.maintenance_units, _worth_units(position), -position.instrument.id

    return max(positions, key=frees)


def next_slice(
    position: Position, began_lots: int, missing_after: Callable[[int], int], policy: LiquidationPolicy
) -> Slice:
    """How much of `position` to close now: the fewest lots that restore initial margin, within the slice.

    `began_lots` is the absolute size when liquidation began. `missing_after(lots)` is the initial margin that would
    still be missing (1e-6 USD) after closing that many lots at the price they would get, penalty paid; it may not
    rise with more lots where it matters, and is asked O(log lots) times. If no size within the slice is enough, the
    whole slice goes: never more than is needed. Raises ValueError for a flat position, of which nothing can be closed.
    """
    held = abs(position.lots)
    if held == 0:
        raise ValueError(f"{position.instrument.symbol}: a flat position has no slice to close")
    is_small = _worth_units(position) <= policy.small_units
    most = held if is_small else min(held, max(mul_div_down(began_lots, policy.slice_bps, BPS), 1))
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if missing_after(middle) <= 0 else (middle + 1, high)
    return Slice(position, -low if position.lots > 0 else low)


def penalty_units(worth_units: int, policy: LiquidationPolicy) -> int:
    """What the liquidated client owes the insurance fund for closing `worth_units` of notional; rounded up."""
    return mul_div_up(worth_units, policy.penalty_bps, BPS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profitable holder of the opposite side: what the auto-deleveraging queue ranks (all in 1e-6 USD, lots ≥ 1)."""

    party: str
    lots: int
    profit_units: int
    equity_units: int
    notional_units: int


def adl_queue(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Rank by profit share × leverage, the highest first; only winners are in it; ties by name.

    (profit / notional) × (notional / equity) = profit / equity. The public rule of large venues
    (specs/contagion.md §7, queue ADL); a holder whose equity is not positive ranks first of all.
    """
    winners = [candidate for candidate in candidates if candidate.profit_units > 0 and candidate.lots > 0]

    def rank(candidate: Candidate) -> tuple[bool, Fraction, str]:
        if candidate.equity_units <= 0:
            return False, Fraction(0), candidate.party
        # Exact: a rounded ratio would let a name decide between two holders whose ranks differ.
        return True, Fraction(-candidate.profit_units, candidate.equity_units), candidate.party

    return sorted(winners, key=rank)


def deleverage(lots: int, queue: Sequence[Candidate]) -> tuple[tuple[str, int], ...]:
    """Close `lots` (> 0) against the queue, whole holders first in rank; the last one in part. May leave a rest."""
    taken: list[tuple[str, int]] = []
    for candidate in queue:
        if lots <= 0:
            break
        take = min(lots, candidate.lots)
        taken.append((candidate.party, take))
        lots -= take
    return tuple(taken)


def _worth_units(position: Position) -> int:
    """Notional at the mark in 1e-6 USD, rounded down."""
    return mul_div_down(abs(position.lots), position.mark_e6, position.instrument.lots_per_coin)
