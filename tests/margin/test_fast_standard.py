"""The fast path of standard margin agrees with the exact one, whichever of its rules decides."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from margin.fast.account_columns import AccountColumns
from margin.fast.account_loading import standard_accounts
from margin.fast.board import Board, Listed
from margin.fast.fast_standard import StandardTable
from margin.fixed import ONE, Fixed
from margin.marks import Market, MissingMarkError
from margin.positions import Holdings, Option
from margin.standard import standard_margin
from margin.standard_parameters import StandardParameters
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


@pytest.mark.parametrize("moved", ["nothing", "expiry", "perp", "spot"])
def test_marks_that_move_touch_those_who_hold_what_depends_on_them(moved: str) -> None:
    draw = Random(8)
    parameters, held = fast_draws.standard_parameters(draw), accounts(draw)
    feeds = {name: fast_draws.market(draw) for name in ("BTC", "ETH")}
    listed = [Listed.of(option, name) for _, one in held for name, has in one.items() for option in has.options]
    board, columns = Board.of(listed), standard_accounts(Board.of(listed), held, tuple(feeds))
    table = StandardTable(parameters, ONE, feeds, board)
    answer = table.estimate(columns)
    eth, seconds = feeds["ETH"], fast_draws.SECONDS[3]
    expiry = replace(eth.expiry(seconds), forward_variable=Fixed.of(2_222))
    after = {
        "nothing": replace(eth),
        "expiry": replace(eth, expiries={**eth.expiries, seconds: expiry}),
        "perp": replace(eth, perp=replace(eth.perp, price=Fixed.of(2_111))),
        "spot": replace(eth, spot=replace(eth.spot, price=Fixed.of(2_001))),
    }[moved]
    touched = table.touched(columns, table.move({**feeds, "ETH": after}))
    eths = [one.get("ETH", Holdings()) for _, one in held]
    wanted = {
        "nothing": lambda has: False,
        "expiry": lambda has: any(option.seconds == seconds for option in has.options),
        "perp": lambda has: bool(has.perp),
        "spot": lambda has: bool(has.options or has.base or (has.perp and doubts_perp(parameters, after))),
    }[moved]
    assert touched.tolist() == [at for at, has in enumerate(eths) if wanted(has)]
    table.update(answer, columns, touched)
    fresh = StandardTable(parameters, ONE, {**feeds, "ETH": after}, board).estimate(columns)
    assert all(map(np.array_equal, answer, fresh))


def doubts_perp(parameters: StandardParameters, market: Market) -> bool:
    """A perpetual's own margin is a share of its mark: spot counts only where it is doubted."""
    threshold = parameters.markets["ETH"].oracle_contingency.perp_threshold
    return min(market.spot.confidence, market.perp.confidence) < threshold
