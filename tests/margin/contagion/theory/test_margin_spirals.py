"""Spirals, EWMA and loans: limits, simulations, and what they refuse."""

import math

import numpy as np
import pytest

from margin.contagion.theory import margin_spirals as spirals


def test_margins_that_rise_as_prices_fall_move_prices_further() -> None:
    def moved(slope: float, groups: int = 2) -> float:
        return spirals.price_response(
            0.2, aversion=1.0, variance=0.04, position=2.0, start=1.0, slope=slope, groups=groups
        )

    assert moved(0.0) == pytest.approx(1 / (2 * 0.2 / 0.04 - 1.0))
    assert moved(0.0, groups=1) == pytest.approx(1 / (0.2 / 0.04 - 1.0))
    assert moved(-1.0) > moved(0.0), "the margin spiral"
    assert moved(-4.5) == math.inf
    with pytest.raises(ValueError, match="groups"):
        moved(0.0, groups=3)


def test_an_ewma_answers_a_jump_as_its_closed_form_says() -> None:
    """20,000 paths; the standard error of a variance is 1%."""
    returns = np.random.default_rng(3).normal(0.0, 2.0, (20_000, 30))
    variance = np.ones(20_000)
    for step in range(30):
        variance = 0.9 * variance + 0.1 * returns[:, step] ** 2
    assert variance.mean() == pytest.approx(spirals.ewma_response(1.0, 4.0, 0.9, 30), rel=0.02)
    assert spirals.ewma_response(1.0, 4.0, 0.9, 0) == 1.0
    assert spirals.ewma_response(1.0, 4.0, 0.9, 10_000) == pytest.approx(4.0)
    with pytest.raises(ValueError, match="decay"):
        spirals.ewma_response(1.0, 4.0, 1.1, 1)


@pytest.mark.parametrize("incentive", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("debt", [60.0, 86.0, 90.0, 96.0, 99.0])
def test_a_liquidation_helps_below_the_threshold_and_harms_above(debt: float, incentive: float) -> None:
    before, after = debt / 100.0, spirals.loan_to_value_after(debt, 100.0, 1.0, incentive)
    assert (after < before) == spirals.liquidation_helps(before, incentive)


def test_more_than_is_owed_or_there_is_no_liquidation() -> None:
    for repaid in (61.0, -1.0):
        with pytest.raises(ValueError, match="repaid"):
            spirals.loan_to_value_after(60.0, 100.0, repaid, 0.05)
