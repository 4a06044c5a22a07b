"""What the rules take is called and what the market takes is not; nothing is counted twice, and nothing moves."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.appraisal import Appraisal, appraise, appraise_under
from custody.changes import Cause, Change
from custody.schedule import Edition
from custody.substitution import Demand, Stage, in_cure_units, revalue, spared_units, stage
from tests.custody.editions import COINS, DAY_S, FIRST, NOW_S, USDE, following, quotes

HOLDINGS = {"USDC": 1_000 * COINS, "USDe": 1_000 * COINS}
PRICES = {"USDe": 1.0, "BTC": 60_000.0}
LIMITED = replace(FIRST, schedule=FIRST.schedule | {"USDe": replace(USDE, most_share_bps=5_000)})


def seen(
    at_s: int = NOW_S,
    edition: Edition = FIRST,
    holdings: dict[str, int] | None = None,
    told_s: int | None = None,
    **prices: float,
) -> Appraisal:
    """An appraisal at okx; `told_s` is the age of the quotes' making, the moment itself if left out."""
    told = quotes(at_s if told_s is None else told_s, **(PRICES | prices))
    return appraise_under(edition, "okx", HOLDINGS if holdings is None else holdings, told, at_s)


CASES = {
    "nothing changed": (seen(NOW_S + 1), (), 0),
    "the price fell": (seen(NOW_S + 1, USDe=0.9), (Cause.PRICE_FELL,), 0),
    "the price rose": (seen(NOW_S + 1, USDe=1.1), (Cause.PRICE_ROSE,), 0),
    "taken out": (seen(NOW_S + 1, holdings={"USDC": 1_000 * COINS}), (Cause.TAKEN_OUT,), 0),
    "brought": (seen(NOW_S + 1, holdings=HOLDINGS | {"USDe": 1_001 * COINS}), (Cause.BROUGHT,), 0),
    "no longer eligible": (seen(NOW_S + 1, following(FIRST, 0, USDe=None)), (Cause.NO_LONGER_ELIGIBLE,), 800),
    "its sources fell silent": (seen(NOW_S + 61, told_s=NOW_S), (Cause.NO_LONGER_PRICED,), 800),
    "haircut raised": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=replace(USDE, haircut_bps=5_000))), (Cause.HAIRCUT_RAISED,), 300,
    ),
    "haircut lowered": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=replace(USDE, haircut_bps=0))), (Cause.HAIRCUT_LOWERED,), 0,
    ),
    "limit lowered": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=replace(USDE, most_units=400 * COINS))), (Cause.LIMIT_LOWERED,), 480,
    ),
    "share lowered": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=replace(USDE, most_share_bps=2_000))), (Cause.LIMIT_LOWERED,), 555,
    ),
    "haircut raised as the price fell": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=replace(USDE, haircut_bps=5_000)), USDe=0.5),
        (Cause.PRICE_FELL, Cause.HAIRCUT_RAISED), 150,  # 400 − 250: the other 400 the market took
    ),
    "not eligible, and most of it taken out": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=None), {"USDC": 1_000 * COINS, "USDe": 10 * COINS}),
        (Cause.NO_LONGER_ELIGIBLE, Cause.TAKEN_OUT), 8,
    ),
    "not eligible, and more of it brought": (
        seen(NOW_S + 1, following(FIRST, 0, USDe=None), HOLDINGS | {"USDe": 2_000 * COINS}),
        (Cause.NO_LONGER_ELIGIBLE, Cause.BROUGHT), 800,  # what was brought since never counted
    ),
}  # fmt: skip


@pytest.mark.parametrize(("after", "causes", "lost_dollars"), CASES.values(), ids=CASES)
def test_what_the_rules_take_is_called(after: Appraisal, causes: tuple[Cause, ...], lost_dollars: int) -> None:
    before = seen()
    found = revalue(before, after)
    assert tuple(change.causes for change in found.changes) == ((causes,) if causes else ())
    assert [demand.lost_units for demand in found.demands] == ([lost_dollars * COINS] if lost_dollars else [])
    assert any(cause.is_called for cause in causes) == bool(lost_dollars)
    for change in found.changes:
        counted = before.valuation.counted.get("USDe", 0), after.valuation.counted.get("USDe", 0)
        assert change == Change("USDe", *counted, causes)
    for demand in found.demands:
        assert (demand.venue, demand.asset, demand.called_at_s) == ("okx", "USDe", after.at_s)
        assert demand.deadline_s == after.at_s + DAY_S


