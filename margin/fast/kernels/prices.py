"""Black-76 in float64, every option once under every column of shocks: the fast twin of `margin.black76` and `shocks`.

Accounts share options, so this is the only place where a price is computed, however many accounts there are.
"""

from math import erfc, log
from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]

PLAIN, LINEAR, ABS = 0, 1, 2
"""How a column bends the surface by strike: not at all, tilted, or bent."""

_CAP, _SMALLEST = 24.0, 1e-18
_ROOT_HALF = 0.7071067811865476


class Options(NamedTuple):
    """What is listed, a row each: the number of its expiry, and what Black-76 needs of it."""

    expiry: Numbers
    strike: Floats
    is_call: Flags
    volatility: Floats


class Shocks(NamedTuple):
    """What each expiry (first axis) has under each column (second axis); columns are scenarios and single shocks.

    A volatility becomes max(floor, volatility × stretch), or under a bent column what its log-moneyness makes of it:
    at most `cap` up or down, reached at `width`.
    """

    forward: Floats
    stretch: Floats
    cap: Floats
    floor: Floats  # by column
    bend: NDArray[np.int8]  # by column
    at_mark: Floats  # by expiry: the unshocked forward
    width: Floats  # by expiry
    root_years: Floats  # by expiry
    discount: Floats  # by expiry


@njit(inline="always")
def _normal_cdf(x: float) -> float:
    return 0.5 * erfc(-x * _ROOT_HALF)


@njit(inline="always")
def price(forward: float, strike: float, deviation: float, is_call: bool, discount: float) -> float:
    """A call or a put; the edge cases in the order of specs/derive_margin.md §2.1."""
    worth, owed = forward * discount, strike * discount
    if strike == 0.0:
        return worth if is_call else 0.0
    if forward == 0.0:
        return 0.0 if is_call else owed
    if deviation >= _CAP:
        return worth if is_call else owed
    deviation = max(deviation, _SMALLEST)
    moneyness = strike / forward
    d1 = 0.5 * deviation - log(max(moneyness, _SMALLEST)) / deviation
    call: float = max(_normal_cdf(d1) - moneyness * _normal_cdf(d1 - deviation), 0.0)
    if is_call:
        return min(call, 1.0) * worth
    return min(max(call + moneyness - 1.0, 0.0) * worth, owed)


@njit(inline="always")
def _volatility(at: int, expiry: int, column: int, options: Options, shocks: Shocks) -> float:
    """A volatility under a column of shocks (§5, §7)."""
    volatility: float = options.volatility[at]
    if shocks.bend[column] == PLAIN:
        least: float = shocks.floor[column]
        return max(least, volatility * float(shocks.stretch[expiry, column]))
    away = log(max(options.strike[at] / shocks.at_mark[expiry], _SMALLEST))
    if shocks.bend[column] == ABS:
        away = abs(away)
    cap: float = shocks.cap[expiry, column]
    moved = away * cap / float(shocks.width[expiry])
    moved = max(-cap, moved) if away < 0.0 else min(cap, moved)
    return volatility * max(1.0 + moved, 0.0)


@njit(inline="always")
def _fill(at: int, options: Options, shocks: Shocks, values: Floats) -> None:
    expiry = options.expiry[at]
    for column in range(values.shape[1]):
        deviation = _volatility(at, expiry, column, options, shocks) * shocks.root_years[expiry]
        forward, strike, discount = shocks.forward[expiry, column], options.strike[at], shocks.discount[expiry]
        values[at, column] = price(forward, strike, deviation, options.is_call[at], discount)


@njit(cache=True, parallel=True, error_model="numpy")
def fill(rows: Numbers, options: Options, shocks: Shocks, values: Floats) -> None:
    """Price the options of `rows` under all columns into their rows of `values`."""
    for number in prange(len(rows)):
        _fill(rows[number], options, shocks, values)


@njit(cache=True, error_model="numpy")
def fill_few(rows: Numbers, options: Options, shocks: Shocks, values: Floats) -> None:
    """The same on one core: for so few rows that sharing them out costs more."""
    for at in rows:
        _fill(at, options, shocks, values)
