"""`bulkhead bench margin`: a million option positions under PMRM's scenarios, one trade, one mark, one large expiry."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from margin.fast.fast_portfolio import PortfolioTable
from margin.fixed import ONE
from margin.marks import Market, Quotes
from margin.portfolio_parameters import Scenario, VolShock
from scripts.bench.margin_rivals import QuantLib, Shocked, revalued
from scripts.bench.margin_setting import Book, board, market, moved, pmrm
from scripts.bench.margin_standard import worst_settlements
from scripts.bench.measure import ROUNDS, Measure, Work, against, figure

SIZES = {
    "positions": 1_000_000,
    "accounts": 100_000,
    "options": 2_000,
    "scenarios": 23,
    "quantlib_positions": 20_000,
    "trades": 3_000,
    "srm_options": 128,
}
"""`quantlib_positions`: for all, QuantLib would take ten seconds a round, so it is timed on the first of them."""

Say = Callable[[str], None]
UNMOVED = Scenario(ONE, VolShock.NONE)
LOOP = "a bare parallel loop over positions × scenarios"


def measures(say: Say) -> list[Measure]:
    """Run the whole benchmark; `say` is told what comes next."""
    desk = Desk()
    say(f"{SIZES['positions']:,} positions are loaded")
    told = [*_whole(desk, say)]
    say("one_trade_us, mark_move_us")
    told += [_one_trade(desk), *_mark_moves(desk), *_memory(desk)]
    say("srm_max_loss_vs_quadratic, srm_growth")
    return [*told, *worst_settlements(SIZES["srm_options"])]


class Desk:
    """A table of prices, the book, and its margins as they stand."""

    def __init__(self) -> None:
        self.board, self.market = board(SIZES["options"]), market()
        self.table = PortfolioTable(pmrm(), ONE, self.market, self.board)
        self.book = Book(self.board, SIZES["accounts"], SIZES["positions"])
        self.margins = self.table.estimate(self.book.columns)
        self._cents = 0
        self.touched_share = 0.0

    def anew(self) -> int:
        """Spot has moved: all options in all scenarios, then all accounts."""
        self._cents += 1
        return self.take(moved(self.market, self._cents % 100))

    def take(self, market: Market) -> int:
        """New marks, and the margins of the accounts that they touch; how many positions × scenarios that covers."""
        touched = self.table.touched(self.book.columns, self.table.move(market))
        self.table.update(self.margins, self.book.columns, touched)
        self.touched_share = len(touched) / SIZES["accounts"]
        return SIZES["positions"] * SIZES["scenarios"]


def _whole(desk: Desk, say: Say) -> Iterator[Measure]:
    """Marks move, and every account's margins follow, against the prices alone."""
    shocked = Shocked.of(desk.board, desk.market, pmrm())
    check(desk, shocked)

    def ours() -> Work:
        return desk.anew

    def loop() -> Work:
        return lambda: len(revalued(desk.book, shocked)) * SIZES["scenarios"]

    try:
        rival = QuantLib(desk.book, shocked, SIZES["quantlib_positions"])
    except ImportError:
        say("vs_quantlib is left out: QuantLib is not installed")
    else:
        say("vs_quantlib")
        if not np.allclose(rival.revalued(), revalued(desk.book, shocked)[: SIZES["quantlib_positions"]], 1e-9, 1e-6):
            raise RuntimeError("the bench's rivals have different prices")
        yield against(
            "vs_quantlib", ours, f"QuantLib {rival.version}, blackFormula a position × scenario",
            lambda: lambda: len(rival.revalued()) * SIZES["scenarios"],
        )  # fmt: skip
    say("vs_numba_reval")
    revalued(desk.book, shocked)
    yield against("vs_numba_reval", ours, LOOP, loop)


def check(desk: Desk, shocked: Shocked) -> None:
    """That the book is worth to us what it is worth to the loop, account for account."""
    unmoved = pmrm().scenarios.index(UNMOVED)
    one = shocked._replace(forward=shocked.forward[[unmoved]], deviation=shocked.deviation[:, [unmoved]].copy())
    worth = np.bincount(desk.book.account, revalued(desk.book, one))
    if not np.allclose(desk.margins.mark_to_market - desk.book.columns.cash, worth, 0, 1e-6):
        raise RuntimeError("the bench's book has two worths")


def _one_trade(desk: Desk) -> Measure:
    """From Python to Python: an option and cash change, the account has new margins."""
    draw, columns = Random(1), desk.book.columns

    def trade(account: int, option: int, amount: float, cash: float) -> int:
        columns.set_option(account, option, amount)
        columns.cash[account] = cash
        desk.table.estimate_one(columns, account)
        return 1

    trade(0, 0, 1.0, 0.0)
    took_us = [
        _took_us(partial(trade, draw.randrange(SIZES["accounts"]), draw.randrange(SIZES["options"]),
                         draw.randint(-50, 50) / 10, float(draw.randint(0, 100_000))))
        for _ in range(SIZES["trades"])
    ]  # fmt: skip
    return figure("one_trade_us", median(took_us), "µs, the median of trades in accounts all over the book")


def _mark_moves(desk: Desk) -> Iterator[Measure]:
    """One mark, and the margins of those who depend on it, against everything anew."""
    for name, (before, after) in _moves(desk).items():
        pairs, share = [], 0.0
        for _ in range(ROUNDS):
            desk.take(before)
            took_us, share = _took_us(partial(desk.take, after)), desk.touched_share
            pairs.append((took_us, _took_us(desk.anew)))
        ratios = [anew / took for took, anew in pairs]
        yield Measure(
            name, median(one for one, _ in pairs), f"µs; {share:.0%} of all accounts depend on it",
            "everything anew, µs", median(two for _, two in pairs), median(ratios), min(ratios), max(ratios),
        )  # fmt: skip


def _moves(desk: Desk) -> dict[str, tuple[Market, Market]]:
    """The mark of the perpetual; the forward of an expiry; the volatility of one strike, where strikes are quoted."""
    market, (seconds, expiry) = desk.market, next(iter(desk.market.expiries.items()))
    strikes = [one.strike for one in desk.board.rows[desk.board.rows_of(0)]]
    quotes = {strike: expiry.surface.volatility(strike) for strike in strikes}

    def changed(**fields: Any) -> Market:
        return replace(market, expiries={**market.expiries, seconds: replace(expiry, **fields)})

    return {
        "perp_move_us": (market, replace(market, perp=replace(market.perp, price=market.perp.price + 1))),
        "forward_move_us": (market, changed(forward_variable=expiry.forward_variable + 1)),
        "volatility_move_us": (
            changed(surface=Quotes(quotes)),
            changed(surface=Quotes(quotes | {strikes[0]: quotes[strikes[0]] * 2})),
        ),
    }


def _took_us(work: Work) -> float:
    started = perf_counter()
    work()
    return 1e6 * (perf_counter() - started)


def _memory(desk: Desk) -> Iterator[Measure]:
    fresh = Book(desk.board, SIZES["accounts"], SIZES["positions"]).columns
    yield figure(
        "position_bytes", fresh.size_bytes / SIZES["positions"], "bytes a position, its share of the account's too"
    )
    yield figure("table_kb", desk.table.size_bytes / 2**10, "KB of prices and constants, whatever the book")
