"""Steps cut into parts: when, into how many, and that what is found then is nearer to what a finer step finds."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.draws import Floats
from margin.contagion.engine import Inputs, run
from margin.contagion.laws import draw_population
from margin.contagion.pace import Pace, between
from margin.contagion.regimes import regime_of
from tests.margin.contagion.test_convergence import settled
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
    deep = replace(inputs, a=inputs.a.changed({"market.depth_multiple": 5.0}))
    never = replace(deep, a=deep.a.changed({"market.burst_move": NEVER}))
    assert figures(run(deep)) == figures(run(never))


def test_cut_steps_find_what_finer_steps_find(assumptions: Assumptions) -> None:
    """Nobody opens on the way and nobody tops up: that is done once a step, however it is cut."""
    still = assumptions.changed({"population.entry_share": 0.0, "population.top_up_share": 0.0})
    crowds = [draw_population(still, seed, 5_000) for seed in (1, 2, 3)]

    def found(step_s: int, burst: float) -> Floats:
        a = still.changed({"market.depth_multiple": 0.15, "market.burst_move": burst})
        return np.array([settled(a, people, step_s) for people in crowds])

    fine, cut, coarse = found(10, NEVER), found(240, 1e-9), found(240, NEVER)
    assert (np.abs(cut - fine).sum(axis=0) < 0.1 * np.abs(coarse - fine).sum(axis=0)).all()
