"""Fixed-point numbers with 18 decimals: what decides about margin is computed with ints, the same on every machine.

Products and quotients are cut toward zero, as in the contracts whose numbers these are (specs/derive_margin.md §1).
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import total_ordering
from typing import Union

SCALE = 10**18
"""Units in one."""
DIGITS = 18
LARGEST_EXPONENT = 60
"""Texts of larger numbers are refused: a few characters would otherwise fill the memory."""

_NOT_IN_NUMBERS = frozenset("_ \t\r\n\f\v")

_POWERS: tuple[int, ...] = tuple(10**digits for digits in range(DIGITS + 1))

Number = Union["Fixed", int]


class FixedError(ValueError):
    """A text that is no decimal number, or has digits below 1e-18; or a function outside of where it is defined."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Fixed:
    """`units` of 1e-18. Plain ints in an expression stand for whole numbers: `1 - x`, `2 * x`."""

    units: int

    @classmethod
    def of(cls, value: "Number | str | Fraction") -> "Fixed":
        """A whole number, a fraction (cut toward zero), or a decimal text, exactly; FixedError for more digits."""
        if isinstance(value, Fixed):
            return value
        if isinstance(value, str):
            return cls(_parsed(value))
        return cls(cut(value.numerator * SCALE, value.denominator))

    @classmethod
    def cut_from(cls, text: str) -> "Fixed":
        """A decimal text, what is below 1e-18 cut off. Raises FixedError."""
        return cls(_parsed(text, exactly=False))

    def __add__(self, other: Number) -> "Fixed":
        return Fixed(self.units + units_of(other))

    __radd__ = __add__

    def __sub__(self, other: Number) -> "Fixed":
        return Fixed(self.units - units_of(other))

    def __rsub__(self, other: int) -> "Fixed":
        return Fixed(other * SCALE - self.units)

    def __mul__(self, other: Number) -> "Fixed":
        if isinstance(other, int):
            return Fixed(self.units * other)
        return Fixed(cut(self.units * other.units, SCALE))

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> "Fixed":
        return Fixed(cut(self.units * SCALE, units_of(other)))

    def __rtruediv__(self, other: int) -> "Fixed":
        return Fixed(cut(other * SCALE * SCALE, self.units))

    def __neg__(self) -> "Fixed":
        return Fixed(-self.units)

    def __abs__(self) -> "Fixed":
        return Fixed(abs(self.units))

    def __bool__(self) -> bool:
        return self.units != 0

    def __eq__(self, other: object) -> bool:
        return self.units == units_of(other) if isinstance(other, (Fixed, int)) else NotImplemented

    def __lt__(self, other: Number) -> bool:
        return self.units < units_of(other)

    def __hash__(self) -> int:
        # A whole number is equal to an int, and so must its hash be.
        whole, rest = divmod(self.units, SCALE)
        return (self.units if rest else whole).__hash__()

    def __float__(self) -> float:
        """The nearest float: an estimate, for reports and comparisons only."""
        return self.units / SCALE

    def __str__(self) -> str:
        """The shortest decimal text that is exactly this number."""
        whole, rest = divmod(abs(self.units), SCALE)
        digits = f"{rest:0{DIGITS}d}".rstrip("0")
        return f"{'-' if self.units < 0 else ''}{whole}{'.' if digits else ''}{digits}"

    def down_to(self, scale: int) -> int:
        """In units of 10^-scale (scale ≤ 18), rounded down (toward minus infinity): for value."""
        return self.units // _POWERS[DIGITS - scale]

    def up_to(self, scale: int) -> int:
        """In units of 10^-scale (scale ≤ 18), rounded up: for requirements."""
        return -(-self.units // _POWERS[DIGITS - scale])


ZERO, ONE = Fixed(0), Fixed(SCALE)


def units_of(value: Number) -> int:
    """The units of 1e-18 of a number."""
    return value.units if isinstance(value, Fixed) else value * SCALE


def from_units(units: int, scale: int) -> Fixed:
    """What `units` of 10^-scale are (scale ≤ 18)."""
    return Fixed(units * _POWERS[DIGITS - scale])


def cut(numerator: int, denominator: int) -> int:
    """The quotient, cut toward zero. Raises ZeroDivisionError."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def positive(value: Fixed) -> Fixed:
    """max(value, 0): `max0` of the specification."""
    return value if value.units > 0 else ZERO


def total(values: "list[Fixed] | tuple[Fixed, ...]") -> Fixed:
    """The sum; zero of none."""
    return Fixed(sum(value.units for value in values))


def _parsed(text: str, *, exactly: bool = True) -> int:
    try:
        # Decimal also takes underscores, spaces around, and digits of other scripts: not what people mean by a number.
        number = Decimal(text if text.isascii() and not set(text) & _NOT_IN_NUMBERS else "")
    except InvalidOperation:
        raise FixedError(f"{text!r} is no decimal number") from None
    if not number.is_finite() or number.adjusted() > LARGEST_EXPONENT:
        raise FixedError(f"{text!r} is not a finite number below 1e{LARGEST_EXPONENT}")
    # So small a number would have a denominator that fills the memory; any fraction of a unit stands for it.
    is_tiny = bool(number) and number.adjusted() < -LARGEST_EXPONENT
    ratio = Fraction(1, 2) if is_tiny else Fraction(number) * SCALE
    if exactly and ratio.denominator != 1:
        raise FixedError(f"{text!r} has more than {DIGITS} decimals")
    return cut(ratio.numerator, ratio.denominator)
