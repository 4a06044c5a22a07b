"""So many accounts that several cores share them get what each of them gets alone, whoever takes it."""

from random import Random

import numpy as np

from margin.fast.account_columns import AccountColumns
from margin.fast.board import Board, Expiry, Listed
from margin.fast.fast_portfolio import PortfolioTable
from margin.fast.fast_standard import StandardTable
from margin.fast.kernels.accounts import CHUNK, MANY
from margin.fixed import ONE
from tests.margin import fast_draws

ACCOUNTS = MANY + CHUNK // 2
"""The last chunk is not a full one."""


def board(*markets: str) -> Board:
    return Board.of(
        Listed(Expiry(name, seconds), strike, is_call)
        for name in markets for seconds in fast_draws.SECONDS for strike in fast_draws.STRIKES
        for is_call in (False, True)
    )  # fmt: skip


def columns(listed: Board, markets: int) -> AccountColumns:
    """An option each, cash and perpetuals that tell accounts apart."""
    made, numbers = AccountColumns(ACCOUNTS, len(listed), markets=markets, kinds=markets), np.arange(ACCOUNTS)
    made.load(numbers, numbers % len(listed), numbers % 7 - 3.0)
    made.cash[:], made.perp[:, 0] = numbers, numbers % 3 - 1
    return made


def check(table: PortfolioTable | StandardTable, held: AccountColumns) -> None:
    everyone, few = table.estimate(held), table.estimate(held)
    for column in few:
        column[:] = 0
    for part in np.array_split(np.arange(ACCOUNTS), 3):
        table.update(few, held, part)
    for ours, theirs in zip(everyone, few, strict=True):
        assert np.array_equal(ours, theirs)
    assert len(np.unique(everyone.initial)) == ACCOUNTS


def test_of_portfolio_margin() -> None:
    draw, listed = Random(1), board("")
    table = PortfolioTable(fast_draws.plain_parameters(draw), ONE, fast_draws.market(draw), listed)
    check(table, columns(listed, 1))


def test_of_standard_margin() -> None:
    draw, listed = Random(1), board("BTC", "ETH")
    feeds = {name: fast_draws.market(draw) for name in ("BTC", "ETH")}
    check(StandardTable(fast_draws.standard_parameters(draw), ONE, feeds, listed), columns(listed, 2))
