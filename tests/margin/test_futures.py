"""Dated futures: like perpetuals at the forward of their expiry, hedged by what stands on the same forward alone."""

from dataclasses import replace
from typing import Any

import pytest

from margin.account import closed, margins, only, positions
from margin.case_schema import Case, case_of
from margin.derive_names import FutureName, NamingError, parse_dated
from margin.fast.account_columns import ColumnsError
from margin.fast.account_loading import portfolio_accounts
from margin.fast.board import Board
from margin.fixed import ONE, ZERO, Fixed
from margin.gate import Change, Kind, adds_risk_portfolio, adds_risk_standard
from margin.greeks import account_greeks
from margin.instruments import Instrument, InstrumentError, sub_id_of
from margin.instruments import Kind as Traded
from margin.marks import MissingMarkError
from margin.parameter_file import read_parameters
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio
from margin.positions import Future, Holdings, dated
from margin.standard_parameters import MissingParameterError
from margin.trades import TradeError, trade_of, traded
from tests.margin.holding import (
    DAY_S,
    GENERAL,
    PLAIN,
    STANDARD,
    WEEK_S,
    call,
    expiry,
    fixed,
    market,
    portfolio,
    put,
    standard,
)
from tests.margin.worked import SECONDS, as_read, plain

MONTH_S = 30 * DAY_S
TESTS = read_parameters("tests")


def future(amount: object, unsettled: object = 0, seconds: int = WEEK_S) -> Future:
    return Future(seconds, fixed(amount), fixed(unsettled))


def holding(*futures: Future, **more: Any) -> Holdings:
    return Holdings(futures=futures, **more)


# -- standard margin ---------------------------------------------------------------------------------------------------


def test_standard_margin_asks_the_perpetuals_share_of_the_forward() -> None:
    """2 contracts at a forward of 1,600: 3,200 · 6.5% = 208 and 3,200 · 5% = 160; 7 is not settled yet."""
    margin = standard(holding(future(-2, 7)), market(expiry(1600))).margin
    assert (margin.initial, margin.maintenance, margin.mark_to_market) == (7 - 208, 7 - 160, 7)


@pytest.mark.parametrize("amount", [3, -3])
def test_at_the_same_mark_and_confidence_a_future_is_a_perpetual(amount: int) -> None:
    feeds = market(expiry(1510, forward_confidence=fixed("0.3")), perp=1510, perp_confidence="0.3")
    as_perp = standard(Holdings(perp=fixed(amount), perp_unsettled=fixed(5)), feeds, stable="0.97")
    assert standard(holding(future(amount, 5)), feeds, stable="0.97").margin == as_perp.margin


def test_nothing_offsets_across_expiries_or_against_the_perpetual() -> None:
    feeds = market(expiry(1500), expiry(1500, MONTH_S), perp=1500)
    apart = holding(future(1), future(-1, seconds=MONTH_S), perp=fixed(1))
    one = standard(holding(future(1)), feeds).margin
    assert standard(apart, feeds).margin.initial == 3 * one.initial


def test_confidence_in_the_forward_and_in_spot_is_asked_for_by_initial_margin_alone() -> None:
    sure = standard(holding(future(1)), market()).margin
    for feeds in (market(expiry(forward_confidence=fixed("0.3"))), market(spot_confidence="0.3")):
        doubted = standard(holding(future(1)), feeds).margin
        assert doubted.initial < sure.initial
        assert doubted.maintenance == sure.maintenance


def test_the_perpetuals_threshold_of_doubt_is_its_threshold() -> None:
    oracle = replace(STANDARD.oracle_contingency, option_threshold=ZERO, base_threshold=ZERO)
    feeds = market(expiry(forward_confidence=fixed("0.3")))
    one, other = (
        standard(holding(future(1)), feeds, parameters=replace(STANDARD, oracle_contingency=rule)).margin
        for rule in (STANDARD.oracle_contingency, oracle)
    )
    assert one == other
    never = replace(oracle, perp_threshold=ZERO)
    sure = standard(holding(future(1)), feeds, parameters=replace(STANDARD, oracle_contingency=never)).margin
    assert sure.initial == one.initial + 1500 * fixed("0.4") * fixed("0.7")