def test_what_comes_back_is_said() -> None:
    silent, without = seen(NOW_S + 61, told_s=NOW_S), seen(edition=following(FIRST, 0, USDe=None))
    assert revalue(silent, seen(NOW_S + 62)).changes == (Change("USDe", 0, 800 * COINS, (Cause.PRICED_AGAIN,)),)
    assert revalue(without, seen()).changes == (Change("USDe", 0, 800 * COINS, (Cause.NOW_ELIGIBLE,)),)
    raised = seen(NOW_S + 62, LIMITED)
    assert revalue(raised, seen(NOW_S + 62)).changes[0].causes == (Cause.LIMIT_RAISED,)


def test_a_share_of_less_is_narrowed_by_the_others_rule() -> None:
    held = HOLDINGS | {"BTC": 10**6}  # 540 dollars' worth
    before = seen(edition=LIMITED, holdings=held | {"USDe": 5_000 * COINS})
    told = [quote for quote in quotes(NOW_S + 1, **PRICES) if quote.asset == "USDe"]
    after = appraise_under(LIMITED, "okx", before.holdings, told, NOW_S + 1)
    found = revalue(before, after)
    assert [(one.asset, one.causes, one.lost_units) for one in found.demands] == [
        ("USDe", (Cause.SHARE_NARROWED,), 540 * COINS), ("BTC", (Cause.NO_LONGER_PRICED,), 540 * COINS),
    ]  # fmt: skip
    assert in_cure_units(found.demands, after) == before.valuation.collateral_units - after.valuation.collateral_units
    # When bitcoin has its price again nothing is left to wait for.
    again = seen(NOW_S + 2, LIMITED, dict(before.holdings))
    assert [stage(demand, again) for demand in found.demands] == [Stage.CURED, Stage.CURED]


def the_demand() -> Demand:
    """800 dollars are lost at NOW_S + 61; the deadline is a day later."""
    (demand,) = revalue(seen(), seen(NOW_S + 61, told_s=NOW_S)).demands
    return demand


LOST_S = NOW_S + 61
WITHOUT = following(FIRST, 0, USDe=None)


@pytest.mark.parametrize(
    ("today", "standing", "in_cure", "spared"),
    [
        (seen(LOST_S, told_s=NOW_S), Stage.WAITING, 800, 0),
        (seen(LOST_S + DAY_S - 1, told_s=NOW_S), Stage.WAITING, 800, 0),
        (seen(LOST_S + DAY_S, told_s=NOW_S), Stage.MARGIN_CALL, 0, 800),
        (seen(LOST_S + DAY_S + 3_599, told_s=NOW_S), Stage.MARGIN_CALL, 0, 800),
        (seen(LOST_S + DAY_S + 3_600, told_s=NOW_S), Stage.MARGIN_CALL, 0, 0),
        (seen(LOST_S), Stage.CURED, 0, 0),
        (seen(LOST_S + DAY_S), Stage.CURED, 0, 0),
        (seen(LOST_S, USDe=0.5), Stage.CURED, 0, 0),  # it has a price again: what that took, the market took
        (seen(LOST_S, holdings={"USDC": 9_000 * COINS}, told_s=NOW_S), Stage.CURED, 0, 0),  # taken out
        (seen(LOST_S, holdings={"USDe": 100 * COINS}, told_s=NOW_S), Stage.WAITING, 80, 0),
        (seen(LOST_S, holdings={"USDe": 9_000 * COINS}, told_s=NOW_S), Stage.WAITING, 800, 0),  # never more
        (seen(LOST_S, WITHOUT), Stage.WAITING, 800, 0),
    ],
)
def test_how_a_demand_stands(today: Appraisal, standing: Stage, in_cure: int, spared: int) -> None:
    demand = the_demand()
    assert stage(demand, today) is standing
    assert in_cure_units([demand], today) == in_cure * COINS
    assert spared_units([demand], today, 3_600) == spared * COINS


def test_no_stage_of_a_demand_moves_anything() -> None:
    assert [one.value for one in Stage] == ["waiting", "cured", "margin_call"]


def test_while_it_waits_todays_price_counts_where_there_is_one() -> None:
    (demand,) = revalue(seen(), seen(NOW_S + 1, following(FIRST, 0, USDe=replace(USDE, haircut_bps=10_000)))).demands
    run_off = following(FIRST, 0, USDe=replace(USDE, haircut_bps=10_000))
    assert in_cure_units([demand], seen(NOW_S + 2, run_off)) == 800 * COINS
    assert in_cure_units([demand], seen(NOW_S + 2, run_off, USDe=0.65)) == 520 * COINS


