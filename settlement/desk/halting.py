"""A venue under stress takes nothing more until it has paid: suspected → halted → resumed, by the desk itself.

What stands there is not touched, and may leave: a halt keeps others from adding to it (specification §3, Venue
default).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from custody.custodian import Custodian
from settlement.desk.world import World


class Stress(StrEnum):
    """Why a venue is suspected; each ends with the next cycle that it pays."""

    CYCLE_DISPUTED = "cycle_disputed"
    """Its figures and the custodian's differ: nobody knows what it owes."""
    VENUE_SHORT = "venue_short"
    """It owes more than it has posted, and cannot bring the rest."""


@dataclass(slots=True)
class HaltRoom:
    """`halted`: the venues that take nothing, and why."""

    world: World
    custodian: Custodian
    halted: dict[str, Stress] = field(default_factory=dict)

    def suspect(self, venue: str, why: Stress) -> None:
        """The venue takes nothing from now on; told once, for the first reason."""
        if venue in self.halted:
            return
        self.halted[venue] = why
        self.custodian.halt(venue, True, self.world.now_s)
        self.world.tell("venue_halted", "", venue, why=why)

    def paid(self, venue: str) -> None:
        """The venue has paid a cycle that both sides signed: if it was halted, it takes again."""
        if venue not in self.halted:
            return
        why = self.halted.pop(venue)
        self.custodian.halt(venue, False, self.world.now_s)
        self.world.tell("venue_resumed", "", venue, why=why)
