"""A perpetual without entry prices: profit and funding by touching (specs/derive_margin.md §11)."""

from dataclasses import dataclass, replace

from margin.fixed import ZERO, Fixed, positive

HOUR_S = 3_600


class FundingError(ValueError):
    """Impact prices that cross."""


@dataclass(frozen=True, slots=True)
class FundingParameters:
    """Hourly rates as fractions, and over how many hours a premium converges."""

    static_rate: Fixed
    max_rate: Fixed
    convergence_hours: Fixed

    def hourly_rate(self, spot: Fixed, impact_bid: Fixed, impact_ask: Fixed) -> Fixed:
        """What longs pay shorts an hour, as a fraction of spot; below zero shorts pay. Raises FundingError."""
        if impact_ask < impact_bid:
            raise FundingError(f"the impact ask of {impact_ask} is below the impact bid of {impact_bid}")
        premium = (positive(impact_bid - spot) - positive(spot - impact_ask)) / spot
        rate = premium / self.convergence_hours + self.static_rate
        return max(-self.max_rate, min(rate, self.max_rate))


def funding_index(index: Fixed, hourly_rate: Fixed, seconds: int, spot: Fixed) -> Fixed:
    """USD per contract since the beginning, after some more time."""
    return index + hourly_rate * seconds / HOUR_S * spot


@dataclass(frozen=True, slots=True)
class PerpPosition:
    """A size, and what it has earned that is not yet cash, as of a mark and a funding index."""

    size: Fixed = ZERO
    last_mark: Fixed = ZERO
    last_index: Fixed = ZERO
    pnl: Fixed = ZERO
    funding: Fixed = ZERO

    def touched(self, mark: Fixed, index: Fixed) -> "PerpPosition":
        """The same position with profit and funding up to now."""
        return replace(
            self,
            last_mark=mark,
            last_index=index,
            pnl=self.pnl + (mark - self.last_mark) * self.size,
            funding=self.funding - self.size * (index - self.last_index),
        )

    def traded(self, amount: Fixed, mark: Fixed, index: Fixed) -> "PerpPosition":
        """After a change of size at the mark; the old size earns up to now."""
        now = self.touched(mark, index)
        return replace(now, size=now.size + amount)

    def unsettled(self, mark: Fixed, index: Fixed) -> Fixed:
        """What margin adds: profit and funding that are not yet cash."""
        now = self.touched(mark, index)
        return now.pnl + now.funding

    def settled(self, mark: Fixed, index: Fixed) -> tuple["PerpPosition", Fixed]:
        """The position with nothing unsettled, and the cash that it became."""
        now = self.touched(mark, index)
        return replace(now, pnl=ZERO, funding=ZERO), now.pnl + now.funding
