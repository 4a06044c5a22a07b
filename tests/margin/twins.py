"""Both paths on the same accounts, and how far apart they are: the exact one decides, the fast one estimates.

An error is a share of what the account holds at gross worth: cash, and every position at the larger of its strike and
spot. That is the scale on which a float's last digit lies, whatever cancels.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain

from margin.fast.account_loading import kinds_of, portfolio_accounts, standard_accounts
from margin.fast.board import Board, Listed
from margin.fast.fast_portfolio import AccountEstimate, PortfolioTable
from margin.fast.fast_standard import StandardTable
from margin.fixed import SCALE, Fixed
from margin.marks import Market
from margin.portfolio import PortfolioMargin, PortfolioParameters, portfolio_margin
from margin.portfolio_parameters import PlainPortfolio
from margin.positions import Holdings
from margin.standard import standard_margin
from margin.standard_parameters import StandardParameters

BOUND = 1e-12
"""What the fast path promises, as a share of gross worth; a thousand times tighter than the issue asks."""


def portfolio_errors(
    parameters: PortfolioParameters, stable_price: Fixed, market: Market, accounts: Sequence[tuple[Fixed, Holdings]]
) -> Iterator[tuple[PortfolioMargin, AccountEstimate, float]]:
    """For each account both answers and the largest error of all figures."""
    held = [one for _, one in accounts]
    kinds = None if isinstance(parameters, PlainPortfolio) else kinds_of(held)
    board = Board.of(Listed.of(option) for one in held for option in one.options)
    table = PortfolioTable(parameters, stable_price, market, board, kinds or ())
    columns = portfolio_accounts(board, accounts, kinds)
    everyone = table.estimate(columns)
    for number, (cash, one) in enumerate(accounts):
        exact = portfolio_margin(parameters, stable_price, market, cash, one)
        fast = table.estimate_one(columns, number)
        assert fast[:5] == tuple(column[number] for column in everyone)
        margin = exact.margin
        wanted = (margin.initial, margin.maintenance, exact.worth, exact.basis, *exact.scenario_pnl)
        yield exact, fast, _error([*fast[:4], *fast.scenario_pnl], wanted, _gross(cash, {"": one}, {"": market}))


def standard_errors(
    parameters: StandardParameters,
    stable_price: Fixed,
    feeds: Mapping[str, Market],
    accounts: Sequence[tuple[Fixed, Mapping[str, Holdings]]],
) -> Iterator[float]:
    """For each account the largest error of its three figures."""
    board = Board.of(
        Listed.of(option, name) for _, held in accounts for name, one in held.items() for option in one.options
    )
    table = StandardTable(parameters, stable_price, feeds, board)
    columns = standard_accounts(board, accounts, tuple(feeds))
    everyone = table.estimate(columns)
    for number, (cash, held) in enumerate(accounts):
        exact = standard_margin(parameters, stable_price, feeds, cash, held).margin
        fast = table.estimate_one(columns, number)
        assert fast == tuple(column[number] for column in everyone)
        wanted = (exact.initial, exact.maintenance, exact.mark_to_market)
        yield _error(fast, wanted, _gross(cash, held, feeds))


def _error(got: Sequence[float], wanted: Sequence[Fixed], gross: float) -> float:
    return max(
        float(abs(Fraction(float(one)) - Fraction(other.units, SCALE))) / gross
        for one, other in zip(got, wanted, strict=True)
    )


def _gross(cash: Fixed, held: Mapping[str, Holdings], feeds: Mapping[str, Market]) -> float:
    """In USD, with a dollar on top: no account is so empty that its dust is compared with nothing."""
    parts = (_worths(one, feeds[name]) for name, one in held.items())
    return 1.0 + float(abs(cash)) + sum(map(float, chain.from_iterable(parts)))


def _worths(held: Holdings, market: Market) -> Iterator[Fixed]:
    spot = market.spot.price
    yield from (abs(held.perp) * max(spot, market.perp.price), abs(held.perp_unsettled), held.base * spot)
    yield from (abs(option.amount) * max(option.strike, spot) for option in held.options)
    yield from (abs(one.amount) * one.price for one in held.collaterals)
