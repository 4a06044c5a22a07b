"""Plans of liquidation: the leg that frees most for its impact, no more than is needed, and every way to end."""

import pathlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.case_schema import PortfolioCase, case_of
from margin.case_text import cases_in
from margin.fixed import ONE, ZERO, Fixed
from margin.gate import Kind
from margin.liquidation_legs import Account, Leg
from margin.liquidation_plan import Ended, Lots, Plan, best_slice, plan
from margin.liquidation_rule import LiquidationRule, penalty_units
from margin.marks import Expiry, Mark, Market, Quotes
from margin.portfolio import portfolio_margin
from margin.positions import Holdings, Option
from margin.result import Margin
from margin.standard import standard_margin
from margin.standard_parameters import (
    BaseValue,
    Depeg,
    OptionRequirement,
    OracleContingency,
    PerpRequirement,
    StandardMarket,
    StandardParameters,
)

F = Fixed.of
OFF = OracleContingency(ZERO, ZERO, ZERO, ZERO)
OPTIONS = OptionRequirement(*map(F, ("0.15", "0.13", "0.09", "0.09", "0.09", "1.2", "1.1", "1.05")))
MARKET = StandardMarket(PerpRequirement(F("0.065"), F("0.1")), OPTIONS, OFF, BaseValue(F("0.8"), F("0.9375")))
STANDARD = StandardParameters(Depeg(ZERO, ZERO), {"ETH": MARKET, "BTC": MARKET})
MONTH = 30 * 86_400
FEEDS = {
    name: Market(Mark(F(spot)), Mark(F(spot)), {MONTH: Expiry(MONTH, F(spot), Quotes({F(spot): F("0.7")}))})
    for name, spot in (("ETH", 2_000), ("BTC", 60_000))
}
AT_ONCE = LiquidationRule()
SLICES = LiquidationRule(slice_bps=2_000, small_units=100_000 * 10**6, pause_s=30, backstop=Fraction(2, 3))
LOT = F("0.01")


def standard(cash: Fixed, holdings: Mapping[str, Holdings]) -> Margin:
    return standard_margin(STANDARD, ONE, FEEDS, cash, holdings).margin


def perp(underlying: str, lots: int, depth: int = 20_000_000) -> Leg:
    price = FEEDS[underlying].perp.price
    return Leg(f"{underlying}-PERP", underlying, Kind.PERP, lots, LOT, price, F(depth))


def call(underlying: str, lots: int, depth: int = 1_000_000) -> Leg:
    spot = FEEDS[underlying].spot.price
    held = Option(MONTH, spot, True, ONE)
    alone = standard(ZERO, {underlying: Holdings(options=(held,))})
    return Leg(f"{underlying}-C", underlying, Kind.OPTION, lots, LOT, alone.mark_to_market, F(depth), held)


def account(cash: int, *legs: Leg) -> Account:
    return Account(F(cash), legs)


# -- which leg ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("legs", "first"),
    [
        # $600,000 of each: the same margin is freed, at a tenth of the impact, in the deeper book.
        ((perp("ETH", 30_000, 2_000_000), perp("BTC", 1_000, 20_000_000)), {"BTC-PERP"}),
        ((perp("ETH", 30_000, 20_000_000), perp("BTC", 1_000, 2_000_000)), {"ETH-PERP"}),
        # The smaller leg has less impact per dollar of margin freed, for impact grows with the square.
        ((perp("ETH", 30_000), perp("BTC", 500)), {"BTC-PERP"}),
        # A long option needs no margin: selling it frees only its worth. It is the short one that binds.
        ((call("ETH", 10_000), call("BTC", -300)), {"BTC-C"}),
        # Base collateral counts for less than its worth, so selling it frees some; a perpetual in its depth frees more.
        ((Leg("ETH", "ETH", Kind.BASE, 5_000, LOT, F(2_000), F(100_000)), perp("BTC", 500)), {"BTC-PERP"}),
    ],
)  # fmt: skip
def test_the_leg_that_frees_most_for_its_impact_goes_first(legs: tuple[Leg, ...], first: set[str]) -> None:
    found = plan(account(-100_000, *legs), standard, AT_ONCE, 0)
    assert set(found.slices[0].traded) == first


