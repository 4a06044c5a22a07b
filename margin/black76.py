"""Black's 1976 formula for an option on a forward (specs/derive_margin.md §2.1), in fixed point: what decides."""

from functools import lru_cache
from typing import NamedTuple

from margin.fixed import ONE, ZERO, Fixed, positive
from margin.functions import ln, normal_cdf, root

YEAR_S = 365 * 86_400
TOTAL_VOLATILITY_CAP = 24
SMALLEST = Fixed(1)
"""The least total volatility and moneyness that are computed with: 1e-18."""
KEPT = 16_384
"""Prices that are remembered: what-ifs and explanations ask for the same ones many times."""


class Prices(NamedTuple):
    """A call and a put of one strike, in the unit of the forward, and the call's delta before discounting."""

    call: Fixed
    put: Fixed
    call_delta: Fixed


def years(seconds: int) -> Fixed:
    """A time in years of 365 days."""
    return Fixed.of(seconds) / YEAR_S


@lru_cache(maxsize=KEPT)
def black76(forward: Fixed, strike: Fixed, volatility: Fixed, seconds: int, discount: Fixed = ONE) -> Prices:
    """Prices with `volatility` a year as a fraction, `seconds` to expiry; 0 of either gives what is paid at expiry.

    The edge cases come in the order of the specification: strike 0, forward 0, total volatility at its cap. The put is
    got by parity from the clamped call; both are clamped to what they can be worth at most.
    """
    worth, owed = forward * discount, strike * discount
    if not strike:
        return Prices(worth, ZERO, ONE)
    if not forward:
        return Prices(ZERO, owed, ZERO)
    deviation = volatility * root(years(seconds))
    if deviation >= TOTAL_VOLATILITY_CAP:
        return Prices(worth, owed, ONE)
    deviation = max(deviation, SMALLEST)
    moneyness = strike / forward
    d1 = deviation / 2 - ln(max(moneyness, SMALLEST)) / deviation
    delta = normal_cdf(d1)
    call = positive(delta - moneyness * normal_cdf(d1 - deviation))
    put = positive(call + moneyness - 1)
    return Prices(min(call, ONE) * worth, min(put * worth, owed), delta)
