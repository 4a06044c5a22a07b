"""The one border between floats, which estimate, and ints, which are owed.

A float leaves here only as a whole number of ticks, an int enters here only to be estimated with. Whatever moves
money was an int before and after; the direction of each crossing is in its name.
"""

import math

PRICE_SCALE = 1_000_000
"""Price units in one dollar (or one index point): prices are ints of 1e-6."""

BPS = 10_000
"""Basis points in one."""


class EstimateError(Exception):
    """A float that stands for no price: not a number, infinite or below zero; or a tick that is no tick."""


def to_price_e6(price: float, tick_e6: int) -> int:
    """Return `price` (dollars) in units of 1e-6 dollars, rounded to the nearest whole tick, halves to the even tick.

    The float is taken at its exact binary value, so the result does not hang on the order of two roundings.
    Raises EstimateError on NaN, an infinity, a negative price or a tick of zero or less.
    """
    if not math.isfinite(price) or price < 0:
        raise EstimateError(f"a price is a finite number of zero or more, not {price!r}")
    if tick_e6 <= 0:
        raise EstimateError(f"a tick is at least 1 (1e-6 dollars), not {tick_e6}")
    # In ints: a Fraction takes many times as long to the same end, and a scenario has a hundred thousand prices.
    units, parts = float(price).as_integer_ratio()
    parts *= tick_e6
    ticks, rest = divmod(units * PRICE_SCALE, parts)
    is_up = 2 * rest > parts or (2 * rest == parts and ticks % 2 == 1)
    return (ticks + is_up) * tick_e6


def price_from_e6(price_e6: int) -> float:
    """Return the dollars that `price_e6` units of 1e-6 dollars are, to the nearest float."""
    return price_e6 / PRICE_SCALE


def ratio_from_bps(ratio_bps: int) -> float:
    """Return the plain ratio that `ratio_bps` basis points are: 9030 is 0.903."""
    return ratio_bps / BPS