def test_where_each_leg_is_anothers_hedge_they_go_together() -> None:
    """A model that nets: the requirement is a tenth of the larger of net and a quarter of gross."""

    def netted(cash: Fixed, holdings: Mapping[str, Holdings]) -> Margin:
        eth, btc = holdings["ETH"].perp * 2_000, holdings["BTC"].perp * 60_000
        needed = max(abs(eth + btc), (abs(eth) + abs(btc)) / 4) / 10
        return Margin(cash - needed, cash - needed / 2, cash)

    pair = account(10_000, perp("ETH", 30_000), perp("BTC", -1_000))
    found = plan(pair, netted, AT_ONCE, 0)
    assert [set(one.traded) for one in found.slices] == [{"ETH-PERP", "BTC-PERP"}]
    assert found.ended is Ended.HEALTHY
    # $30,000 are needed and $10,000 there, so two thirds go, at an impact of a quarter of a thousandth at each leg.
    assert found.slices[0].traded["ETH-PERP"] == pytest.approx(-20_000, rel=0.05)
    assert found.slices[0].traded["BTC-PERP"] == pytest.approx(667, rel=0.05)


# -- how much, and how it ends -----------------------------------------------------------------------------------------


def check(found: Plan, before: Account, penalty_bps: int) -> None:
    """Lots and cash are conserved step by step, and the last slice is not a lot larger than it had to be."""
    margin, now = before.margin(standard), before
    for one in found.slices:
        lots = [abs(one.traded.get(leg.name, 0)) for leg in now.legs]
        assert any(lots)
        for leg, count in zip(now.legs, lots, strict=True):
            assert count <= abs(leg.lots)
            assert one.traded.get(leg.name, 0) * leg.lots <= 0
        fewer = [max(count - 1, 0) if sum(lots) == max(lots) else count for count in lots]
        if any(fewer) and fewer != lots:
            assert now.closing(fewer, penalty_bps).margin(standard).initial < 0
        after = now.closing(lots, penalty_bps)
        notional = sum((leg.worth(count) for leg, count in zip(now.legs, lots, strict=True)), ZERO)
        spent = margin.mark_to_market - after.margin(standard).mark_to_market
        assert abs(spent - one.impact - notional * penalty_bps / 10_000) < F("0.000001")
        now, margin = after, after.margin(standard)
        assert margin == one.after
    assert now == found.left


def test_a_healthy_account_is_left_alone() -> None:
    whole = account(200_000, perp("ETH", 30_000))
    assert plan(whole, standard, AT_ONCE, 50) == Plan((), Ended.HEALTHY, whole, 0)


def test_slices_of_a_fifth_with_pauses_until_it_is_healthy() -> None:
    """$600,000 need $60,000; $45,000 are there: about a quarter goes, a fifth of it first."""
    before = account(45_000, perp("ETH", 30_000))
    found = plan(before, standard, SLICES, 50)
    assert found.slices[0].traded == {"ETH-PERP": -6_000}
    assert (found.ended, len(found.slices), found.duration_s) == (Ended.HEALTHY, 2, 30)
    check(found, before, 50)


def test_small_positions_go_at_once_as_far_as_needed() -> None:
    before = account(6_500, perp("ETH", 4_000))  # $80,000 need $8,000
    found = plan(before, standard, SLICES, 0)
    assert (len(found.slices), found.duration_s, found.ended) == (1, 0, Ended.HEALTHY)
    check(found, before, 0)


def test_what_is_below_two_thirds_of_maintenance_is_handed_over() -> None:
    """Maintenance is $39,000: at $26,000 there is still trading, below it there is not."""
    legs = perp("ETH", 30_000)
    assert plan(account(25_999, legs), standard, SLICES, 0).ended is Ended.HANDED_OVER
    assert plan(account(25_999, legs), standard, SLICES, 0).slices == ()
    assert plan(account(26_000, legs), standard, SLICES, 0).slices
    assert plan(account(25_999, legs), standard, AT_ONCE, 0).ended is Ended.HEALTHY


@pytest.mark.parametrize(("cash", "ended"), [(-5_000, Ended.SHORTFALL), (10, Ended.SHORTFALL), (5_000, Ended.HEALTHY)])
def test_what_cannot_be_restored_is_closed(cash: int, ended: Ended) -> None:
    found = plan(account(cash, perp("ETH", 30_000, 2_000_000)), standard, AT_ONCE, 50)
    assert found.ended is ended
    if ended is not Ended.HEALTHY:
        assert found.left.legs[0].lots == 0


def test_an_account_that_ends_with_nothing_is_closed() -> None:
    free = account(-1, perp("ETH", 30_000))
    priced = Account(free.legs[0].impact(30_000), free.legs)
    assert plan(priced, standard, AT_ONCE, 0).ended is Ended.CLOSED


