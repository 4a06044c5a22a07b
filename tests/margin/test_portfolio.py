"""Portfolio margin: the specification's worked numbers, each of its traps alone, and what must hold of any account."""

from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.black76 import black76, years
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import exp
from margin.marks import Expiry, Market, MissingMarkError, Quotes
from margin.portfolio_parameters import CollateralPortfolio, ParameterError, PlainPortfolio, Scenario, VolShock
from margin.positions import Holdings, Option, UnknownHoldingError
from tests.margin.holding import (
    DAY_S,
    GENERAL,
    PLAIN,
    WEEK_S,
    call,
    collateral,
    expiry,
    fixed,
    market,
    portfolio,
    put,
    scenarios,
)

CLOSE = Fixed(10**5)


def close(got: Fixed, want: Fixed | str, room: Fixed = CLOSE) -> bool:
    return abs(got - (fixed(want) if isinstance(want, str) else want)) <= room


def test_the_worked_numbers_of_the_specification() -> None:
    quoted = Quotes({fixed(1500): fixed("1.0478844940849863")})
    dated = Expiry(500_400, fixed("1500.833279310994"), quoted, rate=fixed("0.03"))
    result = portfolio(Holdings(options=(call(1500, -1, 500_400),)), market(dated))
    doubles = Fixed(10**6)
    assert close(result.basis, "-11.275911269415126", doubles)
    assert result.contingencies.static == 15
    assert close(result.margin.maintenance, "-301.7685348603643", doubles)
    assert close(result.margin.initial, "-368.4876197617556", doubles)
    assert close(result.margin.mark_to_market, "-79.37158518905994", doubles)
    assert result.binding == 0
    assert str(PLAIN.scenarios[0]) == "spot × 1.15, volatility up"
    assert close(min(result.scenario_pnl), "-207.39694967130436", doubles)


# -- linear positions, exactly -----------------------------------------------------------------------------------------


def test_the_perpetual_is_shocked_by_its_mark_and_asked_by_spot() -> None:
    held = Holdings(perp=fixed(2), perp_unsettled=fixed(7))
    result = portfolio(held, market(spot=1500, perp=1600), cash=100)
    assert result.scenario_pnl[0] == 2 * 1600 * fixed("0.15")
    assert result.scenario_pnl[-1] == -480
    assert result.binding == 18  # the first of three that are alike
    margin = result.margin
    assert margin.mark_to_market == 107
    assert margin.maintenance == 107 - 480 - 90
    assert margin.initial == 107 - (480 + 90) * fixed("1.3")
    assert portfolio(Holdings(perp_unsettled=fixed(7)), cash=100).margin.initial == 100


def test_base_is_worth_what_it_brings_in_stablecoins() -> None:
    result = portfolio(Holdings(base=fixed(2)), market(spot=1500), stable="1.25")
    assert result.collateral_mtm == result.worth == 2400
    assert result.scenario_pnl[0] == 360
    assert result.margin.maintenance == 2400 - 360 - 60


def test_a_fallen_stablecoin_raises_the_factor_of_initial_margin() -> None:
    held = Holdings(perp=fixed(2))
    at = {stable: portfolio(held, stable=stable).margin for stable in ("1", "0.98", "0.9")}
    asked = 2 * 1510 * fixed("0.15") + 90
    assert at["1"].initial == at["0.98"].initial == -asked * fixed("1.3")
    assert at["0.9"].initial == -asked * fixed("1.46")
    assert at["1"].maintenance == at["0.9"].maintenance == -asked


def test_doubt_is_outside_of_the_factor() -> None:
    held, low = Holdings(perp=fixed(2)), market(perp_confidence="0.2")
    sure, doubted = portfolio(held).margin, portfolio(held, low).margin
    assert sure.initial - doubted.initial == fixed("0.4") * 3000
    assert sure.maintenance == doubted.maintenance


def test_perpetual_and_base_cancel() -> None:
    hedged = portfolio(Holdings(perp=fixed(-2), base=fixed(2)), market(spot=1500, perp=1500))
    assert set(hedged.scenario_pnl) == {ZERO}
    assert hedged.margin.maintenance == 3000 - (2 * fixed("0.03") + 2 * fixed("0.02")) * 1500


