"""When a segregated venue settles: by the clock, and between cycles once a price has gone far."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun
from margin.contagion.regimes import regime_of

FAR = 0.02


@pytest.fixture
def compartments(inputs: Inputs) -> Inputs:
    """Nothing fails, so that every settlement that is due is made."""
    return replace(inputs, regime=regime_of("segregated_instant"), channels=Channels.ALL ^ Channels.OUTAGE)


def settled_at(inputs: Inputs) -> tuple[Run, list[int], float]:
    """A run, the steps at which a venue settled, and the farthest that any price was from a last settlement's."""
    made, steps, farthest = begun(inputs, audited=True), [], 0.0
    while made.step < len(inputs.path.units) - 1:
        marks = made.prices.settled.copy()
        made.advance()
        if not np.array_equal(marks, made.prices.settled):
            steps.append(made.step)
        else:
            farthest = max(farthest, float(np.abs(np.log(made.prices.current / made.prices.settled)).max()))
    return made, steps, farthest


def test_by_the_clock_alone_it_settles_every_four_hours(compartments: Inputs) -> None:
    made, steps, farthest = settled_at(compartments)
    assert [int(compartments.path.times_s[step]) % 14_400 for step in steps] == [0] * 3
    assert farthest > 3 * FAR
    assert made.tally.unsecured_usd > 0


def test_with_a_trigger_no_price_goes_far_from_the_last_settlement(compartments: Inputs) -> None:
    eager = replace(compartments, a=compartments.a.changed({"call.cycle_trigger": FAR}))
    (clock, by_clock, _), (made, steps, farthest) = settled_at(compartments), settled_at(eager)
    assert set(by_clock) < set(steps)
    assert FAR / 2 < farthest < 2 * FAR  # beyond it only by what follows in the same step
    assert made.tally.unsecured_usd < 0.7 * clock.tally.unsecured_usd