def test_what_the_client_takes_out_is_not_waited_for() -> None:
    raised = replace(
        LIMITED, schedule=LIMITED.schedule | {"USDe": replace(USDE, haircut_bps=3_000, most_share_bps=5_000)}
    )
    (demand,) = revalue(seen(edition=LIMITED), seen(NOW_S + 1, raised)).demands
    assert (demand.lost_units, demand.kept_units) == (100 * COINS, 800 * COINS)
    # Nine tenths of the other collateral gone, USDe may count for 98: of the 702 missing, the rule took 100.
    today = seen(NOW_S + 2, raised, HOLDINGS | {"USDC": 100 * COINS})
    assert today.valuation.counted["USDe"] == 98 * COINS
    assert in_cure_units([demand], today) == 100 * COINS


def test_an_announced_edition_forecasts_its_demands() -> None:
    coming = following(FIRST, 7, USDe=None)
    (demand,) = revalue(seen(), seen(edition=coming)).demands
    assert (demand.lost_units, demand.deadline_s) == (800 * COINS, NOW_S + 8 * DAY_S)
    # Until it takes effect nothing is lost: the old rules count, and there is nothing to wait for.
    eve_s = NOW_S + 7 * DAY_S - 1
    eve = appraise((FIRST, coming), "okx", HOLDINGS, quotes(eve_s, **PRICES), eve_s)
    assert stage(demand, eve) is Stage.CURED
    (made,) = revalue(eve, appraise((FIRST, coming), "okx", HOLDINGS, quotes(eve_s, **PRICES), eve_s + 1)).demands
    assert (made.lost_units, made.deadline_s) == (demand.lost_units, demand.deadline_s)


def test_appraisals_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="two appraisals of one venue, the earlier first"):
        revalue(seen(NOW_S + 1), seen())
    with pytest.raises(ValueError, match="two appraisals of one venue, the earlier first"):
        revalue(seen(), replace(seen(), venue="elsewhere"))


# -- over a while ------------------------------------------------------------------------------------------------------

steps = st.tuples(
    st.booleans(),  # whether USDe has a price
    st.integers(700_000, 1_100_000),  # which, in 1e-6 USD
    st.sampled_from([2_000, 3_000, 10_000]),  # its haircut
    st.sampled_from([10_000, 5_000]),  # the share that it may be
    st.booleans(),  # whether BTC has a price
)


@given(st.lists(steps, min_size=2, max_size=8))
def test_whatever_the_rules_do_a_loss_is_waited_for_once(drawn: list[tuple[bool, int, int, int, bool]]) -> None:
    """All within one substitution period, and nobody ever drops a demand from the list."""
    held = HOLDINGS | {"BTC": 10**6}
    best = {"USDC": 980 * COINS, "BTC": 540 * COINS, "USDe": 0}
    demands: list[Demand] = []
    seen_so_far: list[Appraisal] = []
    for number, (is_told, price_e6, haircut_bps, share_bps, bitcoin_is_told) in enumerate(drawn):
        usde = replace(USDE, haircut_bps=haircut_bps, most_share_bps=share_bps)
        edition = replace(FIRST, schedule=FIRST.schedule | {"USDe": usde})
        told = ({"USDe": price_e6 / 10**6} if is_told else {}) | ({"BTC": 60_000.0} if bitcoin_is_told else {})
        at_s = NOW_S + number * 100
        today = appraise_under(edition, "okx", held, quotes(at_s, **told), at_s)
        if seen_so_far:
            demands += revalue(seen_so_far[-1], today).demands
        seen_so_far.append(today)
        best["USDe"] = max(best["USDe"], today.valuation.counted["USDe"], price_e6 * 800 if is_told else 0)
        for asset, most in best.items():
            waited = in_cure_units([one for one in demands if one.asset == asset], today)
            assert 0 <= waited <= max(most - today.valuation.counted[asset], 0)
        if len(seen_so_far) > 1 and today.prices == seen_so_far[-2].prices:
            # At the same prices the rules alone can have taken anything: all of it is waited for.
            counts = today.valuation.collateral_units + in_cure_units(demands, today)
            assert counts >= seen_so_far[-2].valuation.collateral_units
