"""Short options alone, and the worst settlement of an expiry: numbers by hand, and the plain twin that is quadratic."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.fixed import ONE, ZERO, Fixed
from margin.marks import MissingMarkError
from margin.positions import Option
from margin.standard_options import Pair, doubt, expiry_margin, isolated, worst_payoff
from tests.margin.holding import STANDARD, call, expiry, fixed, market, put

# One short option; spot 2000, value as given. 15% of spot less the distance, at least 10%; 7.5% for maintenance.
ISOLATED = """
side strike value initial  maintenance why
call 2000   -80   -380     -230        at_the_money
call 1500   -520  -820     -670        in_the_money_is_no_distance
call 2050   -50   -300     -200        2.5%_out
call 2100   -30   -230     -180        5%_out_is_just_the_floor
call 3000   -1    -201     -151        far_out_is_the_floor
put  2000   -80   -380     -230        at_the_money
put  1950   -50   -300     -200        2.5%_out
put  1000   -1    -201     -151        far_out
put  6000   -4000 -4515    -4300       deep_in_the_money_by_value_and_by_its_maintenance
put  4000   -2000 -2300    -2150       by_spot_and_value_alike
put  4100   -2100 -2400    -2257.5     maintenance_by_value_initial_by_spot
"""


@pytest.mark.parametrize("row", ISOLATED.strip().splitlines()[1:], ids=lambda row: row.split()[-1])
def test_a_short_option_alone(row: str) -> None:
    side, strike, value, initial, maintenance, _ = row.split()
    short = (call if side == "call" else put)(strike, -1)
    asked = isolated(STANDARD.option, fixed(2000), short, fixed(value))
    assert asked == Pair(fixed(initial), fixed(maintenance))


def test_maintenance_has_a_share_for_each_kind() -> None:
    rules = replace(STANDARD.option, mm_call_spot_req=fixed("0.08"), mm_put_spot_req=fixed("0.07"))
    assert isolated(rules, fixed(2000), call(2000, -1), fixed(-80)).maintenance == -240
    assert isolated(rules, fixed(2000), put(2000, -1), fixed(-80)).maintenance == -220
    by_value = replace(rules, mm_put_mtm_req=fixed("0.5"))
    assert isolated(by_value, fixed(2000), put(2000, -1), fixed(-400)).maintenance == -600
    assert isolated(by_value, fixed(2000), put(2000, -1), fixed(-400)).initial == -700
    offset = replace(rules, mm_offset_scale=fixed(2))
    assert isolated(offset, fixed(2000), put(2000, -1), fixed(-80)).initial == -440
    assert isolated(offset, fixed(2000), call(2000, -1), fixed(-80)).initial == -380


def test_amounts_scale() -> None:
    asked = isolated(STANDARD.option, fixed(2000), call(2050, "-2.5"), fixed(-125))
    assert asked == Pair(fixed(-750), fixed(-500))


# -- the worst settlement ----------------------------------------------------------------------------------------------

strikes = st.integers(0, 40).map(lambda step: 50 * step)
amounts = st.integers(-30, 30).filter(bool).map(lambda tenths: f"{tenths / 10}")
books = st.lists(
    st.builds(lambda side, strike, amount: side(strike, amount), st.sampled_from([call, put]), strikes, amounts)
)


def by_trying_all(options: list[Option]) -> Fixed:
    """Every option at zero and at every strike: the formula as it is written."""
    points = [ZERO, *(option.strike for option in options)]
    return min(min(ZERO, sum((option.amount * option.payoff(price) for option in options), ZERO)) for price in points)


@given(books)
def test_the_walk_over_strikes_is_the_search_over_all(options: list[Option]) -> None:
    assert worst_payoff(options) == by_trying_all(options)


@pytest.mark.parametrize(
    ("options", "worst"),
    [
        ([], 0),
        ([call(1500, 1)], 0),
        ([put(1500, -1)], -1500),  # at zero, which is no strike
        ([call(1500, -1), call(1600, 1)], -100),
        ([call(1500, -1)], 0),  # beyond its strike it is the unpaired share's to ask
        ([put(1500, -1), put(1400, 1)], -100),
        ([call(1500, -1), call(1900, "0.5")], -400),  # worst at the strike of the long call
        ([call(1500, -1), put(1900, 1)], -400),  # and of the long put
        ([put(1500, -2), call(1600, -1), put(1450, 2), call(1650, 1)], -100),
    ],
)
def test_the_worst_settlement_by_hand(options: list[Option], worst: int) -> None:
    assert worst_payoff(options) == worst


def test_its_own_sums_are_cut_once() -> None:
    # Each product would be cut to 0; their sum is not.
    tiny = [Option(0, Fixed(1), False, Fixed(-(10**18) // 2)), Option(0, Fixed(2), False, Fixed(-(10**18) // 2))]
    assert worst_payoff(tiny) == Fixed(-1)


# -- an expiry ---------------------------------------------------------------------------------------------------------

FEED = market(spot=2000)


def test_the_smaller_of_both_requirements_counts() -> None:
    spread = expiry_margin(STANDARD, FEED, expiry(2000, vol="0.5"), [call(2000, -1), call(2050, 1)])
    assert spread.max_loss == Pair(fixed(-50), fixed(-50))
    assert spread.isolated.initial < -350
    assert spread.margin == spread.max_loss
    naked = expiry_margin(STANDARD, FEED, expiry(2000, vol="0.5"), [call(2000, -1)])
    assert naked.margin == naked.isolated
    assert naked.max_loss == Pair(fixed(-2400), fixed(-2200))


def test_unpaired_calls_are_asked_by_the_forward() -> None:
    some = [call(2000, -3), call(2500, 1), put(1000, 5)]
    far = expiry_margin(STANDARD, FEED, expiry(900, vol="0.5"), some)
    worst = by_trying_all(some)
    assert worst == -1500
    assert far.max_loss == Pair(worst - fixed("1.2") * 900 * 2, worst - fixed("1.1") * 900 * 2)
    paired = expiry_margin(STANDARD, FEED, expiry(900, vol="0.5"), [call(2000, -3), call(2500, 4)])
    assert paired.max_loss == Pair(fixed(-1500), fixed(-1500))


def test_longs_count_in_value_but_not_alone() -> None:
    longs = expiry_margin(STANDARD, FEED, expiry(2000, vol="0.5"), [call(1900, 2), put(2100, 1)])
    assert longs.mark_to_market > 300
    assert longs.isolated == longs.max_loss == longs.margin == Pair()
    assert longs.shorts == 0


@pytest.mark.parametrize("which", ["spot_confidence", "forward_confidence", "volatility_confidence"])
def test_little_confidence_asks_more_of_initial_margin(which: str) -> None:
    low = fixed("0.3")
    feed = market(spot=2000, spot_confidence="0.3") if which == "spot_confidence" else FEED
    dated = expiry(2000, vol="0.5") if which == "spot_confidence" else expiry(2000, vol="0.5", **{which: low})
    some = [call(2000, -2), put(1900, -1), call(2100, 5)]
    sure = expiry_margin(STANDARD, FEED, expiry(2000, vol="0.5"), some)
    doubted = expiry_margin(STANDARD, feed, dated, some)
    assert doubted.shorts == 3
    assert doubted.contingency == -(fixed("0.7") * fixed("0.4") * 2000 * 3)
    assert sure.contingency == 0
    assert doubted.margin == sure.margin + Pair(initial=doubted.contingency)


def test_the_rate_and_the_perpetual_are_not_asked() -> None:
    feed = market(spot=2000, perp_confidence="0.1")
    dated = expiry(2000, vol="0.5", rate_confidence=fixed("0.1"))
    assert expiry_margin(STANDARD, feed, dated, [call(2000, -1)]).contingency == 0


@pytest.mark.parametrize(("confidence", "share"), [("0.4", 0), ("0.39", "0.244"), ("0", "0.4"), ("1", 0)])
def test_doubt_is_what_is_missing_to_one(confidence: str, share: object) -> None:
    oracle = STANDARD.oracle_contingency
    assert doubt(fixed(confidence), oracle.option_threshold, oracle) == fixed(share)
    assert doubt(fixed(confidence), ZERO, oracle) == 0


@pytest.mark.parametrize("forward", [0, -1])
def test_a_forward_has_to_be_there(forward: int) -> None:
    with pytest.raises(MissingMarkError, match="604800 s"):
        expiry_margin(STANDARD, FEED, expiry(forward), [call(2000, 1)])


def test_a_forward_may_be_small() -> None:
    small = expiry_margin(STANDARD, market(spot="0.5"), expiry("0.5"), [call(0, 1)])
    assert small.mark_to_market == fixed("0.5")


def test_pairs_add_and_compare_part_by_part() -> None:
    assert Pair(ONE, ZERO) + Pair(ONE, -ONE) == Pair(fixed(2), -ONE)
    assert Pair(ONE, -ONE).larger(Pair(ZERO, ZERO)) == Pair(ONE, ZERO)
