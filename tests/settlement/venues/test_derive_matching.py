"""What orders and quotes allow: each refusal, their order, and fills that never add up to more than was desired."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.venues.derive_matching import Filled, MakerFill, MatchRefusal, Stated, cash_paid_e36, rfq_refusal
from settlement.venues.derive_trades import Execute, Leg, Quote, Trade
from tests.settlement.venues.listing import COINS, PERPS
from tests.settlement.venues.signing import E18, LONG_ID, OWNERS, SPARE_ID, Wish

PRICE = 3_000 * E18


def stated(wish: Wish) -> Stated:
    signed = wish.signed()
    return Stated(signed.action, Trade.decoded(signed.action.data))


TAKER = Wish(worst_fee_e18=E18)
MAKER = Wish(is_bid=False, price_e18=2_990 * E18, worst_fee_e18=E18)


def fill(maker: Wish = MAKER, amount_e18: int = E18, price_e18: int = PRICE, fee_e18: int = 0) -> MakerFill:
    return MakerFill(stated(maker), amount_e18, price_e18, fee_e18)


R = MatchRefusal


@pytest.mark.parametrize(("taker", "fills", "fee_e18", "refusal"), [
    (TAKER, [], 0, R.NO_MAKER),
    (TAKER, [fill(replace(MAKER, subaccount_id=LONG_ID, asset=COINS))], 0, R.SIDES_ARE_ONE_SUBACCOUNT),
    (TAKER, [fill(replace(MAKER, asset=COINS), 0)], 0, R.INSTRUMENTS_DIFFER),
    (TAKER, [fill(replace(MAKER, sub_id=5))], 0, R.INSTRUMENTS_DIFFER),
    (TAKER, [fill(replace(MAKER, is_bid=True, subaccount_id=SPARE_ID), 0)], 0, R.SIDES_DO_NOT_OPPOSE),
    (TAKER, [fill(amount_e18=0), fill(price_e18=PRICE + 1)], 0, R.AMOUNT_MUST_BE_POSITIVE),
    (TAKER, [fill(replace(MAKER, recipient_id=0), price_e18=PRICE + 1)], 0, R.RECIPIENT_IS_NOT_THE_OWNERS),
    (TAKER, [fill(replace(MAKER, recipient_id=LONG_ID))], 0, R.RECIPIENT_IS_NOT_THE_OWNERS),
    (TAKER, [fill(replace(MAKER, recipient_id=SPARE_ID))], 0, None),
    (TAKER, [fill(price_e18=PRICE + 1, fee_e18=E18 + 1)], 0, R.PRICE_IS_BEYOND_THE_LIMIT),
    (TAKER, [fill(price_e18=2_990 * E18 - 1)], 0, R.PRICE_IS_BEYOND_THE_LIMIT),
    (TAKER, [fill(amount_e18=E18 // 2), fill(replace(MAKER, nonce=2), E18 // 2, PRICE + 1)], 0,
     R.PRICE_IS_BEYOND_THE_LIMIT),
    (TAKER, [fill(amount_e18=E18 + 1, fee_e18=2 * E18)], 0, R.FEE_IS_ABOVE_THE_WORST),
    (TAKER, [fill()], E18 + 1, R.FEE_IS_ABOVE_THE_WORST),
    (TAKER, [fill(fee_e18=E18)], E18, None),
    (TAKER, [fill(amount_e18=E18 + 1)], 0, R.EXCEEDS_DESIRED_AMOUNT),
    (replace(TAKER, coins_e18=9 * E18), [fill(amount_e18=E18 // 2), fill(amount_e18=E18 // 2 + 1)], 0,
     R.EXCEEDS_DESIRED_AMOUNT),
    (TAKER, [fill(amount_e18=E18 // 2), fill(amount_e18=E18 // 2)], 0, None),
])  # fmt: skip
def test_refusals_in_their_order(taker: Wish, fills: list[MakerFill], fee_e18: int, refusal: R | None) -> None:
    assert Filled(OWNERS).refusal(stated(taker), fills, fee_e18) is refusal


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=5, max_size=30))
def test_no_order_is_filled_beyond_what_was_desired(steps: list[tuple[int, bool]]) -> None:
    filled, taker = Filled(OWNERS), stated(replace(TAKER, coins_e18=100))
    fills: list[MakerFill] = []
    taken = 0
    for amount, bust in steps:
        one = fill(replace(MAKER, coins_e18=150), amount)
        if bust and fills:
            filled.add(taker, [fills[-1]], -1)
            taken -= fills.pop().amount_e18
        elif refused := filled.refusal(taker, [one]):
            assert (refused, taken + amount > 100) == (R.EXCEEDS_DESIRED_AMOUNT, True)
        else:
            filled.add(taker, [one])
            fills.append(one)
            taken += amount
        assert filled.left_e18(taker) == 100 - taken >= 0


LEGS = (Leg(PERPS, 0, PRICE, -E18), Leg(COINS, 7, 5, 3))


@pytest.mark.parametrize(("quote", "accepted", "fees_e18", "refusal"), [
    (Quote(0, ()), Execute(b"", 0), (1, 0), R.NO_MAKER),
    (Quote(4, LEGS), Execute(bytes(32), 5), (5, 5), R.FEE_IS_ABOVE_THE_WORST),
    (Quote(5, LEGS), Execute(bytes(32), 4), (5, 5), R.FEE_IS_ABOVE_THE_WORST),
    (Quote(5, LEGS), Execute(Quote(0, LEGS[::-1]).order_hash(), 5), (5, 5), R.LEGS_ARE_NOT_THOSE_ACCEPTED),
    (Quote(5, LEGS), Execute(Quote(9, LEGS).order_hash(), 5), (5, 5), None),
])  # fmt: skip
def test_an_rfq_is_what_both_have_signed(
    quote: Quote, accepted: Execute, fees_e18: tuple[int, int], refusal: R | None
) -> None:
    assert rfq_refusal(quote, accepted, *fees_e18) is refusal


def test_a_perpetual_moves_at_its_mark() -> None:
    assert cash_paid_e36(Leg(COINS, 7, 5 * E18, -2 * E18)) == -10 * E18 * E18
    assert cash_paid_e36(Leg(PERPS, 0, PRICE, E18), PRICE - 5 * E18) == 5 * E18 * E18