def test_risk_cancelling_collateral_moves_and_other_does_not() -> None:
    def pnl(*, cancels: bool) -> Fixed:
        held = Holdings(perp=fixed(-1), collaterals=(collateral(1, 1500, cancels=cancels),))
        return portfolio(held, market(perp=1500), parameters=GENERAL, stable="1.25").scenario_pnl[0]

    assert pnl(cancels=False) == -225
    assert pnl(cancels=True) == -225 + 180


# -- options -----------------------------------------------------------------------------------------------------------


def value(option: Option, dated: Expiry, forward: Fixed, vol: Fixed, discount: Fixed = ONE) -> Fixed:
    prices = black76(forward, option.strike, vol, dated.seconds, discount)
    return option.amount * (prices.call if option.is_call else prices.put)


Parameters = TypeVar("Parameters", PlainPortfolio, CollateralPortfolio)


def only(*some: str, of: Parameters = PLAIN) -> Parameters:
    """The same model with fewer scenarios."""
    return replace(of, scenarios=scenarios(*some))


def test_a_scenario_that_shocks_nothing_still_discounts() -> None:
    dated = expiry(rate=fixed("0.03"))
    held = Holdings(options=(call(1500, 2),))
    result = portfolio(held, market(dated), parameters=only("1 none"))
    discount = fixed("0.95") * exp(-years(WEEK_S) * (fixed("0.12") + fixed("0.05")))
    assert close(result.scenario_pnl[0], result.option_mtm * discount - result.option_mtm)
    short = portfolio(Holdings(options=(call(1500, -2),)), market(dated), parameters=only("1 none"))
    assert short.scenario_pnl[0] == 0


def test_little_that_is_worth_something_is_discounted_too() -> None:
    result = portfolio(Holdings(options=(call(1500, "0.001"),)), market(expiry()), parameters=only("1 none"))
    assert 0 < result.option_mtm < ONE
    assert result.scenario_pnl[0] < 0


def test_the_discount_is_of_the_sum_of_an_expiry() -> None:
    spread = (call(1500, 2), call(1600, -1))
    result = portfolio(Holdings(options=spread), market(expiry()), parameters=only("1 none"))
    apart = [portfolio(Holdings(options=(one,)), market(expiry()), parameters=only("1 none")) for one in spread]
    share = apart[0].scenario_pnl[0] / apart[0].option_mtm
    assert close(result.scenario_pnl[0], result.option_mtm * share)
    assert not close(result.scenario_pnl[0], apart[0].scenario_pnl[0] + apart[1].scenario_pnl[0], ONE)
    dated = market(expiry(), expiry(seconds=2 * WEEK_S))
    long, short = call(1500, 2), call(1500, -1, 2 * WEEK_S)
    calendar = portfolio(Holdings(options=(long, short)), dated, parameters=only("1 none"))
    assert calendar.scenario_pnl[0] == apart[0].scenario_pnl[0]


def test_a_negative_rate_is_none() -> None:
    held = Holdings(options=(call(1500, 2), put(1600, -1)))
    for parameters in (PLAIN, GENERAL):
        at = [
            portfolio(held, market(expiry(rate=fixed(rate))), parameters=parameters) for rate in ("-0.05", "0", "0.05")
        ]
        assert at[0] == at[1] != at[2]


def test_only_the_variable_forward_is_shocked() -> None:
    held = Holdings(options=(call(1500, -1),))
    fixed_half = replace(expiry(750), forward_fixed=fixed(750))
    result = portfolio(held, market(fixed_half), parameters=only("1.2 none"))
    moved = value(held.options[0], fixed_half, fixed(750) + fixed(750) * fixed("1.2"), fixed("0.8"))
    assert close(result.scenario_pnl[0], moved - result.option_mtm)
    all_fixed = replace(expiry(0), forward_fixed=fixed(1500))
    assert portfolio(held, market(all_fixed), parameters=only("1.2 none")).scenario_pnl[0] == 0


