"""SVI's edges in the order of the specification, each with what the next rule would have said."""

from dataclasses import replace

import pytest

from margin.fixed import Fixed
from margin.functions import ln, root
from margin.svi import Svi, SviError
from tests.margin.holding import fixed

FLAT = Svi(
    a=fixed("0.04"),
    b=fixed("0.1"),
    rho=fixed("-0.3"),
    m=fixed("0.01"),
    sigma=fixed("0.2"),
    fwd=fixed(2000),
    tau=fixed("0.25"),
)


def test_by_hand() -> None:
    # k = ln(1.25) = 0.22314; k − m = 0.21314; √(0.21314² + 0.2²) = 0.29228; w = 0.04 + 0.1·(−0.06394 + 0.29228).
    k = ln(fixed("1.25")) - FLAT.m
    variance = FLAT.a + FLAT.b * (FLAT.rho * k + root(k * k + FLAT.sigma * FLAT.sigma))
    assert float(variance) == pytest.approx(0.0628341, abs=1e-7)
    assert abs(FLAT.volatility(fixed(2500)) - root(variance / FLAT.tau)) <= Fixed(1)
    assert float(FLAT.volatility(fixed(2500))) == pytest.approx(0.5013347, abs=1e-7)


def test_its_own_forward_and_time_count() -> None:
    assert FLAT.volatility(fixed(2000)) != replace(FLAT, fwd=fixed(1900)).volatility(fixed(2000))
    assert FLAT.volatility(fixed(2000)) == 2 * replace(FLAT, tau=fixed(1)).volatility(fixed(2000))


def test_a_strike_of_zero_comes_before_a_forward_of_zero() -> None:
    assert replace(FLAT, fwd=Fixed(0)).volatility(Fixed(0)) == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fwd": Fixed(0)}, "forward and a time above zero"),
        ({"tau": Fixed(0)}, "forward and a time above zero"),
        ({"a": fixed("-0.03")}, "a \\+ b·σ is negative"),
        ({"a": fixed("-0.015"), "m": fixed("0.7"), "rho": fixed("0.999"), "sigma": fixed("0.2")}, "negative variance"),
    ],
)
def test_what_gives_no_volatility(wrong: dict[str, Fixed], says: str) -> None:
    with pytest.raises(SviError, match=says):
        replace(FLAT, **wrong).volatility(fixed(2000))


@pytest.mark.parametrize(("near", "far"), [("9000", "90000"), ("440", "44"), ("440", "0.000000000000000001")])
def test_log_moneyness_is_clamped(near: str, far: str) -> None:
    # 4·√(0.04 + 0.1·0.2) = 0.979796: strikes beyond 2000·e^±0.98 have one volatility, those within their own.
    assert abs(FLAT.volatility(fixed(near)) - FLAT.volatility(fixed(far))) <= Fixed(1)
    assert FLAT.volatility(fixed(5300)) < FLAT.volatility(fixed(5320)) < FLAT.volatility(fixed(5330))
    assert FLAT.volatility(fixed(5330)) == FLAT.volatility(fixed(9000))


def test_a_strike_that_rounds_to_nothing_is_at_the_lower_end() -> None:
    huge = replace(FLAT, fwd=fixed("1e30"))
    assert huge.volatility(Fixed(1)) == FLAT.volatility(fixed(1))


def test_total_variance_is_capped() -> None:
    wild = replace(FLAT, a=fixed(200))
    assert wild.volatility(fixed(2000)) == 24  # √(144 / 0.25)
    assert replace(FLAT, a=fixed(143), b=Fixed(0)).volatility(fixed(2000)) < 24
