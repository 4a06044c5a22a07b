"""What margin is measured against: every position priced by itself in every scenario.

QuantLib's formula is called over ready-made columns by `map`, and through the binding itself, without the wrapper that
the package puts around it: usually the fastest of the forms tried. The other is a bare loop over positions and
scenarios on all cores, with nothing in it but the formula. Both get their volatilities and forwards shocked already.
"""

from collections.abc import Callable
from importlib import import_module
from itertools import repeat
from math import erfc, log, sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange

from margin.black76 import years
from margin.fast.board import Board
from margin.fast.kernels.prices import Flags, Floats, Numbers
from margin.functions import root
from margin.marks import Market
from margin.portfolio_parameters import PlainPortfolio
from margin.shocks import reach, shocked_volatility
from scripts.bench.margin_setting import Book


class Shocked(NamedTuple):
    """The forward of each scenario, and the total volatility of each option in it: what the rivals are given."""

    forward: Floats
    deviation: Floats  # by option and scenario
    strike: Floats
    is_call: Flags

    @classmethod
    def of(cls, board: Board, market: Market, parameters: PlainPortfolio) -> "Shocked":
        """By the exact rules. All expiries have one forward."""
        scenarios, deviation = parameters.scenarios, np.empty((len(board), len(parameters.scenarios)))
        for number, (_, seconds) in enumerate(board.expiries):
            rows, expiry = board.rows_of(number), market.expiry(seconds)
            time, far = root(years(seconds)), reach(parameters.vol_shock, seconds)
            shocks = [shocked_volatility(time, one.vol_shock, parameters.vol_shock, far) for one in scenarios]
            deviation[rows] = np.outer(board.volatilities(number, expiry.surface), list(map(float, shocks)))
        (forward,) = {expiry.forward for expiry in market.expiries.values()}
        moved = np.array([float(one.spot_shock * forward) for one in scenarios])
        return cls(moved, deviation, board.strike, board.is_call)


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
