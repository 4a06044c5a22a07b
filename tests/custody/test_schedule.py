"""Editions: announced in order, with notice, and in force from the second at which they take effect."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.money import Asset
from custody.schedule import AnnouncementRefusal, Edition, Editions, ScheduleError, announce, in_force
from tests.custody.editions import BTC, DAY_S, FIRST, NOW_S, USDC, USDE, following

WEEK = following(FIRST, 7)


def test_the_first_needs_no_notice_and_each_later_one_stands_behind_it() -> None:
    at_once = replace(FIRST, effective_at_s=FIRST.announced_at_s)
    assert announce((), at_once) == (at_once,)
    assert announce((FIRST,), WEEK) == (FIRST, WEEK)


LATE = {"announced_at_s": FIRST.announced_at_s - 1}
UNMOVED = {"effective_at_s": FIRST.effective_at_s}
SHORT = {"effective_at_s": NOW_S + 7 * DAY_S - 1}
COARSE = replace(BTC, asset=Asset("BTC", 7, 8))
RESCALED = {"schedule": FIRST.schedule | {"BTC": COARSE}}
TETHER = replace(USDC, asset=Asset("USDT", 6, 6))
OTHER = {"settlement_asset": "USDT", "schedule": {"USDT": TETHER, "BTC": BTC}}
OTHER_RESCALED = {"settlement_asset": "USDT", "schedule": {"USDT": TETHER, "BTC": COARSE}}


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (LATE, AnnouncementRefusal.ANNOUNCED_BEFORE_THE_LAST),
        (LATE | UNMOVED, AnnouncementRefusal.ANNOUNCED_BEFORE_THE_LAST),
        ({"announced_at_s": FIRST.announced_at_s} | UNMOVED, AnnouncementRefusal.EFFECTIVE_BEFORE_THE_LAST),
        (SHORT, AnnouncementRefusal.NOTICE_TOO_SHORT),
        (SHORT | OTHER, AnnouncementRefusal.NOTICE_TOO_SHORT),
        (OTHER, AnnouncementRefusal.SETTLEMENT_ASSET_CHANGED),
        (OTHER_RESCALED, AnnouncementRefusal.SETTLEMENT_ASSET_CHANGED),
        (RESCALED, AnnouncementRefusal.SCALE_CHANGED),
        ({"announced_at_s": FIRST.announced_at_s}, None),  # later than the first, though on the same day
        ({}, None),
    ],
)
def test_what_cannot_be_announced(wrong: Mapping[str, object], refusal: AnnouncementRefusal | None) -> None:
    answer = announce((FIRST,), replace(WEEK, **wrong))
    assert answer == (refusal if refusal else (FIRST, replace(WEEK, **wrong)))
    assert refusal is None or not refusal.retry_may_succeed


def test_an_asset_that_comes_back_keeps_its_scale() -> None:
    without = following(FIRST, 7, BTC=None)
    back = replace(following(FIRST, 8), schedule=FIRST.schedule | {"BTC": COARSE})
    editions = announce((FIRST,), without)
    assert isinstance(editions, tuple)
    assert announce(editions, back) is AnnouncementRefusal.SCALE_CHANGED


def test_the_notice_is_that_of_the_edition_in_force_when_it_is_announced() -> None:
    hasty = replace(WEEK, notice_s=0)
    editions = announce((FIRST,), hasty)
    assert isinstance(editions, tuple)
    soon = replace(hasty, announced_at_s=NOW_S + DAY_S, effective_at_s=hasty.effective_at_s + 1)
    # Announced while a week's notice is in force, whatever has been announced since.
    assert announce(editions, soon) is AnnouncementRefusal.NOTICE_TOO_SHORT
    assert (
        announce(editions, replace(soon, announced_at_s=hasty.effective_at_s)) != AnnouncementRefusal.NOTICE_TOO_SHORT
    )


def test_before_any_is_in_force_the_last_announced_sets_the_notice() -> None:
    first = replace(FIRST, effective_at_s=NOW_S + DAY_S)
    assert announce((first,), replace(WEEK, effective_at_s=NOW_S + 6 * DAY_S)) is AnnouncementRefusal.NOTICE_TOO_SHORT


@pytest.mark.parametrize(
    ("at_s", "edition"),
    [
        (0, None),
        (FIRST.announced_at_s, None),
        (FIRST.effective_at_s - 1, None),
        (FIRST.effective_at_s, FIRST),
        (WEEK.announced_at_s, FIRST),
        (WEEK.effective_at_s - 1, FIRST),
        (WEEK.effective_at_s, WEEK),
        (2**62, WEEK),
    ],
)
def test_an_edition_is_in_force_from_its_second_until_the_next(at_s: int, edition: Edition | None) -> None:
    assert in_force((FIRST, WEEK), at_s) is edition


@given(
    st.lists(st.tuples(st.integers(-3, 20), st.integers(0, 20), st.integers(0, 8)), min_size=1, max_size=8), st.data()
)
def test_whatever_is_announced_nobody_is_overtaken(changes: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """In days: when each is announced after the last one was, when it takes effect after that, and its own notice."""
    editions: Editions = (FIRST,)
    announced_at_s, accepted = FIRST.announced_at_s, 0
    for wait, lead, notice in changes:
        one = replace(
            FIRST,
            announced_at_s=announced_at_s + wait * DAY_S,
            effective_at_s=announced_at_s + (wait + lead) * DAY_S,
            notice_s=notice * DAY_S,
        )
        answer = announce(editions, one)
        if isinstance(answer, tuple):
            editions, announced_at_s, accepted = answer, one.announced_at_s, accepted + 1
    at_s = data.draw(st.integers(FIRST.effective_at_s, editions[-1].effective_at_s + DAY_S))
    found = in_force(editions, at_s)
    assert found is not None
    assert found.effective_at_s <= at_s
    assert all(found is one or not found.effective_at_s < one.effective_at_s <= at_s for one in editions)
    for one in editions[1:]:
        then = in_force(editions[: editions.index(one)], one.announced_at_s) or editions[editions.index(one) - 1]
        assert one.effective_at_s - one.announced_at_s >= then.notice_s


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"effective_at_s": FIRST.announced_at_s - 1}, "effective_at_s: expected not before announced_at_s"),
        ({"notice_s": -1}, "notice_s, substitution_s: expected not below 0"),
        ({"substitution_s": -1}, "notice_s, substitution_s: expected not below 0"),
        ({"settlement_asset": "BTC"}, "settlement_asset: expected the first asset of the schedule, not BTC"),
        ({"schedule": {}}, "settlement_asset: expected the first asset of the schedule, not USDC"),
        ({"schedule": {"USDC": USDC, "BTC": replace(BTC, price=None)}}, "price: expected a rule for every asset but"),
        ({"schedule": {"USDC": replace(USDC, price=USDE.price)}}, "price: expected a rule for every asset but"),
    ],
)
def test_an_edition_that_contradicts_itself_is_not_made(wrong: Mapping[str, object], complaint: str) -> None:
    with pytest.raises(ScheduleError, match=complaint):
        replace(FIRST, **wrong)
