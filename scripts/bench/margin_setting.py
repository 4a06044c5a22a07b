"""The book that margin is measured on: one underlying, a board of options, accounts that share them, from a seed."""

from dataclasses import replace

import numpy as np

from margin.fast.account_columns import AccountColumns
from margin.fast.board import Board, Listed
from margin.fast.board import Expiry as Listing
from margin.fast.kernels.prices import Floats, Numbers
from margin.fixed import ONE, Fixed
from margin.marks import Expiry, Mark, Market
from margin.parameter_file import read_parameters
from margin.portfolio_parameters import PlainPortfolio
from margin.svi import Svi

_DAYS = (1, 2, 3, 7, 14, 30, 60, 90, 180, 365)
_DAY_S = 86_400
_PERP_EVERY = 5
"""One account in so many has a perpetual too."""
_LEAST_STRIKE, _STRIKE_STEP = 1_500, 30  # USD

_of = Fixed.of


def pmrm() -> PlainPortfolio:
    """PMRM as the script of the main network sets it: 23 scenarios (specs/derive_margin.md §13.2)."""
    found = read_parameters("mainnet").pmrm
    if found is None:
        raise RuntimeError("the parameters of the main network have no PMRM")
    return found


def market() -> Market:
    """Ten expiries, each with a surface of its own."""
    surface = Svi(_of("0.02"), _of("0.3"), _of("-0.2"), _of("0.01"), _of("0.2"), _of(3_000), ONE)
    return Market(
        Mark(_of(3_000)),
        Mark(_of(3_001)),
        {
            days * _DAY_S: Expiry(days * _DAY_S, _of(3_005), replace(surface, tau=_of(days) / 365), rate=_of("0.04"))
            for days in _DAYS
        },
    )


def moved(market: Market, cents: int) -> Market:
    """Spot and every forward higher by some cents: everything has to be priced again."""
    up = _of(cents) / 100
    expiries = {
        seconds: replace(expiry, forward_variable=expiry.forward_variable + up)
        for seconds, expiry in market.expiries.items()
    }
    return Market(replace(market.spot, price=market.spot.price + up), market.perp, expiries)


def board(options: int) -> Board:
    """Calls and puts of as many strikes as make up `options`, a multiple of twenty."""
    strikes = [_of(_LEAST_STRIKE + _STRIKE_STEP * number) for number in range(options // len(_DAYS) // 2)]
    return Board.of(
        Listed(Listing("", days * _DAY_S), strike, is_call)
        for days in _DAYS
        for strike in strikes
        for is_call in (False, True)
    )


class Book:
    """Positions, account after account, and the columns that hold them."""

    def __init__(self, board: Board, accounts: int, positions: int) -> None:
        draw, each = np.random.default_rng(2026), positions // accounts
        self.account: Numbers = np.repeat(np.arange(accounts, dtype=np.int32), each)
        distinct = np.sort(draw.integers(0, len(board) - each + 1, (accounts, each)), axis=1) + np.arange(each)
        self.option: Numbers = distinct.ravel().astype(np.int32)
        self.amount: Floats = draw.integers(-100, 101, len(self.option)) / 10
        self.columns = AccountColumns(accounts, len(board), kinds=1)
        self.columns.load(self.account, self.option, self.amount)
        self.columns.cash[:] = draw.integers(0, 100_000, accounts)
        self.columns.perp[::_PERP_EVERY, 0] = 1.5
