"""Closed forms against themselves: limits, identities, simulations; and what they refuse."""

import math

import numpy as np
import pytest

from margin.contagion.theory import cascades, custody_costs, fire_sales, impact


def test_amplification_is_what_rounds_of_selling_sum_to() -> None:
    assert cascades.amplification(0.6) == pytest.approx(sum(0.6**k for k in range(200)))
    assert cascades.amplification(1.0) == math.inf
    with pytest.raises(ValueError, match="at least 0"):
        cascades.amplification(-0.1)


@pytest.mark.parametrize("reproduction", [0.0, 0.3, 0.8])
def test_borels_law_sums_to_one_and_to_its_mean(reproduction: float) -> None:
    chances = [cascades.cluster_probability(size, reproduction) for size in range(1, 3_000)]
    assert sum(chances) == pytest.approx(1.0, abs=1e-9)
    mean = sum(size * chance for size, chance in enumerate(chances, 1))
    assert mean == pytest.approx(cascades.cluster_size(reproduction), rel=1e-6)


def test_clusters_of_a_simulated_branching_process_are_borels() -> None:
    rng = np.random.default_rng(1)
    sizes = []
    for _ in range(4_000):
        size = alive = 1
        while alive:
            alive = int(rng.poisson(0.5 * alive))
            size += alive
        sizes.append(size)
    for size in (1, 2, 3):
        found = sizes.count(size) / len(sizes)
        assert found == pytest.approx(cascades.cluster_probability(size, 0.5), abs=0.025)


@pytest.mark.parametrize("r0", [1.0001, 1.5, 4.0])
def test_the_final_size_solves_its_equation_and_is_none_up_to_one(r0: float) -> None:
    size = cascades.final_size(r0)
    assert size == pytest.approx(1.0 - math.exp(-r0 * size), abs=1e-9)
    assert size > 0.0
    assert cascades.final_size(1.0) == cascades.final_size(0.3) == 0.0


def test_square_root_impact_has_a_floor_and_no_threshold() -> None:
    assert cascades.square_root_fixed_point(1e-12, 0.1, 2.0) == pytest.approx(0.02, rel=1e-6)
    assert cascades.square_root_fixed_point(0.03, 0.0, 2.0) == pytest.approx(0.03)
    assert math.isfinite(cascades.square_root_fixed_point(0.1, 50.0, 50.0))


def test_a_barrier_that_is_watched_at_intervals_is_hit_less_often() -> None:
    """2,000 looks a day, 4,000 days: Monte Carlo's standard error is 0.3%."""
    steps, sigma, barrier = 2_000, 0.045, 0.09
    walks = np.random.default_rng(2).normal(0.0, sigma / math.sqrt(steps), (4_000, steps)).cumsum(axis=1)
    found = float((walks.min(axis=1) <= -barrier).mean())
    assert found == pytest.approx(cascades.hit_probability(barrier, sigma, watched_every=1 / steps), abs=0.01)
    assert cascades.hit_probability(barrier, sigma, watched_every=0.1) < cascades.hit_probability(barrier, sigma)
    with pytest.raises(ValueError, match="above 0"):
        cascades.hit_probability(0.1, 0.0)


def test_obizhaeva_and_wangs_blocks_and_pace_sell_everything() -> None:
    block, rate = impact.obizhaeva_wang(100.0, resilience=2.0, time=3.0)
    assert 2.0 * block + 3.0 * rate == pytest.approx(100.0)
    assert impact.obizhaeva_wang(100.0, resilience=0.0, time=3.0) == (50.0, 0.0)


def test_a_propagator_without_decay_sums_and_with_it_comes_back() -> None:
    assert impact.propagated([1.0, 2.0, 0.0], 0.0) == pytest.approx([1.0, 3.0, 3.0])
    once = impact.propagated([1.0, 0.0, 0.0, 0.0], 0.5, scale=2.0)
    assert once == pytest.approx([2.0, 2.0 / math.sqrt(2), 2.0 / math.sqrt(3), 1.0])


def test_almgrens_fit_gives_its_papers_example_its_signs_and_scales() -> None:
    permanent, realised = impact.almgren(0.1, 1.0, 263.0, 0.0157, 0.5)
    assert permanent / 0.0157 == pytest.approx(0.314 * 0.1 * 263**0.25)
    assert realised == pytest.approx(permanent / 2 + 0.142 * 0.0157 * 0.2**0.6)
    assert impact.almgren(-0.1, 1.0, 263.0, 0.0157, 0.5) == pytest.approx((-permanent, -realised))


def test_leverage_limit_and_ceiling() -> None:
    assert impact.leverage_limit(0.05) == pytest.approx(30.0)
    assert impact.square_root_ceiling(0.045, 1e9, 1e11) == pytest.approx(2 * 0.0045)
    with pytest.raises(ValueError, match="above zero"):
        impact.leverage_limit(0.0)
    with pytest.raises(ValueError, match="volume"):
        impact.square_root(0.045, 1.0, 0.0)


