"""Auto-deleveraging as venues differ in it: who is closed first or whether all are, at which price, how much of each.

The price decides who pays. At the price at which the bankrupt account is worth nothing, or at a mark from before it was
bankrupt, its loss is the winners'. At today's mark they give up nothing that they have: such a closing ends a risk and
leaves the loss where it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from custody.money import allocate
from margin.waterfall import share_among_winners


@dataclass(frozen=True, slots=True)
class Candidate:
    """A holder of the opposite side: what winners are ranked by (all in 1e-6 USD, lots ≥ 1)."""

    party: str
    lots: int
    profit_units: int
    equity_units: int
    notional_units: int


class AdlRank(StrEnum):
    """By what winners are ranked, the highest first."""

    PROFIT_TIMES_LEVERAGE = "profit_times_leverage"
    """(profit / notional) × (notional / equity): most venues."""
    PRICE_TIMES_LEVERAGE = "price_times_leverage"
    """(mark / entry) × (notional / equity): Hyperliquid. For a short the other way round, entry / mark: [A]."""
    PRO_RATA = "pro_rata"
    """No queue: every winner by the same share."""


class AdlPrice(StrEnum):
    """At which price winners are closed."""

    BANKRUPTCY = "bankruptcy"
    PREVIOUS_MARK = "previous_mark"
    MARK = "mark"

    @property
    def takes_the_loss(self) -> bool:
        """Whether the winners who are closed bear what the account lacks."""
        return self is not AdlPrice.MARK


@dataclass(frozen=True, slots=True)
class AdlTerms:
    """A venue's rule. `whole_positions`: the last winner of a queue is closed as a whole too, though less would do."""

    rank: AdlRank
    price: AdlPrice
    whole_positions: bool


@dataclass(frozen=True, slots=True)
class Deleveraging:
    """What each winner gave up, in the order of the queue; what was taken beyond the loss; what the loss still is."""

    given: tuple[tuple[str, int], ...]
    surplus_units: int
    uncovered_units: int


def ranked(candidates: Iterable[Candidate], rank: AdlRank, *, long_winners: bool) -> list[Candidate]:
    """Winners only: the highest rank first, those without equity before all; ties, and all of a share, by name.

    Without a position there is nothing to close.
    """
    winners = [candidate for candidate in candidates if candidate.profit_units > 0 and candidate.lots > 0]
    if rank is AdlRank.PROFIT_TIMES_LEVERAGE:
        return sorted(winners, key=_profit_times_leverage)
    if rank is AdlRank.PRO_RATA:
        return sorted(winners, key=lambda winner: winner.party)
    return sorted(winners, key=lambda winner: (-_price_times_leverage(winner, long_winners), winner.party))


def _profit_times_leverage(winner: Candidate) -> tuple[bool, Fraction, str]:
    """(profit / notional) × (notional / equity) = profit / equity, the highest first (specs/contagion.md §7)."""
    if winner.equity_units <= 0:
        return False, Fraction(0), winner.party
    # Exact: a rounded ratio would let a name decide between two holders whose ranks differ.
    return True, Fraction(-winner.profit_units, winner.equity_units), winner.party


def _price_times_leverage(winner: Candidate, is_long: bool) -> Fraction:
    """mark / entry × notional / equity, from the notional at the mark and the profit since entry."""
    notional, profit = winner.notional_units, winner.profit_units
    if winner.equity_units <= 0 or (is_long and notional <= profit):
        return Fraction(2) ** 200  # no equity, or entered at nothing: before all others
    ratio = Fraction(notional, notional - profit) if is_long else Fraction(notional + profit, notional)
    return ratio * Fraction(notional, winner.equity_units)


def take_profits(loss_units: int, queue: Sequence[Candidate], terms: AdlTerms) -> Deleveraging:
    """Take a loss out of the winners' profits, in the order of the queue; nobody gives more than its profit.

    Where whole positions are closed, the last winner's whole profit goes, and what is over is the surplus: somebody
    has it, and it belongs in the fund (specs/contagion.md §7: "overshoots by up to one position").
    """
    if not terms.price.takes_the_loss:
        return Deleveraging((), 0, loss_units)
    if terms.rank is AdlRank.PRO_RATA:
        shared = share_among_winners(loss_units, {winner.party: winner.profit_units for winner in queue})
        return Deleveraging(tuple(shared.items()), 0, loss_units - sum(shared.values()))
    given, missing = [], loss_units
    for winner in queue:
        if missing <= 0:
            break
        take = winner.profit_units if terms.whole_positions else min(winner.profit_units, missing)
        given.append((winner.party, take))
        missing -= take
    return Deleveraging(tuple(given), max(-missing, 0), max(missing, 0))


def close_lots(lots: int, queue: Sequence[Candidate], terms: AdlTerms) -> tuple[tuple[str, int], ...]:
    """Whose position is closed by how many of `lots` (> 0): in the order of the queue, or all by the same share.

    Leftover lots of a share go by largest remainder; the sum is the lots, or all that the queue holds.
    """
    if terms.rank is not AdlRank.PRO_RATA:
        return _in_turn(lots, queue)
    held = [winner.lots for winner in queue]
    if not held:
        return ()
    taken = allocate(min(lots, sum(held)), held)
    return tuple((winner.party, count) for winner, count in zip(queue, taken, strict=True) if count)


def _in_turn(lots: int, queue: Sequence[Candidate]) -> tuple[tuple[str, int], ...]:
    taken: list[tuple[str, int]] = []
    for candidate in queue:
        if lots <= 0:
            break
        take = min(lots, candidate.lots)
        taken.append((candidate.party, take))
        lots -= take
    return tuple(taken)


def adl_price_e6(terms: AdlTerms, *, mark_e6: int, previous_mark_e6: int, bankruptcy_e6: int) -> int:
    """The price at which winners are closed (1e-6 USD)."""
    prices = {
        AdlPrice.MARK: mark_e6,
        AdlPrice.PREVIOUS_MARK: previous_mark_e6,
        AdlPrice.BANKRUPTCY: bankruptcy_e6,
    }
    return prices[terms.price]
