"""What margin is measured against: every position priced by itself in every scenario.

QuantLib's formula is called over ready-made columns by `map`, and through the binding itself: with the wrapper that the
package puts around it, or with instruments and an engine, it is slower. The other is a bare loop over positions and
scenarios on all cores, with nothing in it but the formula. Both get their volatilities and forwards shocked already.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import repeat
from math import erfc, log, sqrt
from typing import Any

import numpy as np
from numba import njit, prange

from margin.kernels.prices import Flags, Floats, Numbers
from margin.positions import Option
from scripts.bench.margin_setting import Book


class Shocked:
    """The forward of each scenario, and the total volatility of each option in it; what rivals are given."""

    def __init__(self, forward: Floats, deviation: Floats, strike: Floats, is_call: Flags) -> None:
        self.forward, self.deviation, self.strike, self.is_call = forward, deviation, strike, is_call


@njit(cache=True, parallel=True, error_model="numpy")
def _revalue(
    option: Numbers, amount: Floats, forward: Floats, deviation: Floats, strike: Floats, is_call: Flags, total: Floats
) -> None:
    for position in prange(len(option)):
        row = option[position]
        worth = 0.0
        for scenario in range(len(forward)):
            moneyness, v = strike[row] / forward[scenario], deviation[row, scenario]
            d1 = 0.5 * v - log(moneyness) / v
            call = 0.5 * erfc(-d1 * sqrt(0.5)) - moneyness * 0.5 * erfc((v - d1) * sqrt(0.5))
            worth += forward[scenario] * (call if is_call[row] else call + moneyness - 1.0)
        total[position] = amount[position] * worth


def revalued(book: Book, shocked: Shocked) -> Floats:
    """Each position's value, summed over the scenarios."""
    total = np.empty(len(book.option))
    _revalue(book.option, book.amount, shocked.forward, shocked.deviation, shocked.strike, shocked.is_call, total)
    return total


class QuantLib:
    """The first `positions` of a book, with all their arguments laid out before the clock starts."""

    def __init__(self, book: Book, shocked: Shocked, positions: int) -> None:
        package: Any = import_module("QuantLib")
        self.version: str = package.__version__
        self._formula: Callable[..., float] = import_module("QuantLib._QuantLib").blackFormula
        rows = book.option[:positions]
        self._kinds = [package.Option.Call if is_call else package.Option.Put for is_call in shocked.is_call[rows]]
        self._strikes, self._amounts = shocked.strike[rows].tolist(), book.amount[:positions]
        self._columns = [
            (forward, shocked.deviation[rows, scenario].tolist())
            for scenario, forward in enumerate(shocked.forward.tolist())
        ]

    def revalued(self) -> Floats:
        """As the loop does."""
        total = np.zeros(len(self._strikes))
        for forward, deviations in self._columns:
            total += list(map(self._formula, self._kinds, self._strikes, repeat(forward), deviations, repeat(1.0),
                              repeat(0.0)))  # fmt: skip
        return total * self._amounts


def quadratic(options: Sequence[Option]) -> int:
    """The least that options pay, every one asked at every strike; in 1e-36 USD, as ints: the contract's way."""
    legs = [(one.is_call, one.strike.units, one.amount.units) for one in options]
    return min(
        0,
        *(
            sum(amount * max(price - strike if is_call else strike - price, 0) for is_call, strike, amount in legs)
            for price in (0, *(strike for _, strike, _ in legs))
        ),
    )