def test_what_it_needs_is_named() -> None:
    with pytest.raises(MissingMarkError, match="no forward and volatilities of the expiry in 2592000 s"):
        standard(holding(future(1, seconds=MONTH_S)))
    with pytest.raises(MissingMarkError, match="the forward"):
        standard(holding(future(1)), market(expiry(0)))
    with pytest.raises(MissingParameterError, match="no perp parameters of ETH"):
        standard(holding(future(1)), parameters=replace(STANDARD, perp=None))


# -- portfolio margin --------------------------------------------------------------------------------------------------


def test_a_scenario_moves_the_part_of_the_forward_that_moves_with_spot() -> None:
    feeds = market(expiry(1000, forward_fixed=fixed(500)))
    result = portfolio(holding(future(2, 7)), feeds)
    assert result.worth == 7
    assert result.scenario_pnl[0] == 2 * 1000 * fixed("0.15")
    assert result.scenario_pnl[-1] == -2 * 1000 * fixed("0.15")


def test_the_basis_of_its_expiry_is_a_risk_of_its_own_that_a_synthetic_hedges_and_a_perpetual_does_not() -> None:
    synthetic = (call(1500, -1), put(1500, 1))
    alone, by_perp = portfolio(holding(future(1))), portfolio(holding(future(1), perp=fixed(-1)))
    assert alone.basis < -10
    assert by_perp.basis == alone.basis
    hedged = portfolio(holding(future(1), options=synthetic))
    assert abs(hedged.basis) < Fixed(10**6)
    naked = portfolio(Holdings(options=synthetic))
    assert max(map(abs, hedged.scenario_pnl)) < max(map(abs, naked.scenario_pnl)) / 5


def test_only_what_stands_on_an_expiry_moves_with_its_basis() -> None:
    feeds = market(expiry(1500), expiry(1500, MONTH_S))
    near, far = portfolio(holding(future(1)), feeds), portfolio(holding(future(1, seconds=MONTH_S)), feeds)
    both = portfolio(holding(future(1), future(1, seconds=MONTH_S)), feeds)
    assert both.basis == near.basis + far.basis
    assert both.scenario_pnl[0] == near.scenario_pnl[0] + far.scenario_pnl[0]


@pytest.mark.parametrize("parameters", [PLAIN, GENERAL])
def test_doubt_in_spot_and_in_the_forward_is_asked_for_once_by_the_lower(
    parameters: PlainPortfolio | CollateralPortfolio,
) -> None:
    def asked(**confidence: str) -> Fixed:
        feeds = market(expiry(forward_confidence=fixed(confidence.pop("forward", "1"))), **confidence)
        return portfolio(holding(future(-2)), feeds, parameters=parameters).margin.initial

    low = asked(spot_confidence="0.1")
    assert low == asked(forward="0.1") == asked(spot_confidence="0.1", forward="0.3") < asked(forward="0.3") < asked()


def test_it_is_asked_what_a_perpetual_is_asked_for_where_collateral_counts() -> None:
    feeds = market(expiry(1500), perp=1500)
    as_perp = portfolio(Holdings(perp=fixed(-2)), feeds, parameters=GENERAL).contingencies
    as_future = portfolio(holding(future(-2)), feeds, parameters=GENERAL).contingencies
    assert as_perp.initial == as_future.initial
    assert as_perp.maintenance == as_future.maintenance == 2 * 1500 * fixed("0.015")


def test_contingencies_count_it_with_the_perpetuals() -> None:
    feeds = market(expiry(1500), perp=1500)
    as_perp = portfolio(Holdings(perp=fixed(-2)), feeds).contingencies
    assert portfolio(holding(future(-2)), feeds).contingencies == as_perp
    doubted = portfolio(holding(future(-2)), market(expiry(forward_confidence=fixed("0.1")))).contingencies
    assert doubted.confidence == 2 * 1500 * fixed("0.5") * fixed("0.9")


# -- an account around it ----------------------------------------------------------------------------------------------


def account(*futures: dict[str, Any], **more: Any) -> Case:
    return case_of(as_read(plain(options=[], futures=list(futures), **more)), TESTS)


