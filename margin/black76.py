"""Black's 1976 formula for an option on a forward, undiscounted (specs/derive_margin.md §2.1, D = 1).

Floats: an estimate of worth. It becomes a mark, and so money, only through `margin.estimates`.
"""

from math import erfc, log, sqrt

YEAR_S = 365 * 86_400
TOTAL_VOLATILITY_CAP = 24.0
SMALLEST = 1e-18


def black76(forward: float, strike: float, volatility: float, seconds: float) -> tuple[float, float]:
    """(call, put) in the unit of `forward`. `volatility` a year as a fraction; `seconds` to expiry, 0 gives intrinsic.

    The edge cases are tested in the order of the specification: strike 0, forward 0, total volatility at the cap.
    """
    if strike == 0:
        return forward, 0.0
    if forward == 0:
        return 0.0, strike
    total = volatility * sqrt(seconds / YEAR_S)
    if total >= TOTAL_VOLATILITY_CAP:
        return forward, strike
    total = max(total, SMALLEST)
    moneyness = strike / forward
    d1 = -log(max(moneyness, SMALLEST)) / total + total / 2
    call = max(0.0, normal_cdf(d1) - moneyness * normal_cdf(d1 - total))
    put = max(0.0, call + moneyness - 1)
    return min(call, 1.0) * forward, min(put * forward, strike)


def normal_cdf(x: float) -> float:
    """Standard normal distribution function; `erfc` keeps the tails."""
    return 0.5 * erfc(-x / sqrt(2.0))
