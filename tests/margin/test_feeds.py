"""What was said, and whether it may still be used: ages to the second, forwards in two parts, the settlement price."""

from dataclasses import replace

import pytest

from margin.feeds import (
    MAINNET,
    ImplausibleFeedError,
    Said,
    SaidForward,
    StaleFeedError,
    fresh,
    price,
)
from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Mark, MissingMarkError
from tests.margin.answering import GOLDEN, exactly
from tests.margin.holding import fixed

NOW_S = 1_800_000_000
SPOT = Said(fixed(2000), fixed("0.9"), NOW_S - 180)


def test_a_value_is_fresh_to_the_second() -> None:
    assert price("ETH spot", SPOT, NOW_S, 180) == Mark(fixed(2000), fixed("0.9"))
    with pytest.raises(StaleFeedError, match=r"^ETH spot is 181 s old, at most 180 s are allowed$") as stale:
        price("ETH spot", SPOT, NOW_S + 1, 180)
    assert (stale.value.feed, stale.value.age_s, stale.value.limit_s) == ("ETH spot", 181, 180)


@pytest.mark.parametrize(
    ("said", "kind", "says"),
    [
        (None, MissingMarkError, "no value of ETH spot"),
        (replace(SPOT, observed_at_s=NOW_S + 5), ImplausibleFeedError, "observed 5 s from now"),
        (replace(SPOT, confidence=fixed("1.01")), ImplausibleFeedError, "confidence of 1.01"),
        (replace(SPOT, confidence=fixed("-0.01")), ImplausibleFeedError, "confidence of -0.01"),
        (replace(SPOT, value=ZERO), MissingMarkError, "no price above zero of ETH spot"),
        (Said(ZERO, fixed(2), NOW_S - 181), StaleFeedError, "181 s"),  # how old it is comes first
        (Said(ZERO, fixed(2), NOW_S), ImplausibleFeedError, "confidence"),
    ],
)
def test_what_is_no_value(said: Said | None, kind: type[MissingMarkError], says: str) -> None:
    with pytest.raises(kind, match=says) as refused:
        price("ETH spot", said, NOW_S, 180)
    assert type(refused.value) is kind


def test_a_value_may_be_below_zero_where_it_is_no_price() -> None:
    rate = Said(fixed("-0.02"), ONE, NOW_S)
    assert fresh("rate", rate, NOW_S, 0) is rate
    with pytest.raises(StaleFeedError):
        fresh("rate", rate, NOW_S + 1, 0)


def test_the_limits_of_the_mainnet_script() -> None:
    minutes = [MAINNET.spot_s, MAINNET.perp_s, MAINNET.impact_s, MAINNET.volatility_s, MAINNET.forward_s]
    assert [seconds / 60 for seconds in minutes] == [3, 15, 20, 20, 60]
    assert [MAINNET.settlement_s / 60, MAINNET.stable_s / 60, MAINNET.rate_s / 3600] == [3, 60, 12]
    assert (MAINNET.perp_from_spot, MAINNET.farthest_expiry_s / 86_400) == (fixed("0.06"), 400)


# -- forwards ----------------------------------------------------------------------------------------------------------

AVERAGING = SaidForward(fixed(3), ONE, NOW_S, fixed(10**6), fixed(10**6 + 1_800_000))


@pytest.mark.parametrize(
    ("left_s", "settled", "moving"),
    [(10**6, "0", "2003"), (1801, "0", "2003"), (1800, "0", "2003"), (900, "1000", "1001.5"), (0, "1000", "0")],
)
def test_a_forward_of_two_parts(left_s: int, settled: str, moving: str) -> None:
    assert AVERAGING.parts(fixed(2000), NOW_S + left_s) == (fixed(settled), fixed(moving))


def test_the_first_second_of_the_window() -> None:
    said = SaidForward(fixed(3), ONE, NOW_S, fixed(5), fixed(5 + 2000))
    averaged, moving = said.parts(fixed(2000), NOW_S + 1799)
    assert averaged == fixed(2000) / 1800
    assert moving == fixed(2003) * 1799 / 1800


def test_the_plain_script_agrees() -> None:
    cases = [case for line in GOLDEN.read_text().splitlines() if (case := exactly(line))["model"] == "Forward"]
    assert len(cases) == 14
    for case in cases:
        told = {name: fixed(one) for name, one in case["input"].items()}
        said = SaidForward(told["difference"], ONE, NOW_S, told["integral_start"], told["integral_now"])
        parts = said.parts(told["spot"], NOW_S + int(case["input"]["left_s"]))
        for got, name in zip(parts, ("fixed", "variable"), strict=True):
            assert abs(got - Fixed.cut_from(str(case["expected"][name]))) <= Fixed(10**7), case["id"]


def test_the_settlement_price_is_the_average_at_the_expiry() -> None:
    assert AVERAGING.settlement_price(NOW_S) == 1000
    for other_s in (NOW_S - 1, NOW_S + 1):
        with pytest.raises(MissingMarkError, match=f"expiry of {other_s} s: the last is of {NOW_S} s"):
            AVERAGING.settlement_price(other_s)
    with pytest.raises(MissingMarkError, match="no price above zero of the average"):
        replace(AVERAGING, integral_now=fixed(10**6)).settlement_price(NOW_S)
