"""What is up: venues and custodians fail by the same law, each with its own odds (specs/contagion.md §5.8, §16)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from margin.contagion.channels import Channels
from margin.contagion.defaulting import FAILED_CUSTODIAN, window
from margin.contagion.draws import uniforms
from margin.contagion.regimes import Disruption

if TYPE_CHECKING:
    from margin.contagion.engine import Inputs

STRESSED = 2.0
"""s/s⁰ beyond which a minute is stressed."""

Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Status:
    """By venue: whether it is up, and whether its custodian is; each venue has a custodian of the same number."""

    inputs: "Inputs"
    venue_up: Flags
    custodian_up: Flags
    down_steps: int = 0

    @classmethod
    def at_start(cls, inputs: "Inputs") -> "Status":
        count = inputs.population.venues
        return cls(inputs, np.ones(count, bool), np.ones(count, bool))

    def pass_time(self, step: int, stress: float) -> None:
        """Draw who fails and who recovers; the same draws whatever is on."""
        if Channels.OUTAGE in self.inputs.channels:
            self.venue_up = self._next("venue", self.venue_up, step, stress)
            self.custodian_up = self._next("custodian", self.custodian_up, step, stress)
        if self.inputs.regime.disruption is not Disruption.NONE:
            self.custodian_up = self.custodian_up & ~self._disrupted(step)
        self.down_steps += int((~self.moves()).sum())

    def moves(self) -> Flags:
        """By venue: whether collateral can come, move or be settled; pooled collateral needs the venue alone."""
        return self.venue_up & self.custodian_up if self.inputs.regime.is_segregated else self.venue_up

    def _next(self, purpose: str, up: Flags, step: int, stress: float) -> Flags:
        if stress <= STRESSED and up.all():
            return up  # nothing can fail and nothing is to recover
        a, seed = self.inputs.a, self.inputs.seed
        draw = uniforms(seed, f"{purpose} status", np.arange(len(up), dtype=np.int64), step)
        fails = draw < a[f"{purpose}.outage_probability"] if stress > STRESSED else np.zeros(len(up), bool)
        recovers = draw < a["venue.recovery_probability"]
        return np.where(up, ~fails, recovers)

    def _disrupted(self, step: int) -> Flags:
        """By custodian: an outage takes all for a window over the low, a shared provider half of them; a custodian in
        default, the largest, does not come back.
        """
        first, last = window(self.inputs.path)
        number = np.arange(len(self.venue_up))
        match self.inputs.regime.disruption:
            case Disruption.CUSTODIAN_DEFAULT:
                return np.asarray((number == FAILED_CUSTODIAN) & (step >= first))
            case Disruption.CUSTODY_TECHNOLOGY:
                return np.asarray((number < len(number) / 2) & (first <= step <= last))
            case _:
                return np.full(len(number), first <= step <= last)
