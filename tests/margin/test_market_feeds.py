"""Marks of one underlying from its feeds: each feed's own limit, and only what is needed is asked for."""

from dataclasses import replace

import pytest

from margin.feeds import ImplausibleFeedError, Said, SaidForward, SaidSurface, StaleFeedError
from margin.fixed import ONE
from margin.market_feeds import ExpiryFeeds, MarketFeeds, Needs, market
from margin.marks import Mark, Market, MissingMarkError, Quotes
from margin.portfolio import portfolio_margin
from margin.positions import Holdings
from tests.margin.holding import PLAIN, call, fixed

NOW_S = 1_800_000_000
WEEK_S = 7 * 86_400
LATER_S = NOW_S + WEEK_S
SURFACE = Quotes({fixed(2000): fixed("0.8")})


def said(value: object, age_s: int = 0, confidence: object = 1) -> Said:
    return Said(fixed(value), fixed(confidence), NOW_S - age_s)


def dated(age_s: int = 0, left_s: int = WEEK_S) -> tuple[int, ExpiryFeeds]:
    """When it expires, and what was said of it; the forward is 3 above spot, the rate 2%."""
    forward = SaidForward(fixed(3), fixed("0.95"), NOW_S - age_s, fixed(10), fixed(10 + 1_800_000))
    surface = SaidSurface(SURFACE, fixed("0.7"), NOW_S - age_s)
    return NOW_S + left_s, ExpiryFeeds(forward, surface, said("0.02", age_s, "0.6"))


def feeds(*some: tuple[int, ExpiryFeeds]) -> MarketFeeds:
    return MarketFeeds("ETH", said(2000, 100, "0.9"), said(2010, 800, "0.8"), dict(some or (dated(),)))


ALL = Needs(perp=True, rates=True, expiries=(LATER_S,))


def test_everything_that_is_needed() -> None:
    found = market(feeds(), ALL, NOW_S)
    assert (found.spot, found.perp) == (Mark(fixed(2000), fixed("0.9")), Mark(fixed(2010), fixed("0.8")))
    one = found.expiry(WEEK_S)
    assert (one.forward_fixed, one.forward_variable, one.rate) == (0, 2003, fixed("0.02"))
    assert (one.forward_confidence, one.rate_confidence, one.volatility_confidence) == (
        fixed("0.9"),  # the lesser of its own and spot's
        fixed("0.6"),
        fixed("0.7"),
    )
    assert one.surface is SURFACE
    held = Holdings(perp=ONE, options=(call(2000, -1),))
    assert portfolio_margin(PLAIN, ONE, found, ONE, held).margin.initial < 0


def aged(which: str, age_s: int) -> Market:
    """The marks when one feed is of an age."""
    base, (expires_at_s, one) = feeds(), dated()
    if which in ("spot", "perp"):
        return market(replace(base, **{which: said(2000, age_s)}), ALL, NOW_S)
    part = getattr(one, which)
    older = replace(one, **{which: replace(part, observed_at_s=NOW_S - age_s)})
    return market(replace(base, expiries={expires_at_s: older}), ALL, NOW_S)


@pytest.mark.parametrize(
    ("which", "limit_s"), [("spot", 180), ("perp", 900), ("forward", 3600), ("volatility", 1200), ("rate", 43_200)]
)
def test_each_feed_has_its_own_limit(which: str, limit_s: int) -> None:
    assert aged(which, limit_s).spot.price == 2000
    with pytest.raises(StaleFeedError, match=f"^ETH.* {which} is {limit_s + 1} s old, at most {limit_s} s") as stale:
        aged(which, limit_s + 1)
    assert stale.value.feed.startswith("ETH")


def test_in_the_window_a_forward_is_held_to_less() -> None:
    for left_s, limit_s in ((1800, 3600), (1799, 180)):
        needs = Needs(expiries=(NOW_S + left_s,))
        forward = dated(limit_s, left_s)[1].forward
        fine = feeds((NOW_S + left_s, replace(dated()[1], forward=forward)))
        assert market(fine, needs, NOW_S).expiry(left_s).forward > 0
        older = feeds(
            (NOW_S + left_s, replace(dated()[1], forward=replace(forward, observed_at_s=NOW_S - limit_s - 1)))
        )
        with pytest.raises(StaleFeedError, match=f"at most {limit_s} s"):
            market(older, needs, NOW_S)


