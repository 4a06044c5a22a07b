"""The constants of the fast path of standard margin, in arrays.

What is linear is asked of the exact rules, for one unit held; so comparisons with thresholds are made exactly. What a
short option needs alone differs from one to the next: it is the one formula that is written a second time here.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from margin.black76 import years
from margin.fast.board import Board
from margin.fast.kernels.prices import PLAIN, Floats, Options, Shocks, fill
from margin.fast.kernels.standard import StandardUnits
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import root
from margin.marks import Market
from margin.positions import Holdings, Option
from margin.standard import StandardMargin, standard_margin
from margin.standard_parameters import MissingParameterError, OptionRequirement, StandardParameters


def units_of(
    parameters: StandardParameters, stable_price: Fixed, feeds: Mapping[str, Market], board: Board
) -> StandardUnits:
    """What one unit of everything is worth and asks. Raises MissingMarkError, SviError, KeyError."""

    def exactly(name: str, held: Holdings) -> StandardMargin:
        return standard_margin(parameters, stable_price, feeds, ZERO, {name: held})

    # A perpetual without a mark asks nothing here: nobody may hold it.
    perps = [exactly(name, Holdings(ONE if feed.perp.price > 0 else ZERO)).margin for name, feed in feeds.items()]
    bases = [exactly(name, Holdings(base=ONE)).margin for name in feeds]
    shorts = [exactly(one.market, _one_short(board, number)) for number, one in enumerate(board.expiries)]
    rules = [_rule(parameters, one.market) for one in board.expiries]
    forwards = [feeds[one.market].expiry(one.seconds).forward for one in board.expiries]
    prices = _prices(board, feeds, forwards)
    alone = [_alone(rule, feeds, board, number, prices) for number, rule in enumerate(rules)]
    return StandardUnits(
        price=prices,
        strike=board.strike,
        is_call=board.is_call,
        expiry=board.expiry,
        short_im=np.concatenate([np.zeros(0), *(one[0] for one in alone)]),
        short_mm=np.concatenate([np.zeros(0), *(one[1] for one in alone)]),
        unpaired_im=floats([rule.unpaired_im_scale * forward for rule, forward in zip(rules, forwards, strict=True)]),
        unpaired_mm=floats([rule.unpaired_mm_scale * forward for rule, forward in zip(rules, forwards, strict=True)]),
        doubt=floats([_doubt(one) for one in shorts]),
        perp_im=floats([-one.initial for one in perps]),
        perp_mm=floats([-one.maintenance for one in perps]),
        base_worth=floats([one.mark_to_market for one in bases]),
        base_im=floats([one.initial for one in bases]),
        base_mm=floats([one.maintenance for one in bases]),
    )


def _rule(parameters: StandardParameters, market: str) -> OptionRequirement:
    rule = parameters.markets[market].option
    if rule is None:
        raise MissingParameterError(f"no option parameters of {market}")
    return rule


def floats(values: Sequence[Fixed]) -> Floats:
    return np.array([float(value) for value in values], np.float64)


def _one_short(board: Board, number: int) -> Holdings:
    """One contract short of an expiry's first option."""
    listed = board.rows[board.rows_of(number).start]
    return Holdings(options=(Option(listed.expiry.seconds, listed.strike, listed.is_call, -ONE),))


def _doubt(of_one_short: StandardMargin) -> Fixed:
    """What doubtful prices and a fallen stablecoin add for a contract short, whichever it is."""
    (market,) = of_one_short.markets.values()
    return market.depeg - market.expiries[0].contingency


def _prices(board: Board, feeds: Mapping[str, Market], forwards: Sequence[Fixed]) -> Floats:
    """The kernel of all scenarios with a single column, in which nothing is shocked."""
    volatility, expiries = np.zeros(len(board)), len(board.expiries)
    for number, (market, seconds) in enumerate(board.expiries):
        volatility[board.rows_of(number)] = board.volatilities(number, feeds[market].expiry(seconds).surface)
    marked = floats(forwards)
    shocks = Shocks(
        forward=marked.reshape(expiries, 1),
        stretch=np.ones((expiries, 1)),
        cap=np.zeros((expiries, 1)),
        floor=np.zeros(1),
        bend=np.full(1, PLAIN, np.int8),
        at_mark=marked,
        width=np.ones(expiries),
        root_years=floats([root(years(one.seconds)) for one in board.expiries]),
        discount=np.ones(expiries),
    )
    values = np.zeros((len(board), 1))
    options = Options(board.expiry, board.strike, board.is_call, volatility)
    fill(np.arange(len(board), dtype=np.int32), options, shocks, values)
    return values[:, 0].copy()


def _alone(
    rule: OptionRequirement, feeds: Mapping[str, Market], board: Board, number: int, prices: Floats
) -> tuple[Floats, Floats]:
    """What one contract short of each option of an expiry needs by itself, for initial and for maintenance margin."""
    rows, spot = board.rows_of(number), float(feeds[board.expiries[number].market].spot.price)
    strike, is_call, price = board.strike[rows], board.is_call[rows], prices[rows]
    distance = np.maximum(np.where(is_call, strike - spot, spot - strike), 0.0) / spot
    share = np.maximum(float(rule.max_spot_req) - distance, float(rule.min_spot_req))
    of_put = price + np.maximum(float(rule.mm_put_spot_req) * spot, float(rule.mm_put_mtm_req) * price)
    initial = price + share * spot
    return (
        np.where(is_call, initial, np.maximum(initial, float(rule.mm_offset_scale) * of_put)),
        np.where(is_call, price + float(rule.mm_call_spot_req) * spot, of_put),
    )
