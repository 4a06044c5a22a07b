"""A perpetual earns by touching: profit by its mark, funding by an index; nothing is lost between touches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.fixed import ZERO, Fixed
from margin.perpetual import FundingError, FundingParameters, PerpPosition, funding_index
from tests.margin.answering import GOLDEN, exactly
from tests.margin.holding import fixed

RULES = FundingParameters(static_rate=fixed("0.0000125"), max_rate=fixed("0.004"), convergence_hours=fixed(8))


# Spot 2000: premium over 8 hours and the static rate, at most 0.4% an hour either way.
@pytest.mark.parametrize(
    ("bid", "ask", "rate"),
    [
        ("1999", "2001", "0.0000125"),
        ("2000", "2000", "0.0000125"),
        ("2016", "2020", "0.0010125"),
        ("1980", "1984", "-0.0009875"),
        ("2200", "2210", "0.004"),
        ("1800", "1810", "-0.004"),
    ],
)
def test_the_rate_follows_impact_prices(bid: str, ask: str, rate: str) -> None:
    assert RULES.hourly_rate(fixed(2000), fixed(bid), fixed(ask)) == fixed(rate)


def test_impact_prices_that_cross_are_refused() -> None:
    with pytest.raises(FundingError, match="below the impact bid of 2001"):
        RULES.hourly_rate(fixed(2000), fixed(2001), fixed(2000))


def test_the_index_is_usd_a_contract() -> None:
    assert funding_index(fixed(3), fixed("0.001"), 1800, fixed(2000)) == 4
    assert funding_index(fixed(3), fixed("-0.001"), 7200, fixed(2000)) == -1


def test_longs_pay_positive_funding_and_earn_rising_marks() -> None:
    long = PerpPosition().traded(fixed(2), fixed(2000), ZERO)
    assert long == PerpPosition(fixed(2), fixed(2000))
    assert long.unsettled(fixed(2010), fixed(3)) == 20 - 6
    touched = long.touched(fixed(2010), fixed(3))
    assert (touched.pnl, touched.funding, touched.size) == (20, -6, 2)
    settled, paid = touched.settled(fixed(2000), fixed(4))
    assert paid == -8
    assert settled == PerpPosition(fixed(2), fixed(2000), fixed(4))
    short = PerpPosition().traded(fixed(-2), fixed(2000), fixed(1))
    assert short.unsettled(fixed(2010), fixed(4)) == -20 + 6


def test_the_old_size_earns_until_the_trade() -> None:
    position = PerpPosition().traded(fixed(1), fixed(100), ZERO).traded(fixed(4), fixed(110), fixed(2))
    assert position.size == 5
    assert position.unsettled(fixed(111), fixed(3)) == 10 + 5 - 2 - 5


paths = st.lists(st.tuples(st.integers(1, 5000), st.integers(-50, 50)), min_size=1, max_size=6)


@given(paths, st.integers(-9, 9))
def test_touching_in_between_changes_nothing(path: list[tuple[int, int]], size: int) -> None:
    opened = PerpPosition().traded(fixed(size), fixed(1000), ZERO)
    touched = opened
    for mark, index in path:
        touched = touched.touched(fixed(mark), fixed(index))
    mark, index = (fixed(one) for one in path[-1])
    assert touched.unsettled(mark, index) == opened.unsettled(mark, index)
    settled, paid = touched.settled(mark, index)
    assert paid == opened.unsettled(mark, index)
    assert settled.unsettled(mark, index) == 0


def test_the_plain_script_agrees() -> None:
    cases = [case for line in GOLDEN.read_text().splitlines() if (case := exactly(line))["model"] == "Perpetual"]
    assert len(cases) == 6
    for case in cases:
        given_, index, position = case["input"], ZERO, None
        rules = FundingParameters(fixed(given_["static"]), fixed(given_["most"]), fixed(given_["hours"]))
        for seconds, *prices in given_["steps"]:
            spot, bid, ask, mark = map(fixed, prices)
            index = funding_index(index, rules.hourly_rate(spot, bid, ask), seconds, spot)
            position = position.touched(mark, index) if position else PerpPosition(fixed(given_["size"]), mark, ZERO)
        assert position is not None
        want = fixed(str(case["expected"]["unsettled"]))
        assert abs(position.unsettled(position.last_mark, index) - want) <= Fixed(10**9)
