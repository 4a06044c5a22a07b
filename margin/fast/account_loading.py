"""Accounts as exact values become the columns of the fast path: the one way from `Holdings` to floats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from margin.fast.account_columns import AccountColumns, ColumnsError
from margin.fast.board import Board, Listed
from margin.fixed import ONE, Fixed
from margin.positions import Collateral, Holdings


def kinds_of(accounts: Iterable[Holdings]) -> tuple[Collateral, ...]:
    """The collaterals that accounts hold, each once and with an amount of one."""
    return tuple(dict.fromkeys(replace(one, amount=ONE) for held in accounts for one in held.collaterals))


def portfolio_accounts(
    board: Board, accounts: Sequence[tuple[Fixed, Holdings]], kinds: Sequence[Collateral] | None = None
) -> AccountColumns:
    """Cash and holdings in the one underlying; for PMRM without `kinds`, which takes the base asset for collateral.

    Raises KeyError for an option off the board, ColumnsError for dated futures, and for collateral that the
    model does not take.
    """
    columns = AccountColumns(len(accounts), len(board), kinds=1 if kinds is None else len(kinds))
    _load_options(columns, board, [{"": held} for _, held in accounts])
    place = {kind: number for number, kind in enumerate(kinds or ())}
    for number, (cash, held) in enumerate(accounts):
        columns.cash[number] = float(cash)
        columns.perp[number, 0], columns.unsettled[number, 0] = float(held.perp), float(held.perp_unsettled)
        unknown = [one.name for one in held.collaterals if replace(one, amount=ONE) not in place]
        if unknown or (held.base and kinds is not None):
            raise ColumnsError(f"account {number} holds {unknown or ['base']}, which is no kind of collateral here")
        if kinds is None:
            columns.collateral[number, 0] = float(held.base)
        for one in held.collaterals:
            columns.collateral[number, place[replace(one, amount=ONE)]] += float(one.amount)
    return columns


def standard_accounts(
    board: Board, accounts: Sequence[tuple[Fixed, Mapping[str, Holdings]]], markets: Sequence[str]
) -> AccountColumns:
    """Cash and holdings by underlying, in the order of `markets`.

    Raises KeyError for an option off the board, ColumnsError for dated futures.
    """
    columns = AccountColumns(len(accounts), len(board), markets=len(markets), kinds=len(markets))
    _load_options(columns, board, [held for _, held in accounts])
    for number, (cash, by_market) in enumerate(accounts):
        columns.cash[number] = float(cash)
        for at, name in enumerate(markets):
            held = by_market.get(name, Holdings())
            columns.perp[number, at], columns.unsettled[number, at] = float(held.perp), float(held.perp_unsettled)
            columns.collateral[number, at] = float(held.base)
    return columns


def _load_options(columns: AccountColumns, board: Board, accounts: Sequence[Mapping[str, Holdings]]) -> None:
    for number, by_market in enumerate(accounts):
        if any(holdings.futures for holdings in by_market.values()):
            raise ColumnsError(f"account {number} holds dated futures, which only the exact path margins")
    held = [
        (number, board.row[Listed.of(option, name)], float(option.amount))
        for number, by_market in enumerate(accounts)
        for name, holdings in by_market.items()
        for option in holdings.options
    ]
    columns.load(*zip(*held, strict=True)) if held else columns.load([], [], [])