def test_basis_competes_with_the_scenarios_and_each_expiry_moves_by_itself() -> None:
    some = (call(1500, 2), call(1500, -2, 60 * DAY_S))
    dated = market(expiry(), expiry(seconds=60 * DAY_S))
    result = portfolio(Holdings(options=some), dated, parameters=only("1 none"))
    losses = []
    for option in some:
        live = dated.expiry(option.seconds)
        mark = value(option, live, fixed(1500), fixed("0.8"))
        moved = [value(option, live, fixed(1500) * fixed(k), fixed("0.8")) - mark for k in ("1.05", "0.95")]
        losses.append(min(*moved, ZERO) * (fixed("0.25") + fixed("0.01") * years(option.seconds)))
    assert close(result.basis, losses[0] + losses[1])
    assert losses[0] < 0 > losses[1]
    assert result.basis < result.scenario_pnl[0]
    assert result.binding is None
    static = result.contingencies.static
    assert result.margin.maintenance == result.basis - static + result.worth
    assert close(result.margin.initial, (result.basis - static) * fixed("1.3") + result.worth)


def test_a_gain_is_no_basis() -> None:
    box = (call(1400, 1), put(1400, -1), call(1600, -1), put(1600, 1))
    assert close(portfolio(Holdings(options=box)).basis, ZERO)


def test_of_basis_and_scenario_that_are_alike_the_scenario_is_told() -> None:
    nothing = portfolio(Holdings(), cash=3)
    assert nothing.basis == min(nothing.scenario_pnl) == 0
    assert nothing.binding == 0


def test_a_stored_scenario_and_the_basis_floor() -> None:
    held = Holdings(perp=fixed(1), options=(call(1500, -1),))
    result = portfolio(held)
    for number, pnl in enumerate(result.scenario_pnl):
        assert (
            result.under(number).maintenance == min(pnl, result.basis) - result.contingencies.maintenance + result.worth
        )
    assert result.binding is not None
    assert result.under(result.binding) == result.margin


# -- PMRM_2 ------------------------------------------------------------------------------------------------------------


def discounts(rate: str, seconds: int) -> tuple[Fixed, Fixed, Fixed]:
    time, r = years(seconds), fixed(rate)
    present = exp(-r * time)
    long = fixed("0.95") * exp(-time * (r + fixed("0.07")))
    short = fixed("1.04") * exp(time * (r * fixed("0.5") + fixed("0.08")))
    return present, long, min(ONE / present, short)


@pytest.mark.parametrize(("rate", "seconds", "capped"), [("0.01", WEEK_S, True), ("0.6", 365 * DAY_S, False)])
def test_interest_enters_values_and_both_discounts(rate: str, seconds: int, capped: bool) -> None:
    dated = expiry(seconds=seconds, rate=fixed(rate))
    present, long, short = discounts(rate, seconds)
    assert (short == ONE / present) is capped
    for option, share in ((call(1500, 1, seconds), long), (call(1500, -1, seconds), short)):
        result = portfolio(Holdings(options=(option,)), market(dated), parameters=only("1 none", of=GENERAL))
        assert close(result.option_mtm, value(option, dated, fixed(1500), fixed("0.8"), present))
        assert close(result.scenario_pnl[0], result.option_mtm * share - result.option_mtm)
        moved = value(option, dated, fixed(1500) * fixed("0.955"), fixed("0.8"), present) - result.option_mtm
        raised = value(option, dated, fixed(1500) * fixed("1.045"), fixed("0.8"), present) - result.option_mtm
        assert close(result.basis, min(moved, raised, ZERO) * (fixed("0.5") + 2 * years(seconds)))


def test_both_orders_of_the_static_discounts_are_taken_as_given() -> None:
    factors = GENERAL.margin
    swapped = replace(
        only("1 none", of=GENERAL),
        margin=replace(factors, short_base_static_discount=fixed("0.95"), long_base_static_discount=fixed("1.05")),
    )
    for amount, base in ((1, "1.05"), (-1, "0.95")):
        result = portfolio(
            Holdings(options=(call(1500, amount, 0),)), market(expiry(1700, seconds=0)), parameters=swapped
        )
        assert close(result.option_mtm, fixed(200 * amount))
        assert close(result.scenario_pnl[0], (fixed(base) - 1) * 200 * amount)


