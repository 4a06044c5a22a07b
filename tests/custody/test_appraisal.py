"""Schedule, prices and value together: which edition, whose prices, at which second."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.appraisal import appraise, appraise_under
from custody.prices import LeftOut, PriceRefusal
from custody.schedule import ScheduleError, announce
from tests.custody.editions import BTC, COINS, DAY_S, FIRST, NOW_S, USDE, following, quotes

HOLDINGS = {"USDC": 1_000 * COINS, "USDe": 1_000 * COINS, "BTC": 10**8}


def test_the_settlement_asset_is_at_par_and_all_else_under_guard() -> None:
    told = quotes(NOW_S, USDe=0.999, BTC=60_000, USDC=0.5)
    found = appraise((FIRST,), "okx", HOLDINGS, told, NOW_S)
    assert found.prices == {"USDC": 10**6, "USDe": 999_000, "BTC": 60_000 * 10**6}
    assert found.valuation.counted == {"USDC": 980 * COINS, "USDe": 799_200_000, "BTC": 54_000 * COINS}
    assert dict(found.guarded["BTC"].left_out) == {"okx": LeftOut.OWN_BOOK}


def test_a_quote_prices_its_own_asset_and_no_other() -> None:
    found = appraise((FIRST,), "okx", HOLDINGS, quotes(NOW_S, BTC=60_000), NOW_S)
    assert found.prices["USDe"] is PriceRefusal.TOO_FEW_FRESH_SOURCES
    assert [line.asset for line in found.valuation.refused] == ["USDe"]


def test_no_price_outlives_its_age() -> None:
    told = quotes(NOW_S, USDe=1.0, BTC=60_000)
    assert appraise((FIRST,), "okx", HOLDINGS, told, NOW_S + 60).valuation.refused == ()
    late = appraise((FIRST,), "okx", HOLDINGS, told, NOW_S + 61)
    assert late.valuation.counted == {"USDC": 980 * COINS, "USDe": 0, "BTC": 0}
    assert {line.refusal for line in late.valuation.refused} == {PriceRefusal.TOO_FEW_FRESH_SOURCES}


def test_before_the_first_edition_nothing_is_valued() -> None:
    with pytest.raises(ScheduleError, match="no edition of the schedule is in force at"):
        appraise((FIRST,), "okx", HOLDINGS, [], FIRST.effective_at_s - 1)


def test_what_is_only_announced_can_be_tried() -> None:
    after = following(FIRST, 7, USDe=None)
    found = appraise_under(after, "okx", HOLDINGS, quotes(NOW_S, USDe=1.0, BTC=60_000), NOW_S)
    assert (found.edition, found.valuation.counted["USDe"]) == (after, 0)


@given(st.lists(st.tuples(st.integers(7, 30), st.integers(0, 10_000)), max_size=5), st.integers(-10, 200))
def test_no_valuation_uses_an_edition_before_it_is_effective(changes: list[tuple[int, int]], day: int) -> None:
    """Each change in days after the last one, with the haircut that it sets: the haircut used tells the edition."""
    editions = (FIRST,)
    for lead, haircut_bps in changes:
        last = editions[-1]
        answer = announce(editions, replace(
            last,
            announced_at_s=last.effective_at_s,
            effective_at_s=last.effective_at_s + lead * DAY_S,
            schedule=FIRST.schedule | {"USDe": replace(USDE, haircut_bps=haircut_bps), "BTC": BTC},
        ))  # fmt: skip
        assert isinstance(answer, tuple)
        editions = answer
    at_s = max(FIRST.effective_at_s, NOW_S + day * DAY_S)
    found = appraise(editions, "okx", HOLDINGS, quotes(at_s, USDe=1.0, BTC=60_000), at_s)
    effective = [one for one in editions if one.effective_at_s <= at_s]
    assert found.edition is effective[-1]
    haircut_bps = effective[-1].schedule["USDe"].haircut_bps
    assert found.valuation.counted["USDe"] == 1_000 * COINS * (10_000 - haircut_bps) // 10_000
