"""Auto-deleveraging as venues differ in it: who is closed first, at which price, in part or as a whole.

The price decides who pays. At the price at which the bankrupt account is worth nothing, or at a mark from before it was
bankrupt, its loss is the winners'. At today's mark they give up nothing that they have: such a closing ends a risk and
leaves the loss where it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from margin.liquidation import Candidate, adl_queue


class AdlRank(StrEnum):
    """By what winners are ranked, the highest first."""

    PROFIT_TIMES_LEVERAGE = "profit_times_leverage"
    """(profit / notional) × (notional / equity): most venues."""
    PRICE_TIMES_LEVERAGE = "price_times_leverage"
    """(mark / entry) × (notional / equity): Hyperliquid. For a short the other way round, entry / mark: [A]."""


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
    """A venue's rule. `whole_positions`: the last winner is closed as a whole too, though less would do."""

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
    """The queue: winners only, the highest rank first, those without equity before all; ties by name."""
    if rank is AdlRank.PROFIT_TIMES_LEVERAGE:
        return adl_queue(candidates)
    winners = [candidate for candidate in candidates if candidate.profit_units > 0 and candidate.lots > 0]
    return sorted(winners, key=lambda winner: (-_price_times_leverage(winner, long_winners), winner.party))


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
    given, missing = [], loss_units
    for winner in queue:
        if missing <= 0:
            break
        take = winner.profit_units if terms.whole_positions else min(winner.profit_units, missing)
        given.append((winner.party, take))
        missing -= take
    return Deleveraging(tuple(given), max(-missing, 0), max(missing, 0))


def adl_price_e6(terms: AdlTerms, *, mark_e6: int, previous_mark_e6: int, bankruptcy_e6: int) -> int:
    """The price at which winners are closed (1e-6 USD)."""
    prices = {
        AdlPrice.MARK: mark_e6,
        AdlPrice.PREVIOUS_MARK: previous_mark_e6,
        AdlPrice.BANKRUPTCY: bankruptcy_e6,
    }
    return prices[terms.price]