def test_a_damped_tail_is_damped_whole() -> None:
    held = Holdings(perp=fixed(-1), options=(call(1500, -1),), collaterals=(collateral(1, 1500),))
    both = only("2 up 0.1", "2 up", of=GENERAL)
    damped, whole = portfolio(held, parameters=both).scenario_pnl
    assert whole < -1400
    assert close(damped, whole * fixed("0.1"))
    assert str(scenarios("2 up 0.1")[0]) == "spot × 2, volatility up × 0.1"


def test_skews_lose_whichever_way_each_expiry_moves() -> None:
    dated = market(expiry(), expiry(seconds=60 * DAY_S))
    some = (call(1800, 1), call(1800, -1, 60 * DAY_S))
    apart = [
        portfolio(Holdings(perp=fixed(5), options=(one,)), dated, parameters=only("1 linear", "1 abs", of=GENERAL))
        for one in some
    ]
    both = portfolio(Holdings(options=some), dated, parameters=only("1 linear", "1 abs", of=GENERAL))
    for number in (0, 1):
        assert apart[0].scenario_pnl[number] < 0 > apart[1].scenario_pnl[number]
        # Neither the perpetual nor the other expiry's gain helps.
        assert both.scenario_pnl[number] == apart[0].scenario_pnl[number] + apart[1].scenario_pnl[number]
    damped = portfolio(Holdings(options=some), dated, parameters=only("1 linear 0.5", of=GENERAL))
    assert close(damped.scenario_pnl[0], both.scenario_pnl[0] * fixed("0.5"))


def test_a_floor_of_upward_volatility() -> None:
    quiet = market(expiry(vol="0.1"))
    held = Holdings(options=(call(1500, -1),))
    result = portfolio(held, quiet, parameters=only("1 up", of=GENERAL))
    floored = value(held.options[0], expiry(), fixed(1500), fixed("0.45"))
    assert close(result.scenario_pnl[0], floored - result.option_mtm)


def test_both_contingencies_are_outside_of_both_factors() -> None:
    held = Holdings(perp=fixed(2), collaterals=(collateral(1, 1000, cancels=False),))
    result = portfolio(held, market(spot=1500, perp=1500), parameters=GENERAL, stable="0.9")
    worth = fixed(1000) / fixed("0.9")
    maintenance = 3000 * fixed("0.015") + worth * fixed("0.04")
    initial = 3000 * fixed("0.005") + worth * fixed("0.03")
    assert result.margin.maintenance == -450 * fixed("0.8") - maintenance + worth
    assert result.margin.initial == -450 * fixed("1.16") - maintenance - initial + worth


def test_expired_options_are_worth_what_they_pay() -> None:
    for parameters in (PLAIN, GENERAL):
        held = Holdings(options=(call(1400, -1, 0), put(1600, 1, 0)))
        result = portfolio(held, market(expiry(1450, seconds=0)), parameters=parameters)
        assert close(result.option_mtm, fixed(-50 + 150))


# -- what is refused ---------------------------------------------------------------------------------------------------

OPTION = Holdings(options=(call(1500, 1),))


@pytest.mark.parametrize(
    ("held", "feed", "stable", "says"),
    [
        (Holdings(), market(), 0, "stablecoin"),
        (OPTION, market(spot=0), 1, "spot"),
        (Holdings(base=ONE), market(spot=0), 1, "spot"),
        (Holdings(perp=ONE), market(perp=0), 1, "perpetual"),
        (Holdings(options=(call(1500, 1, 5),)), market(), 1, "expiry in 5 s"),
        (Holdings(options=(call(1501, 1),)), market(), 1, "strike 1501"),
    ],
)
def test_a_missing_price_is_an_error_that_names_it(held: Holdings, feed: Market, stable: int, says: str) -> None:
    with pytest.raises(MissingMarkError, match=says):
        portfolio(held, feed, stable=stable)