@pytest.mark.parametrize(
    ("held", "began", "worth", "most"),
    [(10, 10, 10**11, 10), (10, 10, 10**11 + 1, 2), (1, 10, 10**12, 1), (9, 4, 10**12, 1), (3, 100, 10**12, 3)],
)
def test_the_most_of_a_slice(held: int, began: int, worth: int, most: int) -> None:
    assert SLICES.most_lots(held, began, worth) == most


def test_plans_restore_or_exhaust_and_conserve() -> None:
    reached: Counter[str] = Counter()

    def legs(eth: int, btc: int, short: int, base: int) -> tuple[Leg, ...]:
        held = [perp("ETH", eth), perp("BTC", btc), call("BTC", -short)]
        return (*held, Leg("ETH", "ETH", Kind.BASE, base, LOT, F(2_000), F(5_000_000)))

    @settings(derandomize=True, max_examples=40, deadline=None)
    @given(
        st.integers(-40_000, 40_000), st.integers(-900, 900), st.integers(0, 300), st.integers(0, 2_000),
        st.integers(-20_000, 120_000), st.sampled_from([AT_ONCE, SLICES]),
    )  # fmt: skip
    def holds(eth: int, btc: int, short: int, base: int, cash: int, rule: LiquidationRule) -> None:
        before = account(cash, *legs(eth, btc, short, base))
        found = plan(before, standard, rule, 50)
        check(found, before, 50)
        after = found.left.margin(standard)
        assert (found.ended is Ended.HEALTHY) == (after.initial >= 0 and any(leg.lots for leg in found.left.legs))
        reached[found.ended.value] += 1
        reached["several"] += len(found.slices) > 1

    holds()
    assert min(reached["healthy"], reached["several"], reached["shortfall"] + reached["handed_over"]) > 5, reached


def test_impact_is_half_the_move_and_the_move_at_most_half() -> None:
    """$200,000 in a book of $1m per 1%: 0.2%, so 0.1% of it."""
    assert perp("ETH", 30_000, 1_000_000).impact(10_000) == F(200)
    assert perp("ETH", -30_000, 1_000_000).impact(10_000) == F(200)
    assert perp("ETH", 30_000, 4_000).impact(10_000) == F(50_000)
    assert perp("ETH", 30_000, 1).impact(10_000) == F(50_000)


def test_where_closing_costs_more_than_it_frees_the_cheapest_goes() -> None:
    """In empty books a quarter of the notional is lost: $75,000 at bitcoin, $150,000 at ether."""
    found = plan(account(0, perp("ETH", 30_000, 1), perp("BTC", 500, 1)), standard, AT_ONCE, 0)
    assert [set(one.traded) for one in found.slices] == [{"BTC-PERP"}, {"ETH-PERP"}]
    assert found.ended is Ended.SHORTFALL
    assert found.left.cash == F(-225_000)


def test_under_portfolio_margin_hedges_are_closed_together() -> None:
    """Every public case of PMRM that misses its initial margin is brought back to it, within what it holds."""
    vectors = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "derive_margin.json"
    if not vectors.is_file():
        pytest.skip("the shared cases of margin are not beside this checkout")
    reached: Counter[str] = Counter()
    documents = [found.document() for found in cases_in(vectors.read_text().splitlines(keepends=True))]
    for case in map(case_of, (one for one in documents if one["model"] == "PMRM")):
        if not isinstance(case, PortfolioCase) or case.held.collaterals or case.held.base:
            continue
        before = of_case(case)
        if len(before.legs) < 2:
            continue
        model = partial(under, case)
        margin = before.margin(model)
        if margin.initial >= 0 or margin.mark_to_market <= 0:
            continue
        found = plan(before, model, AT_ONCE, 0)
        after = found.left.margin(model)
        assert (found.ended is Ended.HEALTHY) == (after.initial >= 0 and any(leg.lots for leg in found.left.legs))
        reached[found.ended.value] += 1
        reached["hedges together"] += any(len(one.traded) > 1 for one in found.slices)
    assert min(reached["healthy"], reached["hedges together"]) >= 3, reached


def under(case: PortfolioCase, cash: Fixed, holdings: Mapping[str, Holdings]) -> Margin:
    return portfolio_margin(case.parameters, case.stable_price, case.market, cash, holdings["ETH"]).margin


