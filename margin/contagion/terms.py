"""What each venue asks and when it is open, as arrays by venue and instrument."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import Traded
from margin.contagion.closing import Flags
from margin.contagion.draws import Whole
from margin.contagion.path import Path
from margin.contagion.pressure import Pressure
from margin.contagion.regimes import Call
from margin.contagion.scan import NOTHING_ABOVE, Prices
from margin.contagion.venues import Venue
from margin.scenarios.hours import is_open

if TYPE_CHECKING:
    from margin.contagion.engine import Inputs


@dataclass(frozen=True, slots=True)
class Terms:
    """Maintenance rates at the start by venue, instrument and tier, the lowest first, and where each other one begins
    (µ$); by venue whether a breach is liquidated at once and what it costs (basis points of notional).
    """

    venues: tuple[Venue, ...]
    path: Path
    rate_ppm: NDArray[np.int64]
    above_units: NDArray[np.int64]
    at_once: Flags
    fee_bps: Whole

    def opening(self) -> Prices:
        """Prices of the start, settled there, and what is asked then."""
        start, shape = self.path.units[0], self.above_units.shape
        settled = np.tile(start, (shape[0], 1))
        return Prices(start.copy(), settled, np.empty(shape[:2], np.int64), self.above_units, np.empty(shape, np.int64))

    def ask(self, prices: Prices, pressure: Pressure, step: int) -> None:
        """Write the maintenance rates of a step."""
        rates = pressure.rate_ppm(self.rate_ppm, self.path.owed_bps(step))
        prices.rate_ppm[:] = rates[:, :, 0]
        prices.more_ppm[:] = np.diff(rates, axis=2)

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
    venues = inputs.venues or (Venue(""),) * inputs.population.venues
    rates, above = _tables(venues, inputs.a.instruments)
    at_once = [(venue.call or inputs.regime.call) is Call.INSTANT for venue in venues]
    fees = np.array([venue.fee_bps for venue in venues], np.int64)
    return Terms(inputs.venues, inputs.path, rates, above, np.array(at_once, bool), fees)


def _tables(venues: Sequence[Venue], instruments: Sequence[Traded]) -> tuple[Whole, Whole]:
    """Rates by tier, and where tiers begin; a table that is shorter than the longest ends with its last rate."""
    tables = [[venue.asks(which, one) for which, one in enumerate(instruments)] for venue in venues]
    most = max(len(tiers) for row in tables for _, tiers in row)
    shape = len(venues), len(instruments), most
    rates, above = np.empty((*shape[:2], most + 1), np.int64), np.full(shape, NOTHING_ABOVE)
    for at in np.ndindex(shape[:2]):
        lowest, tiers = tables[at[0]][at[1]]
        every = [lowest, *(rate for _, rate in tiers)]
        rates[at] = [*every, *every[-1:] * (most - len(tiers))]
        above[at][: len(tiers)] = [units for units, _ in tiers]
    return rates, above
