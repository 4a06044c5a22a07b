"""Steps cut into parts: when, into how many, and that what is found then is nearer to what a finer step finds."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, run
from margin.contagion.pace import Pace, between
from margin.contagion.population import Population
from margin.contagion.regimes import regime_of
from tests.margin.contagion.test_convergence import smooth
from tests.margin.contagion.test_engine import figures

NEVER = 9.0
"""No price moves so far within a step: no step is cut."""


def parts_after(moves: list[float], step_s: int = 60) -> list[int]:
    """Into how many parts the step after each of these is cut."""
    pace, parts = Pace(step_s, 0.02), []
    for move in moves:
        pace.moved(move)
        parts.append(pace.begin())
    return parts


def test_a_step_after_a_burst_has_parts_of_ten_seconds_and_the_one_after_that_has_none() -> None:
    assert parts_after([0.0, 0.019, 0.021, 0.0]) == [1, 1, 6, 1]


def test_every_supercritical_step_halves_what_follows_down_to_five_seconds() -> None:
    assert parts_after([0.21, 0.0, 0.21, 0.0, 0.21, 0.0, 0.5, 0.0, 0.5, 0.0]) == [6, 2, 6, 4, 8, 8, 12, 12, 12, 12]


def test_short_steps_are_not_cut() -> None:
    assert parts_after([0.021, 0.5, 0.0], step_s=5) == [1, 1, 1]


def test_the_largest_move_of_all_parts_counts() -> None:
    pace = Pace(60, 0.02)
    assert not pace.moved(0.03)
    assert not pace.moved(0.001)
    assert pace.begin() == 6


def test_between_two_prices_the_logarithm_goes_straight_and_ends_on_the_path() -> None:
    before, after = np.array([100_000_000, 50_000_000]), np.array([81_000_000, 50_000_000])
    assert between(before, after, 1, 2).tolist() == [90_000_000, 50_000_000]
    assert between(before, after, 2, 2) is after


@pytest.fixture
def thin(inputs: Inputs) -> Inputs:
    """So little depth that forced orders make bursts."""
    return replace(inputs, a=inputs.a.changed({"market.depth_multiple": 0.2}))


@pytest.mark.parametrize("name", ["pooled_instant", "segregated_netted"])
def test_with_parts_too_books_add_up_and_the_fast_watch_agrees_with_the_plain_one(thin: Inputs, name: str) -> None:
    asked = replace(thin, regime=regime_of(name))
    assert figures(run(asked, audited=True)) == figures(run(asked, plain=True))
    whole = replace(asked, a=asked.a.changed({"market.burst_move": NEVER}))
    assert figures(run(asked)) != figures(run(whole))  # some steps were cut


def test_a_run_without_bursts_is_the_same_whatever_is_called_one(inputs: Inputs) -> None:
    never = replace(inputs, a=inputs.a.changed({"market.burst_move": NEVER}))
    assert figures(run(inputs)) == figures(run(never))


def test_cut_steps_find_what_finer_steps_find(assumptions: Assumptions, people: Population) -> None:
    def low(step_s: int, burst: float) -> float:
        a = assumptions.changed({"market.depth_multiple": 0.2, "market.burst_move": burst})
        asked = Inputs(a, people, smooth(a, step_s), regime_of("pooled_instant"), Channels.IMPACT, 1)
        tally = run(asked).tally
        return float(tally.price_units[:, 0].min() / tally.price_units[0, 0])

    fine, cut, coarse = low(10, NEVER), low(240, 1e-9), low(240, NEVER)
    assert abs(cut - fine) < 0.1 * abs(coarse - fine)