DATED = {"sec_to_expiry": SECONDS, "amount": 2, "unsettled_cash": 10}


def test_a_case_reads_futures_and_nets_those_of_one_expiry() -> None:
    held = account(DATED, DATED | {"amount": -1, "unsettled_cash": 1}).held
    assert held.futures == (Future(SECONDS, ONE, fixed(11)),)
    assert dated(held) == 1
    assert account(DATED, DATED | {"amount": -2}).held.futures == ()


def test_its_position_is_named_closed_and_alone() -> None:
    case = account(DATED, cash=1000)
    (position,) = positions(case)
    assert (position.kind, position.name, position.worth) == (Kind.FUTURE, "future in 5.7 d", 10)
    shut = closed(case, position)
    assert shut.held.futures == ()
    assert shut.cash == 1010
    half = closed(case, position, fixed("0.5"))
    assert half.held.futures == (Future(SECONDS, ONE, fixed(5)),)
    assert margins(half).mark_to_market == margins(case).mark_to_market
    assert only(case, position).held == Holdings(futures=(Future(SECONDS, fixed(2), fixed(10)),))


def test_a_trade_settles_what_was_earned_and_pays_the_difference_to_the_forward() -> None:
    case, cash = traded(account(DATED), [trade_of(f"ETH-{SECONDS}s:+1@1490")])
    forward = case.market.expiry(SECONDS).forward
    assert cash == forward - 1490
    assert case.cash == 10 + cash
    assert case.held.futures == (Future(SECONDS, fixed(3)),)
    opened, free = traded(account(), [trade_of(f"ETH-{SECONDS}s:-1")])
    assert (free, opened.held.futures) == (0, (Future(SECONDS, -ONE),))


def test_a_name_with_a_date_is_a_future() -> None:
    assert trade_of("ETH-20270625:+3@120", at_s=1_813_910_400 - 60).of == Future(60, ZERO)
    with pytest.raises(TradeError, match="it needs the time"):
        trade_of("ETH-20270625:+3")
    assert parse_dated("ETH-20270625") == FutureName("ETH", 1_813_910_400)
    assert parse_dated("ETH-20270625-6000-C") is None
    with pytest.raises(NamingError, match="is no date"):
        parse_dated("ETH-20270231")


def test_time_share_and_greeks_follow() -> None:
    held = holding(future(4, 8))
    assert held.later(DAY_S).futures == (Future(WEEK_S - DAY_S, fixed(4), fixed(8)),)
    assert held.scaled(fixed("0.25")).futures == (future(1, 2),)
    assert account_greeks(market(expiry(1500)), held).linear_delta == 4


@pytest.mark.parametrize(("amount", "after", "adds"), [(1, 3, True), (-1, -3, True), (1, -3, False), (-1, 3, False)])
def test_only_growth_adds_risk_under_the_standard_model_and_any_change_under_the_others(
    amount: int, after: int, adds: bool
) -> None:
    change = Change(Kind.FUTURE, fixed(amount), fixed(after))
    assert adds_risk_standard([change]) == adds
    assert adds_risk_portfolio([change])


def test_the_fast_path_says_that_it_has_none() -> None:
    with pytest.raises(ColumnsError, match="account 0 holds dated futures"):
        portfolio_accounts(Board.of([]), [(ZERO, holding(future(1)))])


# -- instruments -------------------------------------------------------------------------------------------------------

LISTED = Instrument(9, "meridian", "BTC-20270625", Traded.FUTURE, "BTC", 1_000, 10_000, expires_at_s=1_813_910_400)


def test_an_instrument_has_its_expiry_for_a_number() -> None:
    assert LISTED.sub_id == sub_id_of("BTC-20270625") == 1_813_910_400
    assert not LISTED.is_option


@pytest.mark.parametrize("change", [{"expires_at_s": 0}, {"strike_e6": 5}, {"expires_at_s": -1}])
def test_a_future_has_an_expiry_and_no_strike(change: dict[str, int]) -> None:
    with pytest.raises(InstrumentError):
        replace(LISTED, **change)
