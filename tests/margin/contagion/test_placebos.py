"""Where there is nothing to find nothing is found: shuffled labels, hedges that hedge nothing, a shock turned round."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, run
from margin.contagion.figures import figures
from margin.contagion.laws import draw_population
from margin.contagion.path import Path
from margin.contagion.placebos import label_effect, placebo, placebo_within
from margin.contagion.population import Kind
from margin.contagion.regimes import regime_of


def test_the_placebo_covers_zero_as_often_as_it_promises_and_an_effect_is_told_from_it() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(0.0, 1.0, (6, 1, 10))
    for effect, seed in product((0.0, 3.0), (1, 2)):
        found = placebo(noise + effect, seed)
        assert found.once.low[0] < found.once.mean[0] < found.once.high[0]
        assert 0.9 <= found.covered[0] <= 1.0
        assert (found.as_far[0] < 0.01) == (effect > 0.0)


def test_labels_within_a_run_cover_zero_as_often_as_they_promise() -> None:
    rng = np.random.default_rng(5)
    groups = np.array([rng.normal(100.0, 1.0, 32), rng.lognormal(0.0, 1.0, 32)])
    found = placebo_within(groups, 3, shuffles=1000)
    assert np.all((found.covered >= 0.92) & (found.covered < 1.0)), found.covered
    assert np.array_equal(found.covered, placebo_within(groups, 3, shuffles=1000).covered), "the seed is all"


def test_an_effect_of_the_label_is_told_from_nothing() -> None:
    rng = np.random.default_rng(6)
    groups, labelled = rng.normal(100.0, 1.0, (1, 32)), np.arange(32) % 2 == 0
    nothing, raised = label_effect(groups, labelled), label_effect(groups + 5.0 * labelled, labelled)
    assert nothing.low[0] <= 0.0 <= nothing.high[0]
    assert raised.low[0] > 0.0
    assert raised.mean[0] == pytest.approx(nothing.mean[0] + 160.0), "five for each of thirty-two"
    with pytest.raises(ValueError, match="no two samples"):
        label_effect(groups, np.arange(32) == 0)


@pytest.mark.parametrize("name", ["pooled_instant", "segregated_static"])
def test_hedges_that_hedge_nothing_trap_nothing(assumptions: Assumptions, crash: Path, name: str) -> None:
    """The correlation of a hedge is the share of one leg that the other covers; at 0 the other is a single lot."""
    trapped = {}
    for correlation in (-0.9, 0.0):
        a = assumptions.changed({"population.hedge_correlation": correlation})
        people = draw_population(a, 1, 5_000)
        assert np.any(people.clients.kind == Kind.HEDGER)
        forced = [
            figures(run(Inputs(a, people, crash, regime_of(name), channels, 1)))["liquidated_usd"]
            for channels in (Channels.ALL, Channels.ALL & ~Channels.TRAPPED)
        ]
        trapped[correlation] = forced[0] - forced[1]
    assert trapped[-0.9] > 1e6
    assert abs(trapped[0.0]) < 0.01 * trapped[-0.9]


def test_a_shock_the_other_way_round_closes_shorts_with_everything_on(inputs: Inputs) -> None:
    down = figures(run(inputs))
    up = figures(run(replace(inputs, path=inputs.path.flipped())))
    assert down["long_share"] > 0.7
    assert up["long_share"] < 0.3
    assert up["liquidated_usd"] > 0.0


def test_a_quiet_day_amplifies_nothing_in_either_form_of_custody(inputs: Inputs, quiet: Path) -> None:
    for name in ("pooled_instant", "segregated_grace"):
        on, off = (
            figures(run(replace(inputs, path=quiet, regime=regime_of(name), channels=channels)))
            for channels in (Channels.ALL, Channels.ALL & ~Channels.IMPACT)
        )
        assert on["supercritical"] == 0.0
        assert on["liquidated_usd"] <= 1.05 * off["liquidated_usd"] + 1e6
        assert on["shortfall_usd"] <= off["shortfall_usd"] + 1e6
