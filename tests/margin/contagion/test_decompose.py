"""Shapley's axioms, games with known values, and intervals that cover what they should as often as they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from margin.contagion.decompose import (
    GameError,
    bootstrap,
    dividends,
    first_in,
    last_in,
    over_groups,
    pairs,
    players_of,
    shapley,
)

GAMES = st.integers(1, 5).flatmap(
    lambda players: arrays(np.float64, 1 << players, elements=st.integers(-1000, 1000).map(float))
)


@given(GAMES)
def test_shares_sum_to_the_whole_and_so_do_dividends(values: np.ndarray) -> None:
    assert shapley(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-9)
    assert dividends(values).sum() == pytest.approx(values[-1])


@given(GAMES, st.data())
def test_equal_players_get_the_same_and_who_adds_nothing_gets_nothing(values: np.ndarray, data: st.DataObject) -> None:
    players = players_of(values)
    idle = data.draw(st.integers(0, players - 1))
    sets = np.arange(len(values))
    assert shapley(values[sets & ~(1 << idle)])[idle] == pytest.approx(0.0, abs=1e-9)
    sizes = np.array([int(one).bit_count() for one in sets])
    anonymous = shapley(values[(1 << sizes) - 1])
    assert anonymous == pytest.approx([anonymous[0]] * players, abs=1e-9)


@given(GAMES, GAMES)
def test_shares_of_a_sum_are_sums_of_shares(one: np.ndarray, other: np.ndarray) -> None:
    if len(one) == len(other):
        assert shapley(one + 2 * other) == pytest.approx(shapley(one) + 2 * shapley(other), abs=1e-9)


def test_the_order_of_players_does_not_matter() -> None:
    values = np.array([0.0, 3, 5, 11, 7, 12, 13, 30])
    turned = np.array([values[(s & 1) << 2 | (s >> 1 & 1) << 1 | s >> 2] for s in range(8)])
    assert shapley(turned) == pytest.approx(shapley(values)[::-1])


def test_two_that_do_the_same_work_have_a_dividend_below_zero_and_two_that_need_each_other_above() -> None:
    same, needed = np.array([0.0, 10, 10, 10]), np.array([0.0, 0, 0, 10])
    assert (pairs(same)[0, 1], pairs(needed)[0, 1]) == (-10, 10)
    assert first_in(same).tolist() == [10, 10]
    assert last_in(same).tolist() == [0, 0]
    assert shapley(same).tolist() == shapley(needed).tolist() == [5, 5]
    assert last_in(needed).tolist() == [10, 10]


@pytest.mark.parametrize("count", [0, 1, 3, 6])
def test_what_is_no_game_is_refused(count: int) -> None:
    with pytest.raises(GameError, match=f"{count} values"):
        shapley(np.zeros(count))


def test_seeds_and_groups_are_kept_apart() -> None:
    values = np.arange(8.0 * 3 * 2).reshape(8, 3, 2)
    assert shapley(values).shape == (3, 3, 2)
    assert shapley(values)[:, 1, 1] == pytest.approx(shapley(values[:, 1, 1]))


def test_intervals_cover_the_mean_nearly_as_often_as_they_say() -> None:
    """Thirty normal numbers, 400 times: 95%, less what a percentile interval of thirty gives away."""
    draws = np.random.default_rng(7).normal(2.0, 3.0, (400, 30))
    band = bootstrap(draws, seed=1, resamples=2_000)
    covered = ((band.low <= 2.0) & (band.high >= 2.0)).mean()
    assert 0.90 < covered < 0.97
    assert band.mean == pytest.approx(draws.mean(axis=1))


def test_groups_of_accounts_vary_as_accounts_do() -> None:
    """A sum over 6,400 accounts in 64 random groups: its interval is that of √n σ."""
    accounts = np.random.default_rng(3).exponential(1.0, 6_400)
    band = over_groups(accounts.reshape(64, 100).sum(axis=1), seed=2)
    assert band.mean == pytest.approx(accounts.sum())
    half = 1.96 * np.sqrt(6_400) * accounts.std()
    assert (band.high - band.low) / 2 == pytest.approx(half, rel=0.3)


def test_one_seed_has_no_interval_and_equal_seeds_the_same() -> None:
    assert bootstrap(np.array([5.0]), seed=1).high == np.inf
    with pytest.raises(ValueError, match="no samples"):
        bootstrap(np.zeros(0), seed=1)
    samples = np.random.default_rng(5).normal(0.0, 1.0, 20)
    assert bootstrap(samples, seed=1).low == bootstrap(samples, seed=1).low != bootstrap(samples, seed=2).low


def test_an_interval_of_few_samples_covers_as_often_as_it_promises() -> None:
    band = bootstrap(np.random.default_rng(6).normal(0.0, 1.0, (400, 4)), 1, 1_000)
    assert 0.9 <= ((band.low <= 0.0) & (band.high >= 0.0)).mean() <= 0.99
