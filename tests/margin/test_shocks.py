"""How far volatilities move: the power by the true time, the floor in the ratio only; skews by log-moneyness."""

from dataclasses import replace

import pytest

from margin.black76 import years
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import ln, power, root
from margin.marks import MissingMarkError
from margin.portfolio_parameters import ParameterError, SkewShock, VolShock
from margin.shocks import reach, shocked_volatility, skewed_volatility
from tests.margin.holding import DAY_S, GENERAL, VOLS, expiry, fixed

MONTH_S = 30 * DAY_S
SKEW = SkewShock(
    linear_base_cap=fixed("0.3"),
    abs_base_cap=fixed("0.2"),
    linear_c_base=fixed("-0.1"),
    abs_c_base=fixed("-0.05"),
    min_k_star=fixed("0.01"),
    width_scale=fixed(4),
    vol_param_static=fixed("0.6"),
    vol_param_scale=fixed("-0.1"),
)
CLOSE = Fixed(100)


@pytest.mark.parametrize(
    ("seconds", "ratio", "exponent", "why"),
    [
        (0, 30, "0.3", "the floor"),
        (DAY_S // 2, 30, "0.3", "the floor holds"),
        (DAY_S, 30, "0.3", "just the floor"),
        (10 * DAY_S, 3, "0.3", "short"),
        (MONTH_S, 1, "0.3", "thirty days"),
        (60 * DAY_S, "0.5", "0.13", "long"),
    ],
)
def test_reach_by_time(seconds: int, ratio: object, exponent: str, why: str) -> None:
    assert reach(VOLS, seconds) == power(fixed(ratio), fixed(exponent)), why


def test_the_true_time_chooses_the_power() -> None:
    # The floor is longer than thirty days, so the ratio says long, and the time short.
    floored = replace(VOLS, dte_floor_sec=60 * DAY_S)
    assert reach(floored, MONTH_S) == power(fixed("0.5"), fixed("0.3"))
    assert reach(floored, MONTH_S + 1) == power(fixed("0.5"), fixed("0.13"))


def test_up_down_and_no_shock() -> None:
    vol, two = fixed("0.8"), fixed(2)
    assert shocked_volatility(vol, VolShock.NONE, VOLS, two) == vol
    assert shocked_volatility(vol, VolShock.UP, VOLS, two) == vol * fixed("1.9")
    assert shocked_volatility(vol, VolShock.DOWN, VOLS, two) == vol * fixed("0.4")
    assert shocked_volatility(vol, VolShock.DOWN, VOLS, fixed(4)) == 0


def test_the_floor_is_on_the_result_and_for_upward_moves_only() -> None:
    floored = replace(VOLS, min_vol_up_shock=fixed("0.5"))
    low = fixed("0.2")
    assert shocked_volatility(low, VolShock.UP, floored, ONE) == fixed("0.5")
    assert shocked_volatility(fixed("0.4"), VolShock.UP, floored, ONE) == fixed("0.58")
    assert shocked_volatility(low, VolShock.DOWN, floored, ONE) == fixed("0.14")
    assert shocked_volatility(low, VolShock.NONE, floored, ONE) == low


def skewed(shock: VolShock, strike: object, seconds: int = 365 * DAY_S, parameters: SkewShock = SKEW) -> Fixed:
    """What a volatility of 1 becomes; the forward is 1000 + 500, and the time a year unless told."""
    dated = replace(expiry(500, seconds=seconds), forward_fixed=fixed(1000))
    return skewed_volatility(ONE, fixed(strike), dated, shock, parameters)


def test_by_hand_over_a_year() -> None:
    # √t = 1: caps 0.3 − 0.1 = 0.2 and 0.2 − 0.05 = 0.15; k* = 4·(0.6 − 0.1) = 2.
    kappa = ln(fixed(1650) / 1500)
    assert abs(skewed(VolShock.LINEAR, 1650) - (1 + kappa * fixed("0.1"))) <= CLOSE
    assert abs(skewed(VolShock.ABS, 1650) - (1 + kappa * fixed("0.075"))) <= CLOSE
    below = ln(fixed(1350) / 1500)
    assert abs(skewed(VolShock.LINEAR, 1350) - (1 + below * fixed("0.1"))) <= CLOSE
    assert abs(skewed(VolShock.ABS, 1350) - (1 - below * fixed("0.075"))) <= CLOSE
    assert skewed(VolShock.LINEAR, 1500) == skewed(VolShock.ABS, 1500) == 1


def test_by_hand_over_a_quarter() -> None:
    seconds = 365 * DAY_S // 4
    time = root(years(seconds))
    assert time == fixed("0.5")
    # caps 0.25 and 0.175; k* = 0.5·4·(0.6 − 0.05) = 1.1.
    kappa = ln(fixed(1650) / 1500)
    assert abs(skewed(VolShock.LINEAR, 1650, seconds) - (1 + kappa * fixed("0.25") / fixed("1.1"))) <= CLOSE
    assert abs(skewed(VolShock.ABS, 1650, seconds) - (1 + kappa * fixed("0.175") / fixed("1.1"))) <= CLOSE


@pytest.mark.parametrize(
    ("shock", "strike", "becomes"),
    [
        (VolShock.LINEAR, 1500 * 8, "1.2"),
        (VolShock.LINEAR, 150, "0.8"),
        (VolShock.ABS, 1500 * 8, "1.15"),
        (VolShock.ABS, 150, "1.15"),
        (VolShock.LINEAR, 0, "0.8"),
    ],
)
def test_far_from_the_money_the_cap_holds(shock: VolShock, strike: int, becomes: str) -> None:
    assert skewed(shock, strike) == fixed(becomes)


def test_near_expiry_the_width_has_a_least_value() -> None:
    # √t ≈ 0.0006: 4·√t·0.6 < 0.01, so 1% away from the forward is the whole width.
    narrow = skewed(VolShock.LINEAR, "1507.5", 10)
    cap = fixed("0.3") - fixed("0.1") * root(years(10))
    assert abs(narrow - (1 + ln(fixed("1507.5") / 1500) * cap / fixed("0.01"))) <= Fixed(10**4)
    assert skewed(VolShock.LINEAR, 1530, 0) == fixed("1.3")


def test_a_negative_cap_is_taken_literally() -> None:
    # Base 0.05, slope −0.1: a cap of −0.05 after a year. Above the forward min(cap, κ·cap/k*) is the cap or less.
    negative = replace(SKEW, linear_base_cap=fixed("0.05"), abs_base_cap=ZERO)
    assert skewed(VolShock.LINEAR, 1650, parameters=negative) == fixed("0.95")
    assert skewed(VolShock.LINEAR, 1500 * 20, parameters=negative) < fixed("0.95")
    assert skewed(VolShock.LINEAR, 1350, parameters=negative) == fixed("1.05")
    assert skewed(VolShock.ABS, 1350, parameters=negative) == fixed("0.95")
    assert skewed(VolShock.LINEAR, 1500, parameters=negative) == fixed("0.95")


def test_a_volatility_never_falls_below_nothing() -> None:
    wild = replace(SKEW, linear_base_cap=fixed(3))
    assert skewed(VolShock.LINEAR, 1, parameters=wild) == 0


def test_a_surface_is_not_tilted_about_a_forward_of_nothing() -> None:
    nowhere = replace(expiry(), forward_variable=ZERO, forward_fixed=ZERO)
    with pytest.raises(MissingMarkError, match=f"forward of the expiry in {nowhere.seconds} s"):
        skewed_volatility(ONE, fixed(1500), nowhere, VolShock.LINEAR, SKEW)


def test_a_model_without_skew_refuses_one() -> None:
    with pytest.raises(ParameterError, match="skew_shock"):
        skewed_volatility(ONE, fixed(1500), expiry(), VolShock.ABS, None)
    assert GENERAL.skew_shock is not None
