"""Signed orders from the client to the mirror: what the venue takes, and what the mirror refuses of what it reports."""

from dataclasses import replace
from enum import StrEnum

import pytest

from settlement.venues.action_check import ActionCheck, Evidence, FillRefusal
from settlement.venues.derive_matching import MatchRefusal
from settlement.venues.derive_nonces import NonceRefusal
from settlement.venues.derive_verification import ActionRefusal
from settlement.venues.entry import Entry, unpacked
from settlement.venues.orders import Lifetime, Order, OrderRefusal, Placed
from settlement.venues.signed_market import SignedMarket
from settlement.venues.signed_orders import AdmissionRefusal
from tests.settlement.venues.listing import BTC, COINS, ETH, START_MS, venue
from tests.settlement.venues.signing import E18, LONG, LONG_ID, NOW_S, SHORT, SHORT_ID, SPARE_ID, Wish, orders

BID, ASK = Wish(), Wish(is_bid=False)
A = AdmissionRefusal


def market(*wishes: Wish) -> SignedMarket:
    made = SignedMarket(venue(), orders())
    for wish in wishes:
        assert isinstance(made.submit(wish.signed(), Lifetime.REST, START_MS), Placed)
    return made


async def traded(made: SignedMarket) -> tuple[Entry, Evidence]:
    """The first fill and its actions."""
    return unpacked(made.venue.tape.publish()[0].body)[0], (await made.evidence([1]))[1]


@pytest.mark.parametrize(("wish", "by", "refusal"), [
    (replace(BID, expiry_s=NOW_S - 1, module=COINS), LONG, ActionRefusal.EXPIRED),
    (replace(BID, module=COINS), SHORT, ActionRefusal.SIGNATURE_IS_INVALID),
    (replace(BID, module=COINS, data=b""), LONG, A.MODULE_IS_NOT_THE_TRADE_MODULE),
    (replace(BID, data=b"no order", nonce=9), LONG, A.DATA_ARE_NO_ORDER),
    (replace(BID, price_e18=1, nonce=9, sub_id=1), LONG, NonceRefusal.NONCE_IS_BOUND_TO_OTHER_DATA),
    (replace(BID, sub_id=1, recipient_id=0), LONG, A.UNKNOWN_INSTRUMENT),
    (replace(BID, recipient_id=SHORT_ID, price_e18=1), LONG, A.RECIPIENT_IS_NOT_THE_OWNERS),
    (replace(BID, price_e18=1, coins_e18=1), LONG, A.PRICE_IS_OFF_THE_TICK),
    (replace(BID, price_e18=-10**16), LONG, A.PRICE_IS_OFF_THE_TICK),
    (replace(BID, coins_e18=E18 + 1), LONG, A.AMOUNT_IS_NOT_IN_WHOLE_LOTS),
    (replace(BID, coins_e18=0), LONG, A.NOTHING_IS_LEFT_TO_FILL),
    (replace(BID, nonce=9), LONG, OrderRefusal.ID_IS_RESTING),
])  # fmt: skip
def test_what_the_venue_does_not_take(wish: Wish, by: object, refusal: StrEnum) -> None:
    made = market(replace(BID, nonce=9))
    assert made.submit(wish.signed(LONG if by is LONG else SHORT), Lifetime.REST, START_MS) is refusal
    assert made.venue.tape.last == 0


async def test_a_fill_is_what_both_have_signed() -> None:
    made = market(replace(ASK, recipient_id=SPARE_ID), BID)
    fill, shown = await traded(made)
    assert (fill.lots, fill.buyer, fill.seller) == (100, LONG_ID, SPARE_ID)
    assert ActionCheck(orders()).refusal(1, fill, shown) is None
    assert made.submit(BID.signed(), Lifetime.REST, START_MS) is A.NOTHING_IS_LEFT_TO_FILL


async def test_the_venues_own_side_signs_nothing() -> None:
    made = market(BID)
    made.place(ETH, Order("house", 0, False, 30, 300_000), START_MS)
    fill, shown = await traded(made)
    check = ActionCheck(orders())
    assert shown.taker is None
    assert check.refusal(1, fill, shown) is None
    assert check.refusal(2, replace(fill, lots=71), shown) is MatchRefusal.EXCEEDS_DESIRED_AMOUNT
    assert check.refusal(2, replace(fill, lots=70), shown) is None
    assert check.refusal(3, replace(fill, seller=SHORT_ID, lots=1), shown) is FillRefusal.NO_ACTION_IS_SHOWN


