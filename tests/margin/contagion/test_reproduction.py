"""R_t by selling a little more: the run that was looked at goes on as if nobody had."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.reproduction import branching_ratio, forked, reproduction
from tests.margin.contagion.test_engine import figures


def at_the_busiest(inputs: Inputs) -> Run:
    """A run as it is after its busiest step."""
    flow = run(inputs).tally.flow_usd.sum(axis=1)
    made = begun(inputs)
    while made.step < int(flow[:-1].argmax()):
        made.advance()
    return made


def test_looking_changes_nothing(inputs: Inputs) -> None:
    made = at_the_busiest(inputs)
    copied = forked(made)
    reproduction(made)
    while made.step < len(inputs.path.units) - 1:
        made.advance()
        copied.advance()
    assert figures(made) == figures(copied) == figures(run(inputs))


def test_endless_books_reproduce_nothing(inputs: Inputs) -> None:
    deep = replace(inputs, a=inputs.a.changed({"market.depth_multiple": 1e9}), channels=Channels.IMPACT)
    assert reproduction(at_the_busiest(deep)).ratio == pytest.approx(0.0, abs=1e-3)


def test_with_nothing_sold_there_is_nothing_to_reproduce(inputs: Inputs) -> None:
    assert reproduction(begun(inputs)).ratio == 0.0


def test_the_fit_finds_the_ratio_that_a_process_was_made_with() -> None:
    rng = np.random.default_rng(8)
    flow = [5.0]
    for _ in range(20_000):
        flow.append(float(rng.poisson(0.6 * flow[-1] + 2.0)))
    assert branching_ratio(flow) == pytest.approx(0.6, abs=0.02)
    assert branching_ratio([3.0, 3.0, 3.0]) == 0.0
