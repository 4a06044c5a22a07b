"""How fast a venue closes an account, and from when on it does not trade but hands it over."""

from dataclasses import dataclass
from fractions import Fraction

from custody.money import mul_div_down, mul_div_up

BPS = 10_000


@dataclass(frozen=True, slots=True)
class LiquidationRule:
    """A position worth more than `small_units` (1e-6 USD) goes in slices of `slice_bps` of what it was at the start.

    Between two slices the venue waits `pause_s` seconds. An account with less than `backstop` of its maintenance margin
    is handed over as a whole, to whoever stands behind the venue; 0 is never.
    """

    slice_bps: int = BPS
    small_units: int = 0
    pause_s: int = 0
    backstop: Fraction = Fraction(0)

    def most_lots(self, held_lots: int, began_lots: int, worth_units: int) -> int:
        """The most that one slice may close of a position, at least one lot; lots are counts, whatever the side."""
        if worth_units <= self.small_units:
            return held_lots
        return min(held_lots, max(mul_div_down(began_lots, self.slice_bps, BPS), 1))

    def hands_over(self, equity_units: int, maintenance_units: int) -> bool:
        """Whether what is left is too little to trade with."""
        return bool(self.backstop) and equity_units < self.backstop * maintenance_units


def penalty_units(worth_units: int, penalty_bps: int) -> int:
    """What the liquidated client owes the insurance fund for closing `worth_units` of notional; rounded up."""
    return mul_div_up(worth_units, penalty_bps, BPS)