def test_what_is_not_needed_may_be_missing() -> None:
    assert portfolio(OPTION, market(perp=0)).worth > 0
    assert portfolio(Holdings(), market(spot=0, perp=0), cash=3).margin.initial == 3


def test_neither_model_passes_over_what_it_does_not_hold() -> None:
    with pytest.raises(UnknownHoldingError):
        portfolio(Holdings(collaterals=(collateral(),)))
    with pytest.raises(UnknownHoldingError):
        portfolio(Holdings(base=ONE), parameters=GENERAL)


@pytest.mark.parametrize("shock", [VolShock.LINEAR, VolShock.ABS])
def test_a_skew_leaves_spot_where_it_is(shock: VolShock) -> None:
    with pytest.raises(ParameterError, match="leaves spot at 1"):
        Scenario(fixed("1.1"), shock)
    assert Scenario(ONE, shock).vol_shock.is_skew
    with pytest.raises(ParameterError, match="skew_shock"):
        portfolio(OPTION, parameters=only(f"1 {shock.value}"))


def test_without_scenarios_the_basis_is_all() -> None:
    result = portfolio(OPTION, parameters=only())
    assert result.binding is None
    assert result.margin.maintenance == result.basis + result.worth


# -- what holds of any account -----------------------------------------------------------------------------------------

strikes = st.integers(24, 36).map(lambda step: 50 * step)
amounts = st.integers(-40, 40).filter(bool).map(lambda tenths: f"{tenths / 10}")
listed = st.builds(lambda side, strike, amount: side(strike, amount), st.sampled_from([call, put]), strikes, amounts)
books = st.lists(listed, min_size=1, max_size=3).map(tuple)
few = settings(max_examples=15, deadline=None)
SHORT = only("1.15 up", "1 none", "1 down", "0.85 up")


@few
@given(books, st.integers(-3, 3), st.integers(2, 7))
def test_a_larger_account_is_asked_in_proportion(options: tuple[Option, ...], perp: int, times: int) -> None:
    larger = tuple(replace(option, amount=option.amount * times) for option in options)
    once = portfolio(Holdings(perp=fixed(perp), options=options), parameters=SHORT).margin
    often = portfolio(Holdings(perp=fixed(perp) * times, options=larger), parameters=SHORT).margin
    assert close(often.initial, once.initial * times)
    assert close(often.maintenance, once.maintenance * times)


@few
@given(books, books, st.integers(-3, 3))
def test_opposite_positions_are_none(options: tuple[Option, ...], others: tuple[Option, ...], perp: int) -> None:
    gone = tuple(replace(option, amount=-option.amount) for option in others)
    there = portfolio(Holdings(perp=fixed(perp), options=(*options, *others, *gone)), parameters=SHORT)
    without = portfolio(Holdings(perp=fixed(perp), options=options), parameters=SHORT)
    assert close(there.margin.initial, without.margin.initial)
    assert there.contingencies == without.contingencies


@few
@given(books, st.integers(-3, 3))
def test_maintenance_asks_no_more_than_initial(options: tuple[Option, ...], perp: int) -> None:
    for parameters in (SHORT, only("1.15 up", "1 none", "1 linear", of=GENERAL)):
        margin = portfolio(Holdings(perp=fixed(perp), options=options), parameters=parameters).margin
        assert margin.initial <= margin.maintenance <= margin.mark_to_market


@few
@given(books, books)
def test_two_accounts_together_lose_no_more_than_apart(one: tuple[Option, ...], other: tuple[Option, ...]) -> None:
    # Without discounts and shares of shorts: the worst of a sum is never worse than the sum of the worst.
    bare = replace(
        SHORT, margin=replace(PLAIN.margin, base_static_discount=ONE, rate_add_scale=ZERO, rate_mult_scale=ZERO)
    )
    together = min(portfolio(Holdings(options=one + other), parameters=bare).scenario_pnl)
    apart = [min(portfolio(Holdings(options=some), parameters=bare).scenario_pnl) for some in (one, other)]
    assert together >= apart[0] + apart[1] - CLOSE
