"""Cuts the exogenous path out of a scenario: its stated bars, and seeded bridges between them.

What no bar states follows what one does: OTHER moves as SOL does (an assumption). A market that is shut
keeps its price. The bars are prices as they were, forced orders included: what came from outside is a part of their
moves (`market.exogenous_scale`), and a calibrated run adds the rest itself. Margin steps that the scenario dates are
owed from when they take effect, not from their notice, by instruments whose assumptions name the exchange.
"""

from dataclasses import replace

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.path import Path, PathError
from margin.moving_rules import Steps, steps_of
from margin.scenarios.anchors import Order
from margin.scenarios.bridge import LEADER, build_paths
from margin.scenarios.events import MarginStepped
from margin.scenarios.hours import is_open
from margin.scenarios.scenario import Scenario

FOLLOWS = {"OTHER": "SOL"}


def cut(
    scenario: Scenario,
    a: Assumptions,
    seed: int,
    *,
    start_s: int,
    steps: int,
    step_s: int = 60,
    order: Order = Order.DRAWN,
) -> Path:
    """`steps` steps from a time on. Raises PathError where the scenario does not cover them or lacks an asset."""
    if not scenario.start_s <= start_s < start_s + steps * step_s < scenario.end_s:
        raise PathError(f"{scenario.name} does not cover {steps} steps of {step_s} s from {start_s}")
    sources = {FOLLOWS.get(one.symbol, one.symbol) for one in a.instruments}
    needed = tuple(one for one in scenario.assets if one.symbol in sources or one.symbol == LEADER)
    drawn = build_paths(replace(scenario, assets=needed, step_s=step_s), seed, order)  # no path hangs on those left out
    first = (start_s - scenario.start_s) // step_s
    times = np.array(drawn.times_s[first : first + steps + 1], np.int64)
    columns, flags = [], []
    for one in a.instruments:
        source = FOLLOWS.get(one.symbol, one.symbol)
        if source not in drawn.prices_e6:
            raise PathError(f"{scenario.name} has no prices of {source}, which {one.symbol} follows")
        prices = np.array(drawn.prices_e6[source][first : first + steps + 1], np.float64)
        columns.append(np.maximum(np.rint(one.lot_units * prices / prices[0]), 1).astype(np.int64))
        flags.append([is_open(one.hours, int(at)) for at in times])
    observed = Path(times, np.column_stack(columns), np.array(flags, bool).T, _announced(scenario, a))
    return observed.scaled(a["market.exogenous_scale"])


def _announced(scenario: Scenario, a: Assumptions) -> tuple[tuple[int, Steps], ...]:
    """By instrument, where the scenario dates steps of the exchange that announces its margins.

    Raises MovingRuleError for steps that do not follow from one another.
    """
    dated = {(event.exchange, event.asset) for event in scenario.events if isinstance(event, MarginStepped)}
    return tuple(
        (which, steps_of(scenario.events, one.announced_by, one.symbol))
        for which, one in enumerate(a.instruments)
        if (one.announced_by, one.symbol) in dated
    )