def of_case(case: PortfolioCase) -> Account:
    """Its holdings as legs of a thousandth of each, in deep books."""
    held, legs = case.held, []
    for number, option in enumerate(held.options):
        alone = under(case, ZERO, {"ETH": Holdings(options=(replace(option, amount=ONE),))}).mark_to_market
        lots = 1_000 if option.amount > 0 else -1_000
        legs.append(Leg(f"{number}", "ETH", Kind.OPTION, lots, abs(option.amount) / 1_000, alone, F(10**7), option))
    if held.perp:
        lots = 1_000 if held.perp > 0 else -1_000
        price = case.market.perp.price
        legs.append(Leg("perp", "ETH", Kind.PERP, lots, abs(held.perp) / 1_000, price, F(10**8)))
    return Account(case.cash + held.unsettled, tuple(legs))


# -- one slice, whoever asks -------------------------------------------------------------------------------------------


def freeing(missing: int, *per_lot: int) -> Callable[[Lots], int]:
    """Net initial margin where every lot of a leg frees so much."""
    return lambda lots: sum(count * each for count, each in zip(lots, per_lot, strict=True)) - missing


def costing(*per_lot: int) -> Callable[[Lots], int]:
    return lambda lots: sum(count * each for count, each in zip(lots, per_lot, strict=True))


@pytest.mark.parametrize(
    ("most", "missing", "frees", "costs", "closed", "why"),
    [
        ((10,), 1, (2,), (1,), (1,), "one lot is enough"),
        ((10,), 7, (2,), (1,), (4,), "what is needed"),
        ((10,), 99, (2,), (1,), (10,), "no size is enough"),
        ((10, 10), 6, (2, 3), (1, 1), (0, 2), "what frees more a dollar"),
        ((10, 10), 6, (2, 3), (1, 2), (3, 0), "or costs less"),
        ((10, 1), 6, (2, 3), (1, 1), (0, 1), "though it is not enough alone"),
        ((10, 0), 6, (2, 9), (1, 1), (3, 0), "a flat leg is no choice"),
        ((9, 9), 5, (0, 0), (1, 1), (9, 0), "nothing frees any: the first of equals"),
        ((9, 9), 5, (-2, -1), (1, 1), (0, 9), "nothing frees any: the one that costs least margin"),
    ],
)
def test_a_slice_frees_most_for_its_impact(
    most: tuple[int, ...], missing: int, frees: tuple[int, ...], costs: tuple[int, ...], closed: Lots, why: str
) -> None:
    assert best_slice(most, freeing(missing, *frees), costing(*costs)) == closed, why


def test_of_a_flat_account_nothing_can_be_closed() -> None:
    with pytest.raises(ValueError, match="flat"):
        best_slice((0, 0), freeing(1, 1, 1), costing(1, 1))


def test_the_question_is_asked_a_few_times_only() -> None:
    asked: list[Lots] = []

    def initial_after(lots: Lots) -> int:
        asked.append(lots)
        return sum(lots) - 1_234_567

    assert best_slice((2_000_000,), initial_after, costing(1)) == (1_234_567,)
    assert len(asked) <= 25


def test_never_more_than_needed_against_trying_every_size() -> None:
    """With impact that grows with the square of the size: closing helps less and less."""
    reached: Counter[str] = Counter()

    @settings(derandomize=True, deadline=None, max_examples=150)
    @given(st.integers(1, 200), st.integers(1, 8_000), st.integers(1, 60), st.integers(1, 10_000))
    def holds(most: int, missing: int, frees: int, depth: int) -> None:
        def initial_after(lots: Lots) -> int:
            return frees * lots[0] - missing - lots[0] ** 2 // depth

        closed = best_slice((most,), initial_after, lambda lots: lots[0] ** 2 // depth)
        enough = [lots for lots in range(1, most + 1) if initial_after((lots,)) >= 0]
        # Where a whole slice is enough; one that would overshoot the best size is not halved.
        expected = enough[0] if enough and initial_after((most,)) >= 0 else most
        assert closed == (expected,)
        reached["enough within the slice"] += 1 < closed[0] < most
        reached["not enough"] += not enough

    holds()
    assert min(reached["enough within the slice"], reached["not enough"]) >= 5, reached


@pytest.mark.parametrize(("worth", "penalty"), [(0, 0), (1, 1), (200, 1), (201, 2), (1_000_000, 5_000)])
def test_a_penalty_rounds_up(worth: int, penalty: int) -> None:
    assert penalty_units(worth, 50) == penalty
