"""Black-76 against the prices that Derive asserts, and at the edges in the order in which they are specified."""

import json
import pathlib
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin import black76 as exact
from margin.black76 import TOTAL_VOLATILITY_CAP, YEAR_S
from margin.fixed import Fixed
from margin.functions import normal_cdf as exact_cdf

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "derive_margin.json"
WEEK_S = 7 * 86_400


def fixed(number: float) -> Fixed:
    """A float as the decimal that Python shows for it."""
    return Fixed.cut_from(repr(number))


def black76(forward: float, strike: float, volatility: float, seconds: float) -> tuple[float, float]:
    prices = exact.black76(fixed(forward), fixed(strike), fixed(volatility), int(seconds))
    return float(prices.call), float(prices.put)


def normal_cdf(x: float) -> float:
    return float(exact_cdf(fixed(x)))


def test_the_prices_that_derives_own_tests_assert() -> None:
    if not VECTORS.is_file():
        pytest.skip("the shared margin vectors are not beside this checkout")
    cases = [case for case in json.loads(VECTORS.read_text())["cases"] if case["family"] == "black76"]
    assert len(cases) == 7
    for case in cases:
        given_, want, within = case["input"], case["expected"], case["tolerance"]["value"]
        forward, strike = float(given_["forward"]), float(given_["strike"])
        call, put = black76(forward, strike, given_["vol"], given_["sec_to_expiry"])
        # The cases discount; this formula does not. A discount factor is one factor of both prices.
        assert abs(call * given_["discount"] - want["call"]) <= within, case["id"]
        assert abs(put * given_["discount"] - want["put"]) <= within, case["id"]


def test_a_price_worked_by_hand() -> None:
    # At the money with σ√t = 0.2: d1 = 0.1, d2 = −0.1, so call = put = 100·(2·N(0.1) − 1) = 7.965567...
    call, put = black76(100.0, 100.0, 0.2, YEAR_S)
    assert call == pytest.approx(7.965567455405804, abs=1e-12)
    assert put == pytest.approx(call, abs=1e-12)


# The first rule that holds is the answer; the later columns would give another one.
EDGES = """
forward strike volatility seconds   call put  rule
0       0      1          31536000  0    0    strike_zero_is_tested_before_forward_zero
90      0      30         31536000  90   0    strike_zero
0       80     30         31536000  0    80   forward_zero_is_tested_before_the_cap
90      80     24         31536000  90   80   at_the_cap
80      90     48         7884000   80   90   at_the_cap_in_a_quarter
90      80     0          31536000  10   0    no_volatility_is_intrinsic
80      90     0          31536000  0    10   no_volatility_is_intrinsic
90      80     3          0         10   0    no_time_is_intrinsic
80      90     3          0         0    10   no_time_is_intrinsic
80      80     3          0         0    0    no_time_at_the_money
"""


@pytest.mark.parametrize("row", EDGES.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[::-1][:3]))
def test_the_edges_in_the_order_of_the_specification(row: str) -> None:
    forward, strike, volatility, seconds, call, put = map(float, row.split()[:6])
    assert black76(forward, strike, volatility, seconds) == pytest.approx((call, put), abs=1e-12)


def test_just_below_the_cap_the_formula_still_holds() -> None:
    call, put = black76(100.0, 100.0, TOTAL_VOLATILITY_CAP * (1 - 1e-9), YEAR_S)
    assert 99.99 < call <= 100.0
    assert 99.99 < put <= 100.0
    small_call, _ = black76(100.0, 100.0, 2.0, YEAR_S)
    assert small_call == pytest.approx(100 * (2 * NormalDist().cdf(1.0) - 1), abs=1e-9)


