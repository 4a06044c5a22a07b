"""The border between floats and ints: exact at ties, whole ticks only, and closed to what is no price."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.estimates import EstimateError, price_from_e6, ratio_from_bps, to_price_e6

CENT_E6 = 10_000


@pytest.mark.parametrize(
    ("price", "tick_e6", "expected_e6"),
    [
        (60_000.0, CENT_E6, 60_000_000_000),
        (0.0, CENT_E6, 0),
        (0.004, CENT_E6, 0),
        (0.125, 250_000, 0),  # half a tick goes to the even tick, here down
        (0.375, 250_000, 500_000),  # and here up
        (0.625, 250_000, 500_000),
        (2.5, 1_000_000, 2_000_000),
        (3.5, 1_000_000, 4_000_000),
        (0.145, CENT_E6, 140_000),  # the float 0.145 lies below the tie that its digits show
    ],
)
def test_to_price_rounds_half_to_the_even_tick(price: float, tick_e6: int, expected_e6: int) -> None:
    assert to_price_e6(price, tick_e6) == expected_e6


@pytest.mark.parametrize("price", [math.nan, math.inf, -math.inf, -0.01])
def test_to_price_refuses_what_is_no_price(price: float) -> None:
    with pytest.raises(EstimateError, match="finite number of zero or more"):
        to_price_e6(price, CENT_E6)


@pytest.mark.parametrize("tick_e6", [0, -1])
def test_to_price_refuses_a_tick_that_is_none(tick_e6: int) -> None:
    with pytest.raises(EstimateError, match="tick"):
        to_price_e6(1.0, tick_e6)


@given(st.floats(0, 1e9), st.integers(1, 10**9))
def test_rounding_gives_whole_ticks_at_most_half_a_tick_away(price: float, tick_e6: int) -> None:
    rounded_e6 = to_price_e6(price, tick_e6)
    assert rounded_e6 % tick_e6 == 0
    assert abs(Fraction(rounded_e6) - Fraction(price) * 1_000_000) <= Fraction(tick_e6, 2)


@given(st.integers(0, 10**12))
def test_a_price_survives_the_way_out_and_back(price_e6: int) -> None:
    assert to_price_e6(price_from_e6(price_e6), 1) == price_e6


def test_ratio_from_bps_is_the_plain_ratio() -> None:
    assert ratio_from_bps(9_030) == 0.903
