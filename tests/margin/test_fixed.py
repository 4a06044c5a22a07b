"""Fixed-point numbers: exact in and out, cut toward zero between, and equal to the whole numbers that they are."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.fixed import SCALE, Fixed, FixedError, cut, from_units, positive, total

units = st.integers(-(10**30), 10**30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.05", 5 * 10**16),
        ("-1", -SCALE),
        ("1e-18", 1),
        ("1E+2", 100 * SCALE),
        ("0.000000000000000001", 1),
        ("2.500000000000000000000", 25 * 10**17),
        ("-0", 0),
        ("1e60", 10**78),
    ],
)
def test_a_text_is_read_exactly(text: str, expected: int) -> None:
    assert Fixed.of(text).units == expected
    assert Fixed.cut_from(text).units == expected


@pytest.mark.parametrize("text", ["", "abc", "1,5", "nan", "inf", "-inf", "1e61", "1e999999999"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(FixedError, match=r"decimal number|finite"):
        Fixed.of(text)
    with pytest.raises(FixedError):
        Fixed.cut_from(text)


@pytest.mark.parametrize(
    ("text", "left"), [("1e-19", 0), ("0.1234567890123456789", 123_456_789_012_345_678), ("1e-999999999", 0)]
)
def test_more_than_18_decimals_are_refused_or_cut(text: str, left: int) -> None:
    with pytest.raises(FixedError, match="more than 18 decimals"):
        Fixed.of(text)
    assert (Fixed.cut_from(text).units, Fixed.cut_from(f"-{text}").units) == (left, -left)


def test_fractions_and_wholes_come_in() -> None:
    assert Fixed.of(3).units == 3 * SCALE
    assert Fixed.of(Fraction(1, 3)).units == 333_333_333_333_333_333
    assert Fixed.of(Fraction(-1, 3)).units == -333_333_333_333_333_333
    assert Fixed.of(Fixed(7)) == Fixed(7)


@given(units, units)
def test_products_and_quotients_are_cut_toward_zero(a: int, b: int) -> None:
    product, quotient = Fixed(a) * Fixed(b), Fixed(a) / Fixed(b or 1)
    assert product.units == int(Fraction(a * b, SCALE))
    assert quotient.units == int(Fraction(a * SCALE, b or 1))
    assert (Fixed(a) + Fixed(b)).units == a + b
    assert (Fixed(a) - Fixed(b)).units == a - b


@given(units, st.integers(-1000, 1000))
def test_whole_numbers_stand_for_themselves(a: int, whole: int) -> None:
    number, same = Fixed(a), Fixed.of(whole)
    assert number + whole == whole + number == number + same
    assert whole - number == same - number
    assert number - whole == number - same
    assert number * whole == whole * number == number * same
    assert number / (whole or 1) == number / Fixed.of(whole or 1)
    if a:
        assert whole / number == same / number
    assert (number < whole) is (number < same)
    assert (number >= whole) is (number >= same)


def test_equal_numbers_hash_equal() -> None:
    assert hash(Fixed.of(2)) == hash(2) == hash(Fraction(2))
    assert Fixed.of(2) in {2}
    assert Fixed.of("0.5") != "0.5"
    assert Fixed.of("0.5") != 0


@pytest.mark.parametrize(
    ("number", "scale", "down", "up"),
    [
        ("1.2345678", 6, 1_234_567, 1_234_568),
        ("-1.2345678", 6, -1_234_568, -1_234_567),
        ("1.5", 6, 1_500_000, 1_500_000),
        ("0.000000000000000001", 0, 0, 1),
        ("-0.000000000000000001", 0, -1, 0),
        ("7", 18, 7 * SCALE, 7 * SCALE),
    ],
)
def test_requirements_go_up_and_value_down(number: str, scale: int, down: int, up: int) -> None:
    assert (Fixed.of(number).down_to(scale), Fixed.of(number).up_to(scale)) == (down, up)


@given(units)
def test_the_text_is_the_number(a: int) -> None:
    assert Fixed.of(str(Fixed(a))) == Fixed(a)
    assert from_units(a, 6) == Fixed(a * 10**12)
    assert float(Fixed(a)) == a / SCALE


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (1, "0.000000000000000001"), (-15 * 10**17, "-1.5"), (SCALE, "1")]
)
def test_the_text_is_the_shortest(number: int, text: str) -> None:
    assert str(Fixed(number)) == text


def test_what_is_left_of_the_names() -> None:
    assert [positive(Fixed(number)) for number in (-5, 0, 5)] == [Fixed(0), Fixed(0), Fixed(5)]
    assert total([]) == total(()) == 0
    assert total([Fixed(3), Fixed(-1)]) == Fixed(2)
    assert (bool(Fixed(0)), bool(Fixed(-1)), abs(Fixed(-3)), -Fixed(3)) == (False, True, Fixed(3), Fixed(-3))
    assert [cut(7, 2), cut(-7, 2), cut(7, -2), cut(-7, -2)] == [3, -3, -3, 3]
    with pytest.raises(ZeroDivisionError):
        _ = Fixed(1) / 0


@pytest.mark.parametrize("text", ["1_000", " 1", "1 ", "1\n", "１５００", "٣", "0x10", "1,5", ""])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    for read in (Fixed.of, Fixed.cut_from):
        with pytest.raises(FixedError, match="is no decimal number"):
            read(text)
