"""Greeks are what prices do: each against a difference of the formula itself."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.black76 import YEAR_S, black76
from margin.fixed import ONE, ZERO, Fixed
from margin.greeks import Greeks, account_greeks, expiry_greeks, option_greeks
from margin.marks import MissingMarkError
from margin.positions import Holdings
from margin.standard import standard_margin
from margin.standard_parameters import StandardParameters
from tests.margin.holding import DAY_S, DEPEG, STANDARD, WEEK_S, call, expiry, fixed, market, put

SMALL = fixed("0.0001")


def price(forward: Fixed, strike: Fixed, vol: Fixed, seconds: int, is_call: bool, discount: Fixed = ONE) -> Fixed:
    prices = black76(forward, strike, vol, seconds, discount)
    return prices.call if is_call else prices.put


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1000, 3000),
    st.integers(1000, 3000),
    st.integers(30, 150),
    st.integers(7 * DAY_S, YEAR_S),
    st.booleans(),
)
def test_each_is_a_difference_of_prices(forward: int, strike: int, percent: int, seconds: int, is_call: bool) -> None:
    f, k, vol, discount = fixed(forward), fixed(strike), fixed(percent) / 100, fixed("0.9")
    greeks = option_greeks(f, k, vol, seconds, is_call, discount)

    def at(by_forward: Fixed = ZERO, by_vol: Fixed = ZERO, by_s: int = 0) -> Fixed:
        return price(f + by_forward, k, vol + by_vol, seconds + by_s, is_call, discount)

    step = fixed("0.01")
    assert float(greeks.delta) == pytest.approx(float((at(step) - at(-step)) / (2 * step)), abs=1e-8)
    assert float(greeks.gamma) == pytest.approx(float((at(step) - 2 * at() + at(-step)) / (step * step)), abs=1e-9)
    assert float(greeks.vega) == pytest.approx(float((at(ZERO, SMALL) - at(ZERO, -SMALL)) / (2 * SMALL)), abs=1e-3)
    minute = (at(by_s=-60) - at(by_s=60)) / 120
    assert float(greeks.theta) == pytest.approx(float(minute * DAY_S), rel=1e-5, abs=1e-6)


def test_by_hand() -> None:
    # At the money with σ√t = 0.2: d1 = 0.1, φ(0.1) = 0.396953.
    greeks = option_greeks(fixed(100), fixed(100), fixed("0.2"), YEAR_S, is_call=True)
    assert float(greeks.delta) == pytest.approx(0.539827837277029)
    assert float(greeks.gamma) == pytest.approx(0.019847627373850)
    assert float(greeks.vega) == pytest.approx(39.69525474770118)
    assert float(greeks.theta) == pytest.approx(-39.69525474770118 * 0.2 / 2 / 365)


# Forward, strike, volatility, seconds: an edge has the delta of its price, and nothing else.
@pytest.mark.parametrize(
    ("edge", "call_delta", "put_delta"),
    [
        ((100, 0, "0.5", YEAR_S), "0.9", "0"),
        ((0, 100, "0.5", YEAR_S), "0", "-0.9"),
        ((100, 100, "24", YEAR_S), "0.9", "0"),
        ((110, 100, "0.5", 0), "0.9", "0"),
        ((90, 100, "0.5", 0), "0", "-0.9"),
        ((90, 100, "0", YEAR_S), "0", "-0.9"),
    ],
)
def test_edges(edge: tuple[object, object, object, int], call_delta: str, put_delta: str) -> None:
    forward, strike, vol, seconds = edge
    for is_call, want in ((True, call_delta), (False, put_delta)):
        got = option_greeks(fixed(forward), fixed(strike), fixed(vol), seconds, is_call, fixed("0.9"))
        assert got == Greeks(delta=fixed(want))


def test_by_spot_only_what_still_moves() -> None:
    half = replace(expiry(750), forward_fixed=fixed(750))
    whole = expiry_greeks(expiry(), [call(1500, 2)], fixed(1500))
    moving = expiry_greeks(half, [call(1500, 2)], fixed(1500))
    assert abs(moving.delta * 2 - whole.delta) <= Fixed(10)
    assert abs(moving.gamma * 4 - whole.gamma) <= Fixed(10)
    assert (moving.vega, moving.theta) == (whole.vega, whole.theta)


def test_an_account_expiry_after_expiry() -> None:
    feed = market(expiry(1510), expiry(1530, seconds=2 * WEEK_S), spot=1500, perp=1506)
    held = Holdings(fixed(-2), base=fixed(3), options=(call(1500, -1), put(1450, 2), call(1600, 4, 2 * WEEK_S)))
    found = account_greeks(feed, held)
    assert found.linear_delta == 3 - 2 * fixed(1506) / 1500
    assert set(found.by_expiry) == {WEEK_S, 2 * WEEK_S}
    parts = list(found.by_expiry.values())
    assert found.whole == Greeks(delta=found.linear_delta) + parts[0] + parts[1]
    with pytest.raises(MissingMarkError):
        account_greeks(feed, Holdings(options=(call(1500, 1, 5),)))


def test_delta_is_what_mark_to_market_does_when_all_moves_with_spot() -> None:
    held = Holdings(base=fixed(3), options=(call(1500, -1), put(1450, 2)))
    every = StandardParameters(DEPEG, {"ETH": STANDARD})

    def worth(spot: str) -> Fixed:
        feed = market(expiry(spot), spot=spot)
        return standard_margin(every, ONE, {"ETH": feed}, ZERO, {"ETH": held}).margin.mark_to_market

    moved = (worth("1500.01") - worth("1499.99")) / fixed("0.02")
    assert float(account_greeks(market(expiry(1500), spot=1500), held).whole.delta) == pytest.approx(
        float(moved), abs=1e-8
    )
