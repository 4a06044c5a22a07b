"""The venues of a run by name, and those that have terms of their own."""

from dataclasses import dataclass

from margin.contagion.assumptions import Assumptions, Traded
from margin.contagion.regimes import Call
from margin.contagion.tiered import Tiers
from margin.scenarios.hours import Calendar

MOST = 127
"""What a venue's number can be, in a byte."""


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue. Maintenance rates are by instrument at the start, 0 for what it does not trade, all where there are none
    of its own, and so are the tiers above them; so are `fund_units` and `capital_units` (µ$), which are else its part
    of all venues', and `call`, which is else the regime's. `hours` close all of it. Who is liquidated pays `fee_bps` of
    notional to the fund, and nobody starts with more than `largest_leverage` (0: whatever it is).
    """

    name: str
    maintenance_ppm: tuple[int, ...] = ()
    fund_units: int | None = None
    capital_units: int | None = None
    call: Call | None = None
    hours: Calendar = "always"
    fee_bps: int = 0
    largest_leverage: int = 0
    maintenance_tiers: tuple[Tiers, ...] = ()

    def trades(self, which: int) -> bool:
        return not self.maintenance_ppm or self.maintenance_ppm[which] > 0

    def asks(self, which: int, common: Traded) -> tuple[int, Tiers]:
        """The lowest rate of an instrument at the start (parts per million) and the tiers above: its own, or those of
        the assumptions.
        """
        if not self.maintenance_ppm or not self.maintenance_ppm[which]:
            return common.maintenance_ppm, common.maintenance_tiers
        return self.maintenance_ppm[which], self.maintenance_tiers[which] if self.maintenance_tiers else ()


class VenueError(ValueError):
    """Venues that cannot be together; the text says why."""


def default_venues(a: Assumptions) -> tuple[Venue, ...]:
    """Those of the assumptions: venue_1 is the largest."""
    return tuple(Venue(f"venue_{number}") for number in range(1, int(a["venue.count"]) + 1))


def with_own(venues: tuple[Venue, ...], own: Venue, replaced: str) -> tuple[Venue, ...]:
    """With a venue of a user's own, in the place of another or, where `replaced` is "", beside them."""
    names = [one.name for one in venues]
    if replaced and replaced not in names:
        raise VenueError(f"{own.name}: replaces: expected one of {', '.join(names)}, found {replaced}")
    if own.name in names and own.name != replaced:
        raise VenueError(f"{own.name}: name: expected one that no other venue has")
    if not replaced and len(venues) == MOST:
        raise VenueError(f"{own.name}: there are {MOST} venues already, as many as can be")
    return tuple(own if one.name == replaced else one for one in venues) if replaced else (*venues, own)