def test_one_auction_more_tells_more() -> None:
    rounds = [impact.kyle(count, 4.0, 9.0) for count in (1, 2, 8)]
    assert rounds[0].depths[0] == pytest.approx(0.5 * math.sqrt(4 / 9))
    assert rounds[0].profit == pytest.approx(0.5 * 6)
    assert rounds[0].profit < rounds[1].profit < rounds[2].profit < 6
    assert all(one > two for found in rounds for one, two in zip(found.variances, found.variances[1:], strict=False))
    with pytest.raises(ValueError, match="at least one"):
        impact.kyle(0, 1.0, 1.0)


# -- fire sales ----------------------------------------------------------------------------------------------------


def sold(scale: float = 1.0, shock: float = 1.0, leverage: float = 1.0) -> fire_sales.Spillover:
    rng = np.random.default_rng(4)
    weights = rng.dirichlet(np.ones(4), 6)
    return fire_sales.greenwood_landier_thesmar(
        rng.uniform(50, 150, 6), leverage * rng.uniform(5, 20, 6), weights, scale * rng.uniform(0, 1e-3, 4),
        shock * np.array([-0.02, 0.0, -0.01, 0.0]),
    )  # fmt: skip


def test_vulnerability_is_linear_in_shock_and_impact_and_the_sum_of_its_parts() -> None:
    one = sold()
    assert one.systemicness.sum() == pytest.approx(one.aggregate)
    assert sold(shock=2.0).aggregate == pytest.approx(2 * one.aggregate)
    assert sold(scale=3.0).aggregate == pytest.approx(3 * one.aggregate)
    assert sold(leverage=0.0).aggregate == 0.0
    assert one.aggregate < 0.0


def test_who_is_within_its_limit_sells_nothing_and_who_is_not_sells_to_the_target() -> None:
    assets, equity = np.array([100.0, 100.0, 100.0]), np.array([5.0, 4.0, -1.0])
    assert fire_sales.deleveraged(assets, equity, limit=20.0, target=18.0).tolist() == [0.0, 28.0, 100.0]
    with pytest.raises(ValueError, match="between 1 and the limit"):
        fire_sales.deleveraged(assets, equity, limit=18.0, target=20.0)


def test_no_sale_takes_a_price_below_its_floor() -> None:
    assert fire_sales.walked(1e12, 1e9, 0.4) == pytest.approx(0.6)
    assert fire_sales.walked(1e6, 1e9, 0.4) == pytest.approx(0.6e-3, rel=1e-3)
    assert fire_sales.depth_over(1e11, 0.045, 4.0, 0.1) == pytest.approx(2 * 0.1 * 1e11 / 0.045)


def test_correlation_rises_only_where_liquidated_portfolios_overlap() -> None:
    quiet = np.diag([0.02**2, 0.03**2, 0.01**2])
    stressed = fire_sales.cont_wagalath(quiet, np.full(3, 1e-9), np.full(3, 1e8), np.array([1.0, 1.0, 0.0]))
    assert np.array_equal(stressed, stressed.T)
    assert stressed[0, 1] > 0.0
    assert stressed[0, 2] == stressed[1, 2] == 0.0
    assert stressed[2, 2] == quiet[2, 2]
    assert np.linalg.eigvalsh(stressed).min() > 0.0
    loud = np.eye(3) + 0.1 * np.outer([1.0, 1.0, 0.0], [1.0, 1.0, 0.0])
    assert stressed == pytest.approx(loud @ quiet @ loud.T), "returns move by what their liquidation adds"


# -- custody -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("volatility", "hours", "percent"), [
    (0.045, 2, 1.04), (0.045, 4, 1.47), (0.045, 24, 3.59), (0.15, 2, 3.5), (0.15, 4, 4.9), (0.15, 24, 12.0),
])  # fmt: skip
def test_unsettled_gains_are_the_specifications_figures(volatility: float, hours: float, percent: float) -> None:
    assert 100 * custody_costs.unsettled_mean(volatility, hours) == pytest.approx(percent, abs=0.06)


def test_grace_costs_what_a_simulation_says_and_more_the_longer_it_is() -> None:
    losses = np.random.default_rng(6).normal(0.0, 0.15 * math.sqrt(15 / 1440), 400_000)
    found = float(np.maximum(losses - 0.005, 0.0).mean())
    assert custody_costs.grace_shortfall(0.15, 15, 0.005) == pytest.approx(found, rel=0.01)
    assert custody_costs.grace_shortfall(0.15, 60, 0.005) > custody_costs.grace_shortfall(0.15, 15, 0.005)
    with pytest.raises(ValueError, match="above zero"):
        custody_costs.grace_shortfall(0.15, 0, 0.005)
