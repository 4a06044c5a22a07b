"""What everybody else does on the crash day: millions of accounts, simulated under each form of custody.

The contagion engine runs the thirty hours around the low once pooled and once segregated. What forced orders add to
prices there is what the twelve clients' prices differ by in that regime, to the basis point: the last bits of a
simulation in floats may differ between machines, and must not show. Afterwards it fades over a day (an assumption).
"""

from dataclasses import dataclass

import numpy as np

from custody.delegation import Standing
from margin.contagion.assumption_file import packaged
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, run
from margin.contagion.laws import draw_population
from margin.contagion.path import Path, PathError
from margin.contagion.record import Record, record_of
from margin.contagion.regimes import regime_of
from margin.contagion.scenario_path import cut
from margin.estimates import BPS
from margin.scenarios.scenario import Scenario

REGIMES = {Standing.POOLED: "pooled_grace", Standing.SEGREGATED: "segregated_grace"}
"""The same call policy, as for the twelve."""
ACCOUNTS = 20_000
"""Simulated; they stand for the millions that the assumptions state."""
HOUR_S, STEP_S = 3_600, 60
BEFORE_S, AFTER_S, FADE_S = 24 * HOUR_S, 6 * HOUR_S, 24 * HOUR_S
SCALE = "market.exogenous_scale"


@dataclass(frozen=True, slots=True)
class Others:
    """One regime. `move_bps` by asset and step is the price over the one without them, 10,000 for none."""

    regime: str
    record: Record
    represented: int
    start_s: int
    move_bps: dict[str, tuple[int, ...]]

    def price_e6(self, asset: str, at_s: int, price_e6: int) -> int:
        """A price with what they add at a time; the price itself outside of their hours."""
        if asset not in self.move_bps or at_s < self.start_s:
            return price_e6
        moves = self.move_bps[asset]
        step = (at_s - self.start_s) // STEP_S
        bps = moves[min(step, len(moves) - 1)]
        late_s = at_s - self.start_s - (len(moves) - 1) * STEP_S
        if late_s > 0:
            bps = BPS + (bps - BPS) * max(FADE_S - late_s, 0) // FADE_S
        return max(price_e6 * bps // BPS, 1)


def others_of(event: Scenario, seed: int) -> dict[Standing, Others]:
    """Both regimes on the same accounts, prices and draws; none where an event does not state thirty such hours."""
    a = packaged()
    start_s = _low_s(event) // HOUR_S * HOUR_S - BEFORE_S
    steps = (BEFORE_S + AFTER_S) // STEP_S
    try:
        observed = cut(event, a.changed({SCALE: 1.0}), seed, start_s=start_s, steps=steps)
    except PathError:
        return {}
    path, population = observed.scaled(a[SCALE]), draw_population(a, seed, ACCOUNTS)
    found = {}
    for standing, regime in REGIMES.items():
        made = run(Inputs(a, population, path, regime_of(regime), Channels.ALL, seed))
        record = record_of(made, event.name)
        represented = round(a["population.represented_accounts"])
        found[standing] = Others(regime, record, represented, start_s, _moves(made, observed))
    return found


def _low_s(event: Scenario) -> int:
    """When bitcoin's bars are lowest."""
    lows = {bar.low_e6: bar.start_s for bar in reversed(event.bars_of("BTC")) if bar.low_e6 is not None}
    return lows[min(lows)] if lows else event.start_s


def _moves(made: Run, observed: Path) -> dict[str, tuple[int, ...]]:
    bps = np.rint(made.tally.price_units / observed.units * BPS).astype(np.int64)
    return {symbol: tuple(bps[:, at].tolist()) for at, symbol in enumerate(made.inputs.population.symbols)}
