"""The order book: refusals, who trades with whom at which price, and a plain twin that sorts a list for every order."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.venues.order_book import OrderBook
from settlement.venues.orders import Lifetime, Order, OrderRefusal, Placed

BUYER, SELLER, THIRD = 1, 2, 3


def bid(id_: str, lots: int, ticks: int | None, account: int = BUYER, lifetime: Lifetime = Lifetime.REST) -> Order:
    return Order(id_, account, True, lots, ticks, lifetime)


def ask(id_: str, lots: int, ticks: int | None, account: int = SELLER, lifetime: Lifetime = Lifetime.REST) -> Order:
    return Order(id_, account, False, lots, ticks, lifetime)


def book(*orders: Order) -> OrderBook:
    made = OrderBook()
    for order in orders:
        assert isinstance(made.place(order), Placed)
    return made


POST_ONLY, IMMEDIATE = Lifetime.POST_ONLY, Lifetime.IMMEDIATE


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        (bid("b", 0, 0, lifetime=POST_ONLY), OrderRefusal.LOTS_MUST_BE_POSITIVE),
        (bid("a", -1, 9), OrderRefusal.LOTS_MUST_BE_POSITIVE),
        (bid("a", 1, 0, lifetime=POST_ONLY), OrderRefusal.PRICE_MUST_BE_POSITIVE),
        (bid("a", 1, None), OrderRefusal.ORDER_WITHOUT_A_LIMIT_CANNOT_REST),
        (bid("b", 1, None, lifetime=POST_ONLY), OrderRefusal.ORDER_WITHOUT_A_LIMIT_CANNOT_REST),
        (bid("a", 1, 9, lifetime=POST_ONLY), OrderRefusal.ID_IS_RESTING),
        (bid("b", 1, 9, lifetime=POST_ONLY), OrderRefusal.WOULD_TAKE),
        (bid("b", 1, 5, lifetime=POST_ONLY), OrderRefusal.WOULD_TAKE),
    ],
)
def test_refusals_in_their_order_change_nothing(order: Order, refusal: OrderRefusal) -> None:
    made = book(ask("a", 3, 5))
    assert made.place(order) is refusal
    assert made.resting() == {"a": 3}
    assert made.cancel("nobody's") is OrderRefusal.NO_SUCH_ORDER


def test_what_may_succeed_later() -> None:
    made = book(ask("a", 3, 5))
    for order in (bid("a", 1, 4), bid("b", 1, 9, lifetime=POST_ONLY)):
        refusal = made.place(order)
        assert isinstance(refusal, OrderRefusal)
        assert refusal.retry_may_succeed
    assert made.cancel("a") == 3
    assert isinstance(made.place(bid("a", 1, 4)), Placed)
    assert not OrderRefusal.LOTS_MUST_BE_POSITIVE.retry_may_succeed


def test_the_best_price_first_then_whoever_came_first() -> None:
    made = book(ask("dear", 2, 7), ask("first", 2, 5), ask("second", 2, 5, THIRD))
    placed = made.place(bid("taker", 5, 7))
    assert isinstance(placed, Placed)
    assert [(trade.maker.id, trade.lots, trade.ticks) for trade in placed.trades] == [
        ("first", 2, 5), ("second", 2, 5), ("dear", 1, 7),
    ]  # fmt: skip
    assert {(trade.buyer, trade.seller) for trade in placed.trades} == {(BUYER, SELLER), (BUYER, THIRD)}
    assert made.resting() == {"dear": 1}


def test_what_meets_nobody_rests_or_is_cancelled() -> None:
    made = book(ask("a", 1, 5))
    placed = made.place(bid("taker", 3, 5, lifetime=IMMEDIATE))
    assert isinstance(placed, Placed)
    assert (len(placed.trades), placed.resting_lots, placed.cancelled_lots) == (1, 0, 2)
    market = made.place(bid("market", 3, None, lifetime=IMMEDIATE))
    assert market == Placed(cancelled_lots=3)
    assert made.place(bid("rests", 3, 5)) == Placed(resting_lots=3)
    assert (made.best_bid(), made.best_ask()) == (5, None)


def test_nobody_trades_with_himself() -> None:
    made = book(ask("own", 4, 5, BUYER), ask("other's", 1, 5))
    placed = made.place(bid("taker", 2, 5))
    assert isinstance(placed, Placed)
    assert [trade.maker.id for trade in placed.trades] == ["other's"]
    assert placed.gave_way == ("own",)
    assert made.resting() == {"taker": 1}


@dataclass
class Plain:
    """Price-time priority without any structure: all orders in one list, searched anew for every lot."""

    orders: list[Order] = field(default_factory=list)

    def place(self, order: Order) -> tuple[list[tuple[str, int]], list[str]]:
        """One lot at a time: (maker, ticks) of each."""
        met: list[tuple[str, int]] = []
        gave_way: list[str] = []
        left = order.lots
        while left:
            fitting = [one for one in self.orders if one.is_bid is not order.is_bid and self._meets(order, one)]
            if not fitting:
                break
            best = min(fitting, key=lambda one: -ticks_of(one) if one.is_bid else ticks_of(one))
            place = self.orders.index(best)
            if best.account == order.account:
                gave_way.append(best.id)
                del self.orders[place]
                continue
            met.append((best.id, ticks_of(best)))
            left -= 1
            self.orders[place] = replace(best, lots=best.lots - 1)
            if best.lots == 1:
                del self.orders[place]
        if left and order.lifetime is not IMMEDIATE:
            self.orders.append(replace(order, lots=left))
        return met, gave_way

    def _meets(self, order: Order, one: Order) -> bool:
        if order.limit_ticks is None:
            return True
        return ticks_of(one) <= order.limit_ticks if order.is_bid else ticks_of(one) >= order.limit_ticks


def ticks_of(order: Order) -> int:
    assert order.limit_ticks is not None
    return order.limit_ticks


orders = st.builds(
    lambda account, is_bid, lots, ticks, lifetime: Order("", account, is_bid, lots, ticks, lifetime),
    st.integers(1, 3), st.booleans(), st.integers(1, 6), st.integers(1, 6), st.sampled_from(Lifetime),
) | st.builds(
    lambda account, is_bid, lots: Order("", account, is_bid, lots, None, IMMEDIATE),
    st.integers(1, 3), st.booleans(), st.integers(1, 6),
)  # fmt: skip
steps = st.lists(orders | st.integers(0, 15), min_size=20, max_size=40)
"""An order, or the turn whose order is cancelled."""


def test_a_book_is_its_plain_twin_and_never_crosses() -> None:
    traded = refused = cancelled = 0

    @given(steps)
    def holds(turns: list[Order | int]) -> None:
        nonlocal traded, refused, cancelled
        made, plain = OrderBook(), Plain()
        for turn, step in enumerate(turns):
            if isinstance(step, int):
                lots = made.cancel(str(step))
                found = [one.lots for one in plain.orders if one.id == str(step)]
                plain.orders = [one for one in plain.orders if one.id != str(step)]
                assert found == ([] if lots is OrderRefusal.NO_SUCH_ORDER else [lots])
                cancelled += len(found)
                continue
            order = replace(step, id=str(turn))
            placed = made.place(order)
            if not isinstance(placed, Placed):
                assert placed is OrderRefusal.WOULD_TAKE
                refused += 1
                continue
            met, gave_way = plain.place(order)
            assert [(trade.maker.id, trade.ticks) for trade in placed.trades for _ in range(trade.lots)] == met
            assert list(placed.gave_way) == gave_way
            assert len(met) + placed.resting_lots + placed.cancelled_lots == order.lots
            assert made.resting() == {one.id: one.lots for one in plain.orders}
            low, high = made.best_bid(), made.best_ask()
            assert low is None or high is None or low < high
            traded += len(met)

    holds()
    assert min(traded, refused, cancelled) > 10