def test_what_is_not_needed_may_be_silent() -> None:
    bare = MarketFeeds("ETH", said(2000), None, {LATER_S: replace(dated()[1], rate=None)})
    found = market(bare, Needs(expiries=(LATER_S,)), NOW_S)
    assert found.perp.price == 0
    assert (found.expiry(WEEK_S).rate, found.expiry(WEEK_S).rate_confidence) == (0, 1)
    assert market(replace(bare, expiries={}), Needs(), NOW_S).expiries == {}


BARE = MarketFeeds("ETH", said(2000), None, {LATER_S: replace(dated()[1], rate=None)})


@pytest.mark.parametrize(
    ("told", "needs", "says"),
    [
        (replace(BARE, spot=None), Needs(), "no value of ETH spot"),
        (BARE, Needs(perp=True), "no value of ETH perp"),
        (BARE, Needs(expiries=(LATER_S + 1,)), f"no forward of ETH {LATER_S + 1}"),
        (BARE, Needs(rates=True, expiries=(LATER_S,)), f"no value of ETH {LATER_S} rate"),
    ],
)
def test_what_is_missing_is_named(told: MarketFeeds, needs: Needs, says: str) -> None:
    with pytest.raises(MissingMarkError, match=says):
        market(told, needs, NOW_S)


@pytest.mark.parametrize(
    ("mark", "is_plausible"), [("2120", True), ("2120.01", False), ("1880", True), ("1879.99", False)]
)
def test_the_perpetual_stays_near_spot(mark: str, is_plausible: bool) -> None:
    told = replace(feeds(), perp=said(mark))
    if is_plausible:
        assert market(told, ALL, NOW_S).perp.price == fixed(mark)
        return
    with pytest.raises(ImplausibleFeedError, match=f"ETH perp at {mark} is more than 0.06 away from spot at 2000"):
        market(told, ALL, NOW_S)


def test_the_farthest_expiry() -> None:
    for days, more_s in ((400, 0), (400, 1)):
        left_s = days * 86_400 + more_s
        told, needs = feeds(dated(left_s=left_s)), Needs(expiries=(NOW_S + left_s,))
        if not more_s:
            assert market(told, needs, NOW_S).expiry(left_s).forward == 2003
            continue
        with pytest.raises(ImplausibleFeedError, match=f"expires in {left_s} s, at most 34560000 s"):
            market(told, needs, NOW_S)


def test_a_forward_at_or_below_zero_is_none() -> None:
    expires_at_s, one = dated()
    low = replace(one, forward=replace(one.forward, difference=fixed(-2000)))
    with pytest.raises(MissingMarkError, match=f"no price above zero of the ETH {expires_at_s} forward"):
        market(feeds((expires_at_s, low)), ALL, NOW_S)


def test_an_expiry_that_has_passed_needs_its_settlement_price() -> None:
    expires_at_s, one = dated(left_s=-600)
    needs = Needs(expiries=(expires_at_s,))
    with pytest.raises(MissingMarkError, match="no average at the expiry"):
        market(feeds((expires_at_s, one)), needs, NOW_S)
    settled = replace(one, forward=replace(one.forward, observed_at_s=expires_at_s))
    live = market(feeds((expires_at_s, settled)), needs, NOW_S).expiry(0)
    assert (live.forward_fixed, live.forward_variable) == (1000, 0)
    other_s = expires_at_s - 60
    two = {expires_at_s: settled, other_s: replace(settled, forward=replace(one.forward, observed_at_s=other_s))}
    with pytest.raises(ImplausibleFeedError, match="settle the first"):
        market(feeds(*two.items()), Needs(expiries=(expires_at_s, other_s)), NOW_S)
