"""The terms under which a desk runs: the same for every way in which collateral may stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.collateral import Schedule
from margin.calls import CallPolicy
from margin.instruments import Instrument
from margin.liquidation_rule import LiquidationRule
from margin.standard_parameters import StandardParameters


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """A venue's money, in 1e-6 USD of the settlement asset.

    `collateral_units` it posts at the custodian; `fund_units` stand behind defaults (its insurance fund, or its
    guarantee line at the custodian); `skin_units` is the most its own capital gives for one cycle's shortfalls.
    """

    name: str
    collateral_units: int
    fund_units: int
    skin_units: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Instruments, margin's numbers, policies and delays. Times in seconds, shares in basis points.

    `depth_units` is the ordinary one-sided depth per 1% of each instrument, in 1e-6 USD.
    """

    venues: Mapping[str, VenueTerms]
    schedule: Schedule
    settlement_asset: str
    instruments: Mapping[int, Instrument]
    margin: StandardParameters
    depth_units: Mapping[int, int]
    calls: CallPolicy
    liquidation: LiquidationRule
    penalty_bps: int
    permanent_impact_bps: int
    conversion_spread_bps: int
    top_up_buffer_bps: int
    top_up_delay_s: int
    move_delay_s: int
    cycle_s: int
    window_s: int
    custody_fee_bps_year: int
    slices_per_step: int = 5

    def at_venue(self, venue: str) -> list[Instrument]:
        return [instrument for instrument in self.instruments.values() if instrument.venue == venue]
