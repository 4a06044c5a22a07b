"""How a forced order moves a venue's price, and how the price comes back: ints, in 1e-6 USD.

Linear impact against one-sided depth (specs/contagion.md §5.6, base case): selling the depth's notional moves the price
by 1%. A share is permanent, the rest halves every ten minutes (§16: k_p = 0.3, resilience ln 2 / 10 min). The other
million accounts and the square-root law come with the contagion engine.
"""

from dataclasses import dataclass

from custody.money import mul_div_down
from margin.requirement import BPS

HALF_LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Displacement:
    """What forced orders have added to a venue's price, signed, in 1e-6 USD: a lasting and a passing part."""

    permanent_e6: int = 0
    transient_e6: int = 0

    @property
    def total_e6(self) -> int:
        return self.permanent_e6 + self.transient_e6


NONE = Displacement()


def impact_e6(price_e6: int, notional_units: int, depth_units_per_percent: int) -> int:
    """How far a signed notional (buying positive, 1e-6 USD) moves the price: price × notional / (100 × depth).

    Truncated toward zero. Bounded at half the price: an order beyond fifty times the depth would leave no price at
    all, and no venue prints one.
    """
    if depth_units_per_percent <= 0:
        raise ValueError("depth must be positive")
    size = mul_div_down(price_e6, abs(notional_units), 100 * depth_units_per_percent)
    size = min(size, price_e6 // 2)
    return size if notional_units >= 0 else -size


def displace(before: Displacement, move_e6: int, permanent_bps: int) -> Displacement:
    """Add an order's impact, split into the lasting share and the rest; the two parts sum to the whole."""
    lasting = mul_div_down(abs(move_e6), permanent_bps, BPS) * (1 if move_e6 >= 0 else -1)
    return Displacement(before.permanent_e6 + lasting, before.transient_e6 + move_e6 - lasting)


def relax(before: Displacement, elapsed_s: int) -> Displacement:
    """Let the passing part halve once per whole half-life that has gone by; it dies out to zero exactly."""
    halvings = elapsed_s // HALF_LIFE_S
    size = abs(before.transient_e6) >> halvings
    return Displacement(before.permanent_e6, size if before.transient_e6 >= 0 else -size)


def depth_now(ordinary_units: int, depth_bps: int) -> int:
    """The depth that is left of the ordinary book, at least one unit so that a price always exists."""
    return max(mul_div_down(ordinary_units, depth_bps, BPS), 1)
