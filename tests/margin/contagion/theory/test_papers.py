"""Published and derived numbers that stand beside this checkout; further ones of the same kinds exist."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from margin.contagion.decompose import shapley
from margin.contagion.theory import cascades, custody_costs, fire_sales, impact

PAPERS = pathlib.Path(__file__).resolve().parents[5] / "shared" / "vectors" / "papers.json"

pytestmark = pytest.mark.skipif(not PAPERS.is_file(), reason="the shared cases from papers are not here")


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Inputs, what is expected, and how closely."""
    found = next(one for one in json.loads(PAPERS.read_text())["vectors"] if one["id"] == name)
    return found["inputs"], found["expected"], float(found["tolerance"])


def test_greenwood_landier_thesmar() -> None:
    given, expected, tolerance = case("glt_two_bank_toy")
    found = fire_sales.greenwood_landier_thesmar(
        *(np.array(given[name], float) for name in ("A", "debt_to_equity_B", "M")),
        *(np.array(given[name], float) for name in ("L_price_impact_per_dollar", "shock_F")),
    )
    for name, value in (
        ("direct_loss_over_E", found.direct), ("R1", found.returns), ("dollar_sales_by_asset", found.sales),
        ("price_move_F2", found.moves), ("AV", found.aggregate), ("systemicness", found.systemicness),
    ):  # fmt: skip
        assert value == pytest.approx(expected[name], abs=tolerance), name
    assert found.systemicness.sum() == pytest.approx(found.aggregate)


def test_almgren_and_chriss() -> None:
    given, expected, tolerance = case("almgren_chriss_2000")
    found = impact.almgren_chriss(
        given["X"], given["T"], given["N"], volatility=given["sigma"], spread=given["epsilon"],
        permanent=given["gamma"], temporary=given["eta"], aversion=given["lam"],
    )  # fmt: skip
    assert found.kappa == pytest.approx(expected["kappa"], abs=1e-6)
    assert found.half_life == pytest.approx(expected["half_life_days"], abs=1e-4)
    assert found.left == pytest.approx(expected["trajectory"], abs=tolerance)
    assert (found.expected_cost, found.variance, found.expected_cost_even) == pytest.approx(
        (expected["E_cost"], expected["V_cost"], expected["E_linear"]), abs=tolerance
    )


def test_kyle() -> None:
    given, expected, tolerance = case("kyle_1985")
    one, two, four = (impact.kyle(count, given["Sigma0"], given["sigma_u2"]) for count in (1, 2, 4))
    assert (one.depths[0], one.variances[0], one.profit) == pytest.approx(
        (expected["N1"]["lam"], expected["N1"]["Sigma1"], expected["N1"]["profit"]), abs=tolerance
    )
    for found, name in ((two, "N2"), (four, "N4")):
        assert found.depths == pytest.approx(expected[name]["lambdas"], abs=tolerance)
        assert found.variances == pytest.approx(expected[name]["Sigmas"], abs=tolerance)
        assert found.profit == pytest.approx(expected[name]["profit"], abs=tolerance)
    many = impact.kyle(200, given["Sigma0"], given["sigma_u2"])
    assert many.profit == pytest.approx(0.983842, abs=1e-6)
    assert many.depths[0] == pytest.approx(expected["continuous_limit"]["lam"], abs=0.02)


def test_the_square_root_law_explains_little_of_february() -> None:
    given, expected, tolerance = case("sqrt_law_feb2026_magnitude")
    for quantity in given["Q_usd"]:
        for volume in given["V_usd"]:
            name = f"Q={quantity / 1e9:g}bn,V={volume / 1e9:g}bn"
            found = impact.square_root(given["sigma_daily"], quantity, volume, given["Y"])
            assert found == pytest.approx(expected[name], abs=tolerance), name


def test_cascades() -> None:
    given, expected, tolerance = case("cascade_linear_fixed_point")
    for shock, r0 in given["cases"]:
        name = f"s={shock},R={float(r0)}"
        assert cascades.linear_fixed_point(shock, r0) == pytest.approx(expected[name], abs=tolerance)
    given, expected, tolerance = case("cascade_sqrt_fixed_point")
    for shock, factor, density in given["cases"]:
        name = f"s={shock},c={factor},D={float(density)}"
        assert cascades.square_root_fixed_point(shock, factor, density) == pytest.approx(expected[name], abs=tolerance)
    given, expected, tolerance = case("sir_final_size")
    for r0 in given["R0"]:
        assert cascades.final_size(r0) == pytest.approx(expected[str(r0)], abs=tolerance)
    given, expected, tolerance = case("barrier_hit_probability")
    for barrier in given["b"]:
        found = cascades.hit_probability(barrier, given["sigma_day"])
        assert found == pytest.approx(expected[str(barrier)], abs=tolerance)


def test_the_contagion_index_of_february() -> None:
    given, expected, tolerance = case("contagion_index_backofenvelope")
    for depth in given["depth_1pct_usd"]:
        for multiple in given["depth_multipliers"]:
            found = cascades.contagion_index(given["feb_long_liq"], given["feb_fall_pct"], depth * multiple)
            assert found == pytest.approx(expected[f"D={depth / 1e6:g}m,x{multiple}"], abs=tolerance)


def test_depth_grows_with_distance() -> None:
    given, expected, tolerance = case("depth_profile_exponent")
    assert impact.depth_exponent(10, given["d10"], 100, given["d100"]) == pytest.approx(
        expected["exponent"], abs=tolerance
    )


def test_what_segregation_costs() -> None:
    given, expected, tolerance = case("unsettled_pnl_between_cycles")
    for volatility in given["sigma_day"]:
        for hours in given["hours"]:
            wanted = expected[f"sigma={volatility},h={hours}"]
            assert custody_costs.unsettled_mean(volatility, hours) == pytest.approx(wanted["mean_abs"], abs=tolerance)
            assert custody_costs.unsettled_quantile(volatility, hours) == pytest.approx(wanted["q999"], abs=tolerance)
    given, expected, tolerance = case("grace_window_expected_shortfall")
    for volatility in given["sigma_day"]:
        for minutes in given["W_min"]:
            for buffer in given["buffer"]:
                found = custody_costs.grace_shortfall(volatility, minutes, buffer)
                assert found == pytest.approx(expected[f"sigma={volatility},W={minutes},b={buffer}"], abs=tolerance)


def test_shapleys_games() -> None:
    given, expected, tolerance = case("shapley_known_games")
    glove = [float(bool(who & 0b100) and bool(who & 0b011)) for who in range(8)]
    assert shapley(np.array(glove)) == pytest.approx(expected["glove"], abs=tolerance)
    costs = given["airport_costs"]
    airport = [max((costs[at] for at in range(len(costs)) if who >> at & 1), default=0) for who in range(8)]
    assert shapley(np.array(airport, float)) == pytest.approx(expected["airport"], abs=tolerance)