# Forward, strike, volatility; the delta is N(d1), and the same at its edges as before discounting.
DELTAS = """
forward strike volatility delta why
0       0      1          1     strike_zero
90      0      30         1     strike_zero
0       80     30         0     forward_zero
90      80     24         1     at_the_cap
90      80     0          1     in_the_money
80      90     0          0     out_of_the_money
80      80     0          0.5   at_the_money
100     100    0.2        0.539827837277029 d1_is_a_tenth
"""


@pytest.mark.parametrize("row", DELTAS.strip().splitlines()[1:], ids=lambda row: row.split()[-1])
def test_the_delta_is_before_discounting(row: str) -> None:
    *given_, want, _ = row.split()
    for discount in ("1", "0.5"):
        prices = exact.black76(*map(Fixed.of, given_), YEAR_S, Fixed.of(discount))
        assert abs(prices.call_delta - Fixed.of(want)) <= Fixed(10_000)


@pytest.mark.parametrize(("forward", "strike"), [("0", "0"), ("0", "80"), ("90", "0"), ("90", "80"), ("80", "90")])
@pytest.mark.parametrize("volatility", ["0", "0.8", "30"])
def test_a_discount_is_a_factor_of_both_prices(forward: str, strike: str, volatility: str) -> None:
    plain = exact.black76(Fixed.of(forward), Fixed.of(strike), Fixed.of(volatility), YEAR_S)
    half = exact.black76(Fixed.of(forward), Fixed.of(strike), Fixed.of(volatility), YEAR_S, Fixed.of("0.5"))
    assert abs(half.call - plain.call / 2) <= Fixed(1)
    assert abs(half.put - plain.put / 2) <= Fixed(1)


def test_a_moneyness_below_its_least_is_computed_with_the_least() -> None:
    # The strike over the forward is cut to nothing; its logarithm is that of 1e-18, and the put is worth nothing.
    prices = exact.black76(Fixed.of("1e30"), Fixed(1), Fixed.of("0.5"), YEAR_S)
    assert (prices.call, prices.put) == (Fixed.of("1e30"), Fixed(0))


prices = st.floats(1.0, 1e6)


@given(prices, prices, st.floats(0.01, 20.0), st.integers(0, 4 * YEAR_S))
def test_parity_and_bounds(forward: float, strike: float, volatility: float, seconds: int) -> None:
    call, put = black76(forward, strike, volatility, seconds)
    room = 1e-9 * (forward + strike)
    assert max(forward - strike, 0) - room <= call <= forward
    assert max(strike - forward, 0) - room <= put <= strike
    assert call - put == pytest.approx(forward - strike, abs=room)


@given(prices, prices, st.floats(0.1, 2.0), st.integers(86_400, YEAR_S))
def test_more_volatility_or_time_is_never_worth_less(
    forward: float, strike: float, volatility: float, seconds: int
) -> None:
    base = sum(black76(forward, strike, volatility, seconds))
    room = 1e-9 * (forward + strike)
    assert sum(black76(forward, strike, volatility * 1.5, seconds)) >= base - room
    assert sum(black76(forward, strike, volatility, 2 * seconds)) >= base - room


def test_more_volatility_is_worth_more_where_it_counts() -> None:
    assert black76(100.0, 110.0, 0.9, WEEK_S)[0] > 2 * black76(100.0, 110.0, 0.6, WEEK_S)[0] > 0


@pytest.mark.parametrize("x", [-8.0, -3.0, -1.0, 0.0, 0.5, 2.0, 6.0])
def test_the_normal_distribution(x: float) -> None:
    assert normal_cdf(x) == pytest.approx(NormalDist().cdf(x), rel=1e-6, abs=1e-12)


def test_the_tails_are_kept_to_the_last_digit() -> None:
    # φ(x)/x·(1 − 1/x² + 3/x⁴ − …) at −8 is 6.22e-16; 1 − N(8) in floats would be zero.
    assert exact_cdf(Fixed.of(-8)).units == 622
    assert exact_cdf(Fixed.of(9)) == 1 - exact_cdf(Fixed.of(-9))
