"""Standard margin: the specification's worked numbers, each term alone, and what must hold of any account."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.fixed import ONE, Fixed
from margin.marks import Expiry, MissingMarkError, Quotes
from margin.positions import Holdings, Option, UnknownHoldingError
from margin.result import Margin
from margin.standard import standard_margin
from margin.standard_parameters import BaseValue, MissingParameterError, StandardParameters
from tests.margin.holding import DAY_S, DEPEG, STANDARD, WEEK_S, call, collateral, expiry, fixed, market, put, standard

NEAR = Fixed(50)


def close(got: Fixed, want: str) -> bool:
    """Within 1e-12: the specification states its numbers as doubles."""
    return abs(got - fixed(want)) <= Fixed(10**6)


def worked(amount: int = -1) -> tuple[Holdings, Expiry]:
    dated = Expiry(500_400, fixed("1500.833279310994"), Quotes({fixed(1500): fixed("1.0478844940849863")}))
    return Holdings(options=(call(1500, amount, 500_400),)), dated


def test_the_worked_numbers_of_the_specification() -> None:
    held, dated = worked()
    margin = standard(held, market(dated)).margin
    assert close(margin.mark_to_market, "-79.37158518905994")
    assert close(margin.maintenance, "-191.87158518905994")
    assert close(margin.initial, "-304.37158518905994")
    binding = standard(held, market(dated)).markets["ETH"].expiries[0]
    assert binding.max_loss.initial == fixed("-1.2") * fixed("1500.833279310994") < binding.isolated.initial


def test_a_perpetual_by_its_own_mark() -> None:
    held = Holdings(perp=fixed(-2), perp_unsettled=fixed(30))
    margin = standard(held, market(spot=1500, perp=1600), cash=1000).margin
    assert margin == Margin(fixed(1030 - 208), fixed(1030 - 160), fixed(1030))
    doubted = standard(held, market(spot=1500, perp=1600, perp_confidence="0.25"), cash=1000).margin
    # 0.75·0.4·1500·2, by spot.
    assert doubted == Margin(fixed(1030 - 208 - 900), fixed(1030 - 160), fixed(1030))
    assert standard(held, market(spot=1500, perp=1600, spot_confidence="0.25"), cash=1000).margin == doubted
    assert standard(held, market(spot=1500, perp=1600, perp_confidence="0.4"), cash=1000).margin.initial == 822


def test_what_is_unsettled_counts_only_with_a_position() -> None:
    assert standard(Holdings(perp_unsettled=fixed(30)), cash=5).margin == Margin(fixed(5), fixed(5), fixed(5))


def test_base_counts_in_part_and_by_the_stablecoin_only_at_market() -> None:
    held = Holdings(base=fixed(2))
    half = replace(STANDARD, base=BaseValue(fixed("0.8"), fixed("0.5")))
    margin = standard(held, market(spot=1500), stable="1.25", parameters=half).margin
    assert margin == Margin(fixed(1200), fixed(2400), fixed(2400))
    doubted = standard(held, market(spot=1500, spot_confidence="0.3"), parameters=half).margin
    assert doubted == Margin(fixed(1200) - fixed("0.7") * fixed("0.4") * 3000, fixed(2400), fixed(3000))
    none = replace(half, base=BaseValue(fixed("0.8"), fixed(0)))
    assert standard(held, market(spot=1500, spot_confidence="0.3"), parameters=none).margin.initial == 0
    assert standard(held, market(spot=1500, spot_confidence="0.4"), parameters=half).margin.initial == 1200
    assert standard(held, market(spot=1500, perp_confidence="0.1"), parameters=half).margin.initial == 1200


@pytest.mark.parametrize(("which", "asked"), [("perp", 1), ("option", 2), ("base", 4)])
def test_each_threshold_is_its_own(which: str, asked: int) -> None:
    held = Holdings(perp=fixed(1), base=fixed(4), options=(call(1500, -2),))
    off = replace(
        STANDARD.oracle_contingency, perp_threshold=Fixed(0), option_threshold=Fixed(0), base_threshold=Fixed(0)
    )
    on = replace(off, **{f"{which}_threshold": fixed("0.5")})
    feed = market(spot=1500, spot_confidence="0.2")
    without = standard(held, feed, parameters=replace(STANDARD, oracle_contingency=off)).margin
    with_it = standard(held, feed, parameters=replace(STANDARD, oracle_contingency=on)).margin
    assert without.initial - with_it.initial == fixed("0.8") * fixed("0.4") * 1500 * asked
    assert without.maintenance == with_it.maintenance


def test_a_fallen_stablecoin_asks_for_perpetuals_and_shorts_but_not_for_base() -> None:
    held = Holdings(perp=fixed(-2), base=fixed(7), options=(call(1500, -3), put(1400, 5), call(1500, -1, DAY_S)))
    feed = market(expiry(), expiry(seconds=DAY_S), spot=1500)
    held_at = {stable: standard(held, feed, stable=stable).margin for stable in ("1", "0.98", "0.9")}
    assert held_at["1"].initial == held_at["0.98"].initial
    assert held_at["1"].initial - held_at["0.9"].initial == fixed("0.08") * fixed("1.2") * 1500 * 6
    assert held_at["1"].maintenance == held_at["0.9"].maintenance


def test_nothing_is_netted_across_markets_or_expiries() -> None:
    long, short = Holdings(perp=fixed(1)), Holdings(perp=fixed(-1))
    both = standard({"ETH": long, "BTC": short}, {"ETH": market(), "BTC": market(spot=60_000, perp=60_100)}, cash=9)
    each = standard(long, market()), standard(short, market(spot=60_000, perp=60_100))
    assert both.margin.initial == 9 + each[0].margin.initial + each[1].margin.initial
    assert set(both.markets) == {"ETH", "BTC"}
    dated = market(expiry(), expiry(seconds=DAY_S))
    calendar = standard(Holdings(options=(call(1500, -1, DAY_S), call(1500, 1))), dated).margin
    assert calendar.initial == standard(Holdings(options=(call(1500, -1, DAY_S),)), dated).margin.initial


MISSING = [
    ("ETH", Holdings(options=(call(1500, 1, 77),)), market(), "expiry in 77 s"),
    ("ETH", Holdings(options=(call(1510, 1),)), market(), "strike 1510"),
    ("ETH", Holdings(perp=ONE), market(perp=0), "the perpetual"),
    ("ETH", Holdings(base=ONE), market(spot=0), "spot"),
    ("BTC", Holdings(base=ONE), market(), "no feeds of BTC"),
]


@pytest.mark.parametrize(("name", "held", "feed", "says"), MISSING, ids=lambda one: one if isinstance(one, str) else "")
def test_a_missing_price_is_an_error_that_names_it(name: str, held: Holdings, feed: object, says: str) -> None:
    with pytest.raises(MissingMarkError, match=says):
        standard({name: held}, {"ETH": feed})  # what is not priced is never taken as zero


def test_what_is_not_needed_may_be_missing() -> None:
    assert standard(Holdings(), market(spot=0, perp=0), cash=3).margin.initial == 3
    assert standard(Holdings(base=ONE), market(perp=0)).margin.maintenance == 1200


def test_the_stablecoin_has_to_have_a_price() -> None:
    with pytest.raises(MissingMarkError, match="stablecoin"):
        standard(Holdings(), stable=0)


def test_what_standard_margin_has_no_place_for() -> None:
    with pytest.raises(UnknownHoldingError, match="cash and base"):
        standard(Holdings(collaterals=(collateral(),)))
    with pytest.raises(MissingParameterError, match="BTC"):
        standard_margin(StandardParameters(DEPEG, {"ETH": STANDARD}), ONE, {}, ONE, {"BTC": Holdings()})


# -- what holds of any account -----------------------------------------------------------------------------------------

strikes = st.integers(20, 45).map(lambda step: 50 * step)
amounts = st.integers(-40, 40).filter(bool).map(lambda tenths: f"{tenths / 10}")
listed = st.builds(lambda side, strike, amount: side(strike, amount), st.sampled_from([call, put]), strikes, amounts)
accounts = st.builds(
    lambda perp, base, options: Holdings(perp=fixed(perp), base=fixed(base), options=tuple(options)),
    st.integers(-3, 3),
    st.integers(0, 3),
    st.lists(listed, max_size=5),
)
few = settings(max_examples=40, deadline=None)


@few
@given(accounts, strikes, st.booleans())
def test_a_long_option_more_never_lowers_margin(held: Holdings, strike: int, is_call: bool) -> None:
    longer = replace(held, options=(*held.options, Option(WEEK_S, fixed(strike), is_call, ONE)))
    before, after = standard(held).margin, standard(longer).margin
    assert after.initial >= before.initial
    assert after.maintenance >= before.maintenance
    assert after.mark_to_market > before.mark_to_market


@few
@given(accounts)
def test_initial_margin_asks_no_less(held: Holdings) -> None:
    margin = standard(held, market(spot_confidence="0.35"), stable="0.95").margin
    assert margin.initial <= margin.maintenance


@few
@given(accounts, st.integers(2, 9))
def test_a_larger_account_is_asked_in_proportion(held: Holdings, times: int) -> None:
    larger = Holdings(
        held.perp * times, held.perp_unsettled * times, held.base * times,
        tuple(replace(option, amount=option.amount * times) for option in held.options),
    )  # fmt: skip
    once, often = standard(held).margin, standard(larger).margin
    assert abs(often.initial - once.initial * times) <= NEAR * times
    assert abs(often.maintenance - once.maintenance * times) <= NEAR * times


def test_two_accounts_together_may_be_asked_more() -> None:
    """No property of this model: an expiry takes the smaller of two requirements as a whole."""
    feed = market(expiry(2000, vol="0.5"), spot=2000)
    naked, spread = (call(2000, -1),), (call(2000, -1), call(2050, 1))
    apart = [standard(Holdings(options=some), feed).markets["ETH"].expiries[0].margin for some in (naked, spread)]
    together = standard(Holdings(options=(*naked, *spread)), feed).markets["ETH"].expiries[0].margin
    assert apart[1].initial == -50
    assert together.initial == 2 * apart[0].initial < apart[0].initial + apart[1].initial


EACH = {"perp": Holdings(perp=ONE), "base": Holdings(base=ONE), "option": Holdings(options=(call(1500, 1),))}


@pytest.mark.parametrize("missing", EACH)
def test_parameters_are_missed_only_where_something_of_their_kind_is_held(missing: str) -> None:
    lacking = replace(STANDARD, **{missing: None})
    for kind, held in EACH.items():
        if kind == missing:
            with pytest.raises(MissingParameterError, match=f"no {missing} parameters of ETH"):
                standard(held, parameters=lacking)
        else:
            assert standard(held, parameters=lacking).margin == standard(held).margin
    assert standard(Holdings(), parameters=lacking).margin.initial == 0
