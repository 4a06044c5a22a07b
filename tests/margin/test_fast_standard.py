"""The fast path of standard margin agrees with the exact one, whichever of its rules decides."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from margin.account_columns import AccountColumns
from margin.board import Board, Listed
from margin.fast_standard import StandardTable
from margin.fixed import ONE, Fixed
from margin.marks import MissingMarkError
from margin.positions import Holdings, Option
from margin.standard import standard_margin
from tests.margin import fast_draws
from tests.margin.twins import BOUND, standard_errors


def accounts(draw: Random) -> list[tuple[Fixed, Mapping[str, Holdings]]]:
    """Some hold both underlyings, some one, some none."""
    return [
        (
            fast_draws.fixed(draw, -5_000, 5_000),
            {name: fast_draws.holdings(draw, ()) for name in ("ETH", "BTC") if draw.random() < 0.7},
        )
        for _ in range(12)
    ]


def test_both_paths_agree_on_accounts_that_share_options() -> None:
    decided: Counter[str] = Counter()
    for seed in range(10):
        draw = Random(seed)
        parameters, stable = fast_draws.standard_parameters(draw), fast_draws.stable_price(draw)
        feeds, held = {name: fast_draws.market(draw) for name in ("BTC", "ETH")}, accounts(draw)
        assert max(standard_errors(parameters, stable, feeds, held)) < BOUND
        for cash, one in held:
            for market in standard_margin(parameters, stable, feeds, cash, one).markets.values():
                for expiry in market.expiries:
                    decided["alone" if expiry.isolated.initial > expiry.max_loss.initial else "settlement"] += 1
                decided["doubted"] += any(bool(expiry.contingency) for expiry in market.expiries)
                decided["depeg"] += bool(market.depeg)
    assert min(decided[name] for name in ("alone", "settlement", "doubted", "depeg")) > 20


def test_marks_that_are_missing_are_named() -> None:
    draw = Random(3)
    parameters, market = fast_draws.standard_parameters(draw), fast_draws.market(draw)
    board = Board.of([Listed.of(Option(3_600, Fixed.of(2_000), True, ONE), "ETH")])
    dead = replace(market.expiry(3_600), forward_variable=Fixed(0))
    with pytest.raises(MissingMarkError, match="no forward above zero of the expiry in 3600 s"):
        StandardTable(parameters, ONE, {"ETH": replace(market, expiries={3_600: dead})}, board)
    with pytest.raises(MissingMarkError, match="no feeds of ETH"):
        StandardTable(parameters, ONE, {"BTC": market}, board)


def test_a_perpetual_without_a_mark_is_held_by_nobody() -> None:
    draw = Random(3)
    parameters, market = fast_draws.standard_parameters(draw), fast_draws.market(draw)
    unmarked = replace(market, perp=replace(market.perp, price=Fixed(0)))
    table = StandardTable(parameters, ONE, {"BTC": market, "ETH": unmarked}, Board.of([]))
    columns = AccountColumns(2, 0, markets=2, kinds=2)
    columns.perp[0, 0] = 1.0
    assert table.estimate(columns).initial[1] == 0
    columns.perp[1, 1] = 1.0
    with pytest.raises(MissingMarkError, match="no price above zero of a perpetual that is held"):
        table.estimate(columns)
