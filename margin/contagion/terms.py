"""What each venue asks and when it is open, as arrays by venue and instrument."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from margin.contagion.closing import Flags
from margin.contagion.draws import Whole
from margin.contagion.path import Path
from margin.contagion.regimes import Call
from margin.contagion.venues import Venue
from margin.scenarios.hours import is_open

if TYPE_CHECKING:
    from margin.contagion.engine import Inputs


@dataclass(frozen=True, slots=True)
class Terms:
    """Maintenance rates at the start by venue and instrument, and by venue whether a breach is liquidated at once and
    what it costs (basis points of notional).
    """

    venues: tuple[Venue, ...]
    path: Path
    rate_ppm: NDArray[np.int64]
    at_once: Flags
    fee_bps: Whole

    def is_open(self, step: int) -> Flags:
        """By venue and instrument: whether orders are taken."""
        at_s = int(self.path.times_s[step])
        opened = np.ones(len(self.rate_ppm), bool)
        for number, venue in enumerate(self.venues):
            opened[number] = is_open(venue.hours, at_s)
        return np.asarray(opened[:, None] & self.path.is_open[step])

    def own_units(self, weight: float) -> dict[int, tuple[int, int]]:
        """Fund and capital of venues that have their own (µ$ of the simulated accounts, which stand for `weight`)."""
        return {
            number: (int(venue.fund_units / weight), int((venue.capital_units or 0) / weight))
            for number, venue in enumerate(self.venues)
            if venue.fund_units is not None
        }


def terms_of(inputs: "Inputs") -> Terms:
    """Those of the venues of a run: their own, and else those of instruments and regime."""
    common = np.array([one.maintenance_ppm for one in inputs.a.instruments], np.int64)
    rates = np.tile(common, (inputs.population.venues, 1))
    fees = np.zeros(inputs.population.venues, np.int64)
    at_once = np.full(inputs.population.venues, inputs.regime.call is Call.INSTANT)
    for number, venue in enumerate(inputs.venues):
        fees[number] = venue.fee_bps
        if venue.maintenance_ppm:
            own = np.array(venue.maintenance_ppm, np.int64)
            rates[number] = np.where(own > 0, own, common)
        if venue.call is not None:
            at_once[number] = venue.call is Call.INSTANT
    return Terms(inputs.venues, inputs.path, rates, at_once, fees)
