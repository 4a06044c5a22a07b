"""No double delegation: what an owner has delegated to all venues together stays within what its holding can bear.

    Σ_v delegated ≤ ⌊(1 − haircut) × holding⌋        (specs/off_exchange_settlement.md §3, guard of the delegation)

per owner and asset, so that no price can turn a delegation that was allowed into a double one. `delegated` counts what
is on its way to a venue, `holding` leaves out what is on its way out. Settled losses keep the bound, for they lower
the left side by as much as the holding. A settled gain in an asset with a haircut, a fee, or a higher haircut can
exceed it: such an excess is reported, nothing more is delegated, moved or withdrawn until recalls or deposits have
cured it, and nothing is taken back by force.
"""

from dataclasses import dataclass

from custody.collateral import BPS
from custody.money import mul_div_down, mul_div_up


@dataclass(frozen=True, slots=True)
class Coverage:
    """One owner's units of one asset. `haircut_bps` is from 0 to 10,000; what is not eligible has 10,000.

    `available_units`: free at the custodian, less all that is held for a delegation or a withdrawal.
    `delegated_units`: in compartments at all venues, with what is held to enter one and what is held to leave one.
    """

    available_units: int
    delegated_units: int
    haircut_bps: int

    @property
    def ceiling_units(self) -> int:
        """The most that may stand delegated, rounded down."""
        return mul_div_down(self.available_units + self.delegated_units, BPS - self.haircut_bps, BPS)

    @property
    def excess_units(self) -> int:
        """What is delegated beyond the ceiling: 0, but for gains, fees and haircuts that came after."""
        return max(self.delegated_units - self.ceiling_units, 0)

    @property
    def delegable_units(self) -> int:
        """How much more may be delegated."""
        return max(min(self.available_units, self.ceiling_units - self.delegated_units), 0)

    @property
    def withdrawable_units(self) -> int:
        """How much may leave the custodian without uncovering what is delegated."""
        if self.delegated_units == 0:
            return self.available_units
        if self.haircut_bps == BPS:
            return 0
        least = mul_div_up(self.delegated_units, BPS, BPS - self.haircut_bps)
        return max(min(self.available_units, self.available_units + self.delegated_units - least), 0)
