"""The arithmetic of auctions: the specification's worked numbers, each phase, and what no bid may do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.auction import AuctionParameters, Bid, cash_after, cash_to_hold, insolvent_bid, solvent_bid
from margin.fixed import ONE, ZERO, Fixed
from margin.result import Margin
from tests.margin.holding import fixed

RULES = AuctionParameters(
    fixed("0.98"), fixed("0.80"), 100, 14_400, 600,
    liquidator_fee_rate=fixed("0.02"), buffer_margin_percentage=fixed("0.2"), mtm_cutoff=ZERO,
)  # fmt: skip
BELOW = Margin(fixed(-200), fixed(-100), fixed(120))
"""Maintenance missed by 100; the buffer margin is −100 − 0.2·220 = −144."""


def test_the_worked_numbers_of_the_specification() -> None:
    doubles = Fixed(10**6)
    margin = Margin(ZERO, fixed("-103.09061949052965"), fixed("119.30633018077472"))
    assert abs(RULES.buffer_margin(margin) - fixed("-147.57000942479047")) <= doubles
    assert abs(RULES.largest_share(margin, RULES.discount(0)) - fixed("0.5579412854255694")) <= doubles
    bid = solvent_bid(RULES, margin, ONE, 0, ZERO)
    assert bid is not None
    assert abs(bid.cash - fixed("65.23460867605947")) <= doubles
    assert bid.ends_auction


@pytest.mark.parametrize(
    ("elapsed_s", "discount"),
    [
        (0, "0.98"),
        (50, "0.89"),
        (100, "0.8"),
        (7300, "0.4"),
        (14_499, "0.000055555555555555"),
        (14_500, "0"),
        (10**6, "0"),
    ],
)
def test_the_discount_falls_fast_then_slowly_then_to_nothing(elapsed_s: int, discount: str) -> None:
    assert abs(RULES.discount(elapsed_s) - fixed(discount)) <= Fixed(100)


def test_the_largest_share_lifts_the_buffer_to_zero() -> None:
    assert RULES.buffer_margin(BELOW) == -144
    assert RULES.largest_share(BELOW, ONE) == fixed(144) / 264
    assert RULES.largest_share(BELOW, fixed("0.5"), fixed(20)) == fixed(144) / (144 + 60 + 10)
    assert RULES.fee(BELOW) == fixed("0.02") * 120 * (fixed(144) / 264)
    # At the buffer there is nothing to sell; maintenance alone is not enough.
    assert RULES.largest_share(Margin(ZERO, fixed(20), fixed(120)), ONE) == 0
    assert RULES.largest_share(Margin(ZERO, fixed(19), fixed(120)), ONE) > 0
    assert RULES.largest_share(Margin(ZERO, fixed(50), fixed(120)), ONE) == 0


def test_a_small_account_is_sold_whole() -> None:
    cutoff = replace(RULES, mtm_cutoff=fixed(121))
    assert cutoff.largest_share(BELOW, ONE) == 1
    assert cutoff.largest_share(Margin(ZERO, fixed(50), fixed(120)), ONE) == 1
    assert replace(RULES, mtm_cutoff=fixed(120)).largest_share(BELOW, ONE) < 1


def test_a_bid_in_part_and_its_price() -> None:
    bid = solvent_bid(RULES, BELOW, fixed("0.1"), 50, fixed(20))
    assert bid == Bid(fixed("0.1"), 100 * fixed("0.89") * fixed("0.1"), ends_auction=False)
    assert cash_to_hold(RULES, BELOW, bid, fixed(20)) == bid.cash + fixed("16.4")
    assert cash_after(fixed(-50), bid, fixed(20)) == -50 + 7 + bid.cash
    most = solvent_bid(RULES, BELOW, ONE, 50, fixed(20))
    assert most is not None
    assert most.share == RULES.largest_share(BELOW, fixed("0.89"), fixed(20)) < 1
    assert most.ends_auction


@pytest.mark.parametrize(
    ("margin", "elapsed_s", "reserved"),
    [
        (BELOW, 14_500, 0),  # after both phases there is no price
        (BELOW, 0, 121),  # more is reserved than all is worth
        (BELOW, 0, 120),
        (Margin(ZERO, fixed(50), fixed(120)), 0, 0),  # nothing has to be sold
        (Margin(ZERO, fixed(-5), fixed(-1)), 0, 0),  # worth nothing: that is another kind of auction
    ],
)
def test_where_nothing_is_sold_at_a_price(margin: Margin, elapsed_s: int, reserved: int) -> None:
    assert solvent_bid(RULES, margin, ONE, elapsed_s, fixed(reserved)) is None


@pytest.mark.parametrize(
    ("margin", "elapsed_s", "share", "paid"),
    [
        ((-300, -100), 0, "1", "-100"),
        ((-300, -100), 300, "1", "-200"),
        ((-300, -100), 600, "1", "-300"),
        ((-300, -100), 6000, "1", "-300"),
        ((-300, -100), 300, "0.25", "-50"),
        ((-300, 40), 300, "1", "-150"),  # worth something: the price begins at nothing
        ((0, -100), 300, "1", "0"),
        ((5, -100), 300, "0.5", "0"),
    ],
)
def test_bidders_for_an_insolvent_account_are_paid(
    margin: tuple[int, int], elapsed_s: int, share: str, paid: str
) -> None:
    maintenance, worth = margin
    bid = insolvent_bid(RULES, Margin(ZERO, fixed(maintenance), fixed(worth)), fixed(share), elapsed_s)
    assert (bid.share, bid.cash) == (fixed(share), fixed(paid))
    assert bid.ends_auction is (maintenance >= 0 or share == "1")


@given(st.integers(-900, -1), st.integers(1, 500), st.integers(0, 14_000), st.integers(1, 99))
def test_two_bids_leave_what_the_largest_share_promises(mm: int, worth: int, elapsed_s: int, percent: int) -> None:
    """After any first bid, what is then the largest share still lifts the buffer margin to zero."""
    margin, cash, reserved = Margin(ZERO, fixed(mm), fixed(worth)), ZERO, ZERO
    first = solvent_bid(RULES, margin, fixed(percent) / 100, elapsed_s, reserved)
    assert first is not None
    # Positions are all; a share leaves and its price comes.
    left = ONE - first.share
    reserved = cash_after(cash, first, reserved)
    after = Margin(ZERO, margin.maintenance * left + reserved, margin.mark_to_market * left + reserved)
    second = solvent_bid(RULES, after, ONE, elapsed_s, reserved)
    if second is None:
        # What the first left to be sold is a rounding, or nothing.
        assert RULES.buffer_margin(after) >= -Fixed(10**6)
        return
    rest = ONE - second.share
    cash = cash_after(reserved, second, reserved)
    final = Margin(ZERO, (after.maintenance - reserved) * rest + cash, (after.mark_to_market - reserved) * rest + cash)
    assert abs(RULES.buffer_margin(final)) <= Fixed(10**8)
