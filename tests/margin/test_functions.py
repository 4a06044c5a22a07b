"""Root, exponential, logarithm, power and normal distribution against the decimal module, to the last digit."""

from collections.abc import Callable
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.fixed import ONE, SCALE, Fixed, FixedError
from margin.functions import exp, ln, normal_cdf, power, root

positives = st.integers(1, 10**26).map(Fixed)
exponents = st.integers(-40 * SCALE, 40 * SCALE).map(Fixed)


def wide(number: Fixed) -> Decimal:
    return Decimal(number.units).scaleb(-18)


def units_between(got: Fixed, want: Decimal) -> Decimal:
    """By how many units of 1e-18 they differ; of large numbers, by how many parts in 10^30."""
    error = abs(Decimal(got.units) - want.scaleb(18))
    return error / max(Decimal(1), abs(want) / Decimal(10) ** 12)


@given(positives, exponents)
def test_they_are_right_to_the_last_digit(x: Fixed, y: Fixed) -> None:
    with localcontext() as context:
        context.prec = 80
        assert units_between(exp(y), wide(y).exp()) <= 1
        assert units_between(ln(x), wide(x).ln()) <= 1
        cut_root = wide(x).sqrt().scaleb(18).to_integral_value("ROUND_FLOOR")
        assert root(x).units == cut_root
        small = y / 20
        assert units_between(power(x, small), (wide(small) * wide(x).ln()).exp()) <= 1


NORMAL = """
-9   0.000000000000000000
-8   0.000000000000000622
-5   0.000000286651571879
-2   0.022750131948179207
-1   0.158655253931457051
-0.5 0.308537538725986896
0    0.500000000000000000
1    0.841344746068542949
3    0.998650101968369905
6    0.999999999013412355
9    1.000000000000000000
"""


@pytest.mark.parametrize("row", NORMAL.strip().splitlines())
def test_the_normal_distribution_from_tables(row: str) -> None:
    x, want = map(Fixed.of, row.split())
    assert abs(normal_cdf(x) - want) <= Fixed(1)


@given(st.integers(-10 * SCALE, 10 * SCALE).map(Fixed))
def test_the_normal_distribution_is_symmetric_and_rises(x: Fixed) -> None:
    assert abs(normal_cdf(x) + normal_cdf(-x) - ONE) <= Fixed(1)
    assert normal_cdf(x + Fixed.of("0.01")) >= normal_cdf(x)


def test_exact_points() -> None:
    assert exp(Fixed(0)) == ONE
    assert ln(ONE) == 0
    assert power(Fixed.of(4), Fixed.of("0.5")) == 2
    assert power(Fixed(0), ONE) == 0
    assert root(Fixed.of(9)) == 3
    assert normal_cdf(Fixed.of(40)) == ONE
    assert normal_cdf(Fixed.of(-40)) == 0
    assert exp(Fixed.of(-60)) == 0


@pytest.mark.parametrize("wrong", [
    lambda: root(Fixed(-1)),
    lambda: ln(Fixed(0)),
    lambda: ln(Fixed(-1)),
    lambda: power(Fixed(0), Fixed(0)),
    lambda: power(Fixed(0), Fixed(-1)),
    lambda: power(Fixed(-1), ONE),
])  # fmt: skip
def test_outside_of_where_they_are_defined(wrong: Callable[[], Fixed]) -> None:
    with pytest.raises(FixedError):
        wrong()
