"""Text, ledger units and chain units convert exactly or not at all; divisions lose no unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.money import MAX_UNITS, Asset, MoneyError, allocate, mul_div_down, mul_div_up

USDC = Asset("USDC", scale=6, chain_decimals=6)
ETH = Asset("ETH", scale=9, chain_decimals=18)
WHOLE = Asset("LOT", scale=0, chain_decimals=0)
units = st.integers(0, MAX_UNITS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5", 1_500_000),
        ("0", 0),
        ("0.000001", 1),
        ("007.10", 7_100_000),
        ("9223372036854.775807", MAX_UNITS),
    ],
)
def test_parse_is_exact(text: str, expected: int) -> None:
    assert USDC.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "nan",
        "inf",
        "1,000",
        "1.",
        ".5",
        " 1",
        "1\n",
        "1.0000001",
        "1_0",
        "١",
        "9223372036854.775808",
    ],
)
def test_parse_refuses_what_is_not_a_plain_exact_amount(text: str) -> None:
    with pytest.raises(MoneyError):
        USDC.parse(text)


@pytest.mark.parametrize(
    ("units", "places", "expected"),
    [
        (1_234_500_000, None, "1,234.500000"),
        (1_234_999_999, 2, "1,234.99"),
        (-1_999_999, 0, "-1"),
        (-999, 2, "0.00"),
        (-999, None, "-0.000999"),
        (0, 2, "0.00"),
    ],
)
def test_format_shows_separators_and_drops_hidden_places_toward_zero(
    units: int, places: int | None, expected: str
) -> None:
    assert USDC.format(units, places) == expected


def test_format_refuses_places_the_asset_has_not() -> None:
    with pytest.raises(MoneyError, match=r"expected 0\.\.6"):
        USDC.format(1, 7)


def test_a_scaleless_asset_has_no_point() -> None:
    assert WHOLE.format(1_000_000) == "1,000,000"
    with pytest.raises(MoneyError):
        WHOLE.parse("1.0")


@given(units)
def test_text_and_chain_lead_back_to_the_same_units(amount: int) -> None:
    assert ETH.parse(ETH.format(amount).replace(",", "")) == amount
    assert ETH.from_chain(ETH.to_chain(amount)) == amount
    assert ETH.to_chain(amount) == amount * 10**9


@pytest.mark.parametrize("amount", [1, 10**9 + 1, -(10**9), (MAX_UNITS + 1) * 10**9])
def test_from_chain_refuses_dust_debts_and_what_the_ledger_cannot_hold(amount: int) -> None:
    with pytest.raises(MoneyError):
        ETH.from_chain(amount)


@pytest.mark.parametrize(
    ("symbol", "scale", "decimals"), [("X", 10, 18), ("X", -1, 18), ("X", 6, 5), ("A/B", 6, 6), ("", 6, 6)]
)
def test_an_asset_with_impossible_scales_or_name_is_refused(symbol: str, scale: int, decimals: int) -> None:
    with pytest.raises(MoneyError):
        Asset(symbol, scale, decimals)


@given(st.integers(-(2**80), 2**80), st.integers(-(2**80), 2**80), st.integers(1, 2**80))
def test_mul_div_brackets_the_exact_value(a: int, b: int, c: int) -> None:
    exact = Fraction(a * b, c)
    down, up = mul_div_down(a, b, c), mul_div_up(a, b, c)
    assert down <= exact <= up
    assert up - down == (0 if exact.denominator == 1 else 1)


@pytest.mark.parametrize("divisor", [0, -1])
def test_mul_div_refuses_a_divisor_that_is_not_positive(divisor: int) -> None:
    for divide in (mul_div_down, mul_div_up):
        with pytest.raises(MoneyError):
            divide(1, 1, divisor)


@given(units, st.lists(units, min_size=1, max_size=12).filter(any))
def test_allocate_loses_no_unit_and_errs_by_less_than_one(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


def test_allocate_gives_left_over_units_to_the_largest_remainder_then_the_earlier() -> None:
    assert allocate(10, [1, 1, 1]) == (4, 3, 3)
    assert allocate(11, [1, 1, 1]) == (4, 4, 3)
    assert allocate(10, [1, 3, 2]) == (2, 5, 3)  # remainders 4/6, 0, 2/6


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [2, -1])])
def test_allocate_refuses_what_cannot_be_split(total: int, weights: list[int]) -> None:
    with pytest.raises(MoneyError):
        allocate(total, weights)
