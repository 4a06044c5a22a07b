"""Portfolio margin of very many accounts, estimated: options are priced once, accounts are sums over those prices.

The exact path (`margin.portfolio`) decides; this one finds out about whom to ask it. Both agree within 1e-12 of what an
account holds at gross worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from margin.discounts import factors
from margin.fast.account_columns import AccountColumns
from margin.fast.board import Board
from margin.fast.kernels.accounts import MANY, Holding, Places
from margin.fast.kernels.portfolio import Estimates, estimate, estimate_few, estimate_one
from margin.fast.kernels.prices import Flags, Floats, Options, fill, fill_few
from margin.fast.portfolio_columns import ExpiryColumns, expiry_columns, floats, shocks_of, units_of
from margin.fast.portfolio_units import Rules
from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Expiry, Market, MissingMarkError
from margin.portfolio import PortfolioParameters
from margin.portfolio_parameters import PlainPortfolio
from margin.positions import Collateral

_FEW = 512
"""Rows that one core prices sooner than they are handed out to several."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What marks that moved touch: all accounts, or those with a perpetual, or with an option that is flagged."""

    all: bool
    perp: bool
    options: Flags


class AccountEstimate(NamedTuple):
    """One account in USD. `binding` is the number of the worst scenario, -1 where the basis is worse than all."""

    initial: float
    maintenance: float
    mark_to_market: float
    basis: float
    binding: int
    scenario_pnl: Floats


class PortfolioTable:
    """Every option of a board under every scenario, at one set of marks; and what accounts make of it. One caller.

    `kinds` are the collaterals that accounts may hold, each with an amount of one. Under PMRM there is one, the base
    asset, and `kinds` stays empty. Raises MissingMarkError, SviError and ParameterError as the exact path does.
    """

    def __init__(
        self,
        parameters: PortfolioParameters,
        stable_price: Fixed,
        market: Market,
        board: Board,
        kinds: Sequence[Collateral] = (),
    ) -> None:
        self._board = board
        self._rules = Rules(parameters, stable_price, market, tuple(kinds))
        self._factors = floats(factors(parameters, stable_price))
        self._options = Options(board.expiry, board.strike, board.is_call, np.zeros(len(board)))
        self._expiries: list[ExpiryColumns] = []
        self._values = np.zeros((len(board), len(parameters.scenarios) + 3))
        self._set(market, all_moved=True)
        self._scratch = np.empty(self._values.shape[1])

    def estimate(self, held: AccountColumns) -> Estimates:
        """The margins of all accounts."""
        answer = _room_for(len(held))
        self.update(answer, held, np.arange(len(held)))
        return answer

    def update(self, answer: Estimates, held: AccountColumns, accounts: Places) -> None:
        """The margins of some accounts, each into its place of `answer`, which has a place for every account."""
        if len(accounts):
            held.check_numbers(accounts.min(), accounts.max())
        kernel = estimate if len(accounts) >= MANY else estimate_few
        kernel(accounts, self._factors, self._of(held), self._units, *answer)

    def estimate_one(self, held: AccountColumns, account: int) -> AccountEstimate:
        """The margins of one account, with its result in every scenario."""
        held.check_numbers(account, account)
        pnl = np.empty(len(self._units.move))
        return AccountEstimate(
            *estimate_one(account, self._factors, self._of(held), self._units, self._scratch, pnl), pnl
        )

    def move(self, market: Market) -> Moved:
        """Take new marks; only what they touch is computed again. Nothing has changed if this raises."""
        return self._set(market, all_moved=market.spot != self._rules.market.spot)

    def touched(self, held: AccountColumns, moved: Moved) -> Places:
        """The accounts whose margins moved marks change."""
        if moved.all:
            return np.arange(len(held))
        has_perp = moved.perp & (held.perp[:, 0] != 0)
        return np.flatnonzero(has_perp | held.holders(moved.options) if moved.options.any() else has_perp)

    @property
    def size_bytes(self) -> int:
        """Memory of the prices and of all constants."""
        columns = {one.ctypes.data: one.nbytes for one in (*self._units, *self._shocks, *self._options)}
        return sum(columns.values())

    def _of(self, held: AccountColumns) -> Holding:
        if self._rules.market.perp.price <= 0 and held.perp.any():
            raise MissingMarkError("no price above zero of the perpetual")
        return held.held_as(len(self._board), 1, len(self._rules.kinds))

    def _set(self, market: Market, *, all_moved: bool) -> Moved:
        before = self._rules.market
        if market.spot.price <= 0 or self._rules.stable_price <= 0:
            raise MissingMarkError("no price above zero of spot or of the stablecoin")
        rules = replace(self._rules, market=market, kinds=_kinds(self._rules, market))
        doubted = market.perp.confidence != before.perp.confidence
        expiries, volatility = list(self._expiries), self._options.volatility.copy()
        moved = np.zeros(len(volatility), np.bool_)
        for number, (_, seconds) in enumerate(self._board.expiries):
            rows, expiry = self._board.rows_of(number), market.expiry(seconds)
            anew = all_moved or _differ_but_for_surface(before.expiry(seconds), expiry)
            if anew or doubted:
                expiries[number : number + 1] = [expiry_columns(rules, seconds)]
            if anew or before.expiry(seconds).surface is not expiry.surface:
                volatility[rows] = self._board.volatilities(number, expiry.surface)
            moved[rows] = anew | (volatility[rows] != self._options.volatility[rows])
        self._rules, self._expiries = rules, expiries
        self._options = self._options._replace(volatility=volatility)
        self._shocks, self._units = shocks_of(rules, expiries), units_of(rules, expiries, self._board, self._values)
        to_price = np.flatnonzero(moved).astype(np.int32)
        (fill_few if len(to_price) < _FEW else fill)(to_price, self._options, self._shocks, self._values)
        return Moved(all_moved, market.perp != before.perp, moved)


def _kinds(rules: Rules, market: Market) -> tuple[Collateral, ...]:
    if not isinstance(rules.parameters, PlainPortfolio):
        return rules.kinds
    return (Collateral("base", ONE, market.spot.price, market.spot.confidence, True, ZERO, ZERO),)


def _differ_but_for_surface(before: Expiry, after: Expiry) -> bool:
    return replace(before, surface=after.surface) != after


def _room_for(accounts: int) -> Estimates:
    zero = [np.zeros(accounts) for _ in range(4)]
    return Estimates(zero[0], zero[1], zero[2], zero[3], np.zeros(accounts, np.int32))