def test_an_order_whose_action_has_expired_meets_nobody() -> None:
    made = market(replace(ASK, expiry_s=NOW_S + 5))
    placed = made.submit(BID.signed(), Lifetime.IMMEDIATE, START_MS + 6_000)
    assert placed == Placed(cancelled_lots=100)


@pytest.mark.parametrize(("lie", "refusal"), [
    ({"buyer": SPARE_ID}, FillRefusal.ANOTHER_SIDE_OR_ACCOUNT),
    ({"buyer": SHORT_ID, "seller": LONG_ID}, FillRefusal.ANOTHER_SIDE_OR_ACCOUNT),
    ({"instrument": BTC, "buyer": SPARE_ID}, FillRefusal.ANOTHER_INSTRUMENT),
    ({"occurred_at_ms": START_MS + 3_601_000, "instrument": BTC}, ActionRefusal.EXPIRED),
    ({"price_e6": 3_000_010_000}, MatchRefusal.PRICE_IS_BEYOND_THE_LIMIT),
    ({"price_e6": 2_999_990_000}, MatchRefusal.PRICE_IS_BEYOND_THE_LIMIT),
    ({"lots": 101}, MatchRefusal.EXCEEDS_DESIRED_AMOUNT),
    ({"lots": 0}, MatchRefusal.AMOUNT_MUST_BE_POSITIVE),
])  # fmt: skip
async def test_what_a_venue_that_lies_is_refused(lie: dict[str, int], refusal: StrEnum) -> None:
    fill, shown = await traded(market(ASK, BID))
    assert ActionCheck(orders()).refusal(1, replace(fill, **lie), shown) is refusal


async def test_actions_that_are_not_shown_or_not_signed() -> None:
    fill, shown = await traded(market(ASK, BID))
    check = ActionCheck(orders())
    assert check.refusal(1, fill, None) is FillRefusal.NO_ACTION_IS_SHOWN
    assert check.refusal(1, fill, replace(shown, maker=None)) is FillRefusal.NO_ACTION_IS_SHOWN
    forged = replace(shown, taker=BID.signed(SHORT))
    assert check.refusal(1, fill, forged) is ActionRefusal.SIGNATURE_IS_INVALID
    assert check.refusal(1, fill, replace(shown, maker_fee_e18=1)) is MatchRefusal.FEE_IS_ABOVE_THE_WORST
    other = replace(BID, price_e18=3_100 * E18)
    assert check.refusal(1, fill, shown) is None
    again = check.refusal(2, fill, replace(shown, taker=other.signed()))
    assert again is NonceRefusal.NONCE_IS_BOUND_TO_OTHER_DATA


async def test_a_break_is_named_and_a_correction_frees_what_was_taken() -> None:
    made = market(replace(ASK, coins_e18=2 * E18), replace(BID, coins_e18=2 * E18))
    [told] = made.venue.publish()
    shown = await made.evidence([1])
    check = ActionCheck(orders())
    assert check.check(told, shown) == []
    assert check.check(told, shown) == []  # heard twice
    made.venue.correct(1, 150, 3_000_000_000, START_MS + 1)
    made.venue.correct(2, 201, 3_000_000_000, START_MS + 2)
    [correction, beyond] = made.venue.publish()[0].entries()
    assert (correction["lots"], beyond["lots"]) == (150, 201)
    [refused] = check.check((await made.venue.fetch(2, 3))[0], {})
    assert str(refused) == "harbour, entry 3: 201 lots of 1 from 21 to 11: exceeds desired amount"


async def test_busts_free_orders_in_whatever_order_they_are_heard() -> None:
    made = market(ASK, BID)
    made.venue.bust(1, START_MS)
    made.venue.publish()
    shown = await made.evidence([1])
    fills, busts = [(await made.venue.fetch(number, number))[0] for number in (1, 2)]
    for heard in ([fills, busts], [busts, fills]):
        check = ActionCheck(orders())
        assert [check.check(report, shown) for report in heard] == [[], []]
        assert not any(check.orders.filled.amounts_e18.values())
