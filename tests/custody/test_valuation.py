"""What collateral counts for: every line adds up, says what does not count, and rounds against the client."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.collateral import Eligible
from custody.money import Asset
from custody.prices import PriceRefusal
from custody.valuation import NOT_ELIGIBLE, Line, Valuation, value

USDC, BTC = Eligible(Asset("USDC", 6, 6), 200), Eligible(Asset("BTC", 8, 8), 1_000)
ETH = Eligible(Asset("ETH", 9, 18), 1_500, most_units=20 * 10**9)
USDE = Eligible(Asset("USDe", 6, 18), 2_000, most_share_bps=4_000)
SCHEDULE = {"USDC": USDC, "BTC": BTC, "ETH": ETH, "USDe": USDE}
PRICES_E6 = {"USDC": 10**6, "BTC": 60_000 * 10**6, "ETH": 2_000 * 10**6, "USDe": 999_000}
COINS = 10**6


def test_holdings_add_up_and_what_is_not_held_needs_no_price() -> None:
    found = value(SCHEDULE, {"BTC": 10**7, "USDC": 2 * COINS, "ETH": 0}, {"USDC": 999_000, "BTC": 60_000 * 10**6})
    assert found.market_units == 1_998_000 + 6_000 * COINS
    assert found.collateral_units == 1_958_040 + 5_400 * COINS
    assert found.counted == {"USDC": 1_958_040, "BTC": 5_400 * COINS}
    assert value(SCHEDULE, {}, {}) == Valuation(())


def test_each_line_says_what_does_not_count_and_why() -> None:
    holdings = {
        "DOGE": 5, "USDe": 10_000 * COINS, "ETH": 30 * 10**9, "BTC": 10**8, "USDC": 1_000 * COINS, "APE": 7,
    }  # fmt: skip
    prices = PRICES_E6 | {"BTC": PriceRefusal.SOURCES_DISAGREE}
    found = value(SCHEDULE, holdings, prices)
    # 980 + 34,000 of a limit of 20 ETH, and with a share of two fifths at most C = 34,980 / 0.6 = 58,300.
    assert found.lines == (
        Line("USDC", 1_000 * COINS, 10**6, 200, 1_000 * COINS, 0, 0, 980 * COINS),
        Line("BTC", 10**8, 0, 1_000, 0, 0, 0, 0, "sources_disagree"),
        Line("ETH", 30 * 10**9, 2_000 * 10**6, 1_500, 60_000 * COINS, 17_000 * COINS, 0, 34_000 * COINS),
        Line("USDe", 10_000 * COINS, 999_000, 2_000, 9_990 * COINS, 0, 0, 7_992 * COINS),
        Line("APE", 7, 0, 10_000, 0, 0, 0, 0, NOT_ELIGIBLE),
        Line("DOGE", 5, 0, 10_000, 0, 0, 0, 0, NOT_ELIGIBLE),
    )
    assert [line.asset for line in found.refused] == ["BTC", "APE", "DOGE"]
    assert found.collateral_units == 42_972 * COINS
    assert found.lines[2].collateral_units == 51_000 * COINS


def test_a_share_is_of_what_counts_so_a_limit_in_units_narrows_it_too() -> None:
    holdings = {"USDC": 300 * COINS, "USDe": 10_000 * COINS}
    line = value(SCHEDULE, holdings, PRICES_E6).lines[1]
    assert (line.counted_units, line.over_share_units) == (196 * COINS, 7_992 * COINS - 196 * COINS)
    both = {**SCHEDULE, "USDe": Eligible(USDE.asset, 2_000, 100 * COINS, 4_000)}
    line = value(both, holdings, PRICES_E6).lines[1]
    assert (line.counted_units, line.over_units, line.over_share_units) == (79_920_000, 7_912_080_000, 0)


def test_a_missing_price_is_the_callers_fault_and_not_a_refusal() -> None:
    with pytest.raises(KeyError, match="BTC"):
        value(SCHEDULE, {"BTC": 1}, {"USDC": 10**6})


@pytest.mark.parametrize("refusal", list(PriceRefusal))
def test_without_a_price_nothing_counts_and_nothing_else_changes(refusal: PriceRefusal) -> None:
    holdings = {"USDC": COINS, "BTC": 10**8}
    found = value(SCHEDULE, holdings, PRICES_E6 | {"BTC": refusal})
    assert found.lines[0] == value(SCHEDULE, holdings, PRICES_E6).lines[0]
    assert (found.lines[1].counted_units, found.lines[1].refusal) == (0, refusal)


amounts = st.integers(0, 10**15)
terms = st.builds(
    Eligible, st.builds(Asset, st.just("X"), st.integers(0, 9), st.just(18)), st.integers(0, 10_000), amounts,
    st.integers(0, 10_000),
)  # fmt: skip
answers = st.integers(0, 10**12) | st.sampled_from(list(PriceRefusal))


@given(st.dictionaries(st.sampled_from("ABCDE"), st.tuples(terms, amounts, answers)))
def test_every_line_adds_up_and_none_counts_for_more_than_exactly(
    drawn: dict[str, tuple[Eligible, int, int | PriceRefusal]],
) -> None:
    schedule = {asset: eligible for asset, (eligible, _, _) in drawn.items()}
    found = value(schedule, {a: units for a, (_, units, _) in drawn.items()}, {a: p for a, (_, _, p) in drawn.items()})
    assert [line.asset for line in found.lines] == [asset for asset, (_, units, _) in drawn.items() if units]
    for line in found.lines:
        eligible, units, price = drawn[line.asset]
        assert min(line.counted_units, line.over_units, line.over_share_units) >= 0
        if isinstance(price, PriceRefusal):
            assert (line.refusal, line.market_units, line.collateral_units) == (price, 0, 0)
            continue
        exact = Fraction(units * price * (10_000 - eligible.haircut_bps), 10**eligible.asset.scale * 10_000)
        assert 0 <= exact - line.collateral_units < 1
        most = min(units, eligible.most_units)
        assert line.counted_units <= eligible.collateral_units(most, price)
        assert line.counted_units * 10_000 <= eligible.most_share_bps * (found.collateral_units + len(drawn))
