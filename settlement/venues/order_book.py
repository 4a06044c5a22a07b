"""A limit order book: the best price first, and at one price whoever came first. Lots and ticks are ints.

A taker trades at the makers' prices. Nobody trades with himself: his resting order, the older one, is cancelled, and
the new one goes on. The book never crosses.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from heapq import heappop, heappush

from settlement.venues.orders import Lifetime, Order, OrderRefusal, Placed, Trade


@dataclass(slots=True)
class _Resting:
    order: Order
    lots: int


@dataclass(slots=True)
class _Half:
    """The bids or the asks of a book: a queue a price, and a heap of prices that may name emptied ones."""

    sign: int
    """−1 for bids, whose best price is the highest; +1 for asks."""
    queues: dict[int, "OrderedDict[str, _Resting]"] = field(default_factory=dict)
    heap: list[int] = field(default_factory=list)

    def best(self) -> int | None:
        """The best price in ticks, None of an empty half."""
        while self.heap and self.sign * self.heap[0] not in self.queues:
            heappop(self.heap)
        return self.sign * self.heap[0] if self.heap else None

    def add(self, resting: _Resting, ticks: int) -> None:
        if ticks not in self.queues:
            self.queues[ticks] = OrderedDict()
            heappush(self.heap, self.sign * ticks)
        self.queues[ticks][resting.order.id] = resting

    def remove(self, id_: str, ticks: int) -> None:
        del self.queues[ticks][id_]
        if not self.queues[ticks]:
            del self.queues[ticks]

    def meets(self, limit_ticks: int | None) -> int | None:
        """The best price, if an order of the other side with this limit would take it."""
        best = self.best()
        out_of_reach = best is None or (limit_ticks is not None and self.sign * best > self.sign * limit_ticks)
        return None if out_of_reach else best


@dataclass(slots=True)
class OrderBook:
    """The resting orders in one instrument."""

    _bids: _Half = field(default_factory=lambda: _Half(-1))
    _asks: _Half = field(default_factory=lambda: _Half(1))
    _resting: dict[str, _Resting] = field(default_factory=dict)

    def place(self, order: Order) -> Placed | OrderRefusal:
        """Match an order, and let its rest rest. A refusal changes nothing. An id may return once it rests no more."""
        if refusal := self._refusal(order):
            return refusal
        trades: list[Trade] = []
        gave_way: list[str] = []
        other, left = self._half(not order.is_bid), order.lots
        while left and (ticks := other.meets(order.limit_ticks)) is not None:
            maker = next(iter(other.queues[ticks].values()))
            if maker.order.account == order.account:
                gave_way.append(maker.order.id)
                self._remove(maker.order)
                continue
            lots = min(left, maker.lots)
            trades.append(Trade(order, maker.order, lots, ticks))
            left -= lots
            maker.lots -= lots
            if not maker.lots:
                self._remove(maker.order)
        rests = left and order.lifetime is not Lifetime.IMMEDIATE
        if rests and order.limit_ticks is not None:
            self._resting[order.id] = _Resting(order, left)
            self._half(order.is_bid).add(self._resting[order.id], order.limit_ticks)
            return Placed(tuple(trades), left, 0, tuple(gave_way))
        return Placed(tuple(trades), 0, left, tuple(gave_way))

    def cancel(self, id_: str) -> int | OrderRefusal:
        """Take a resting order out of the book; the lots that it still had."""
        if id_ not in self._resting:
            return OrderRefusal.NO_SUCH_ORDER
        resting = self._resting[id_]
        self._remove(resting.order)
        return resting.lots

    def best_bid(self) -> int | None:
        """In ticks; None where nobody bids."""
        return self._bids.best()

    def best_ask(self) -> int | None:
        """In ticks; None where nobody offers."""
        return self._asks.best()

    def resting(self) -> dict[str, int]:
        """Lots of every resting order, by its id, the oldest first."""
        return {id_: resting.lots for id_, resting in self._resting.items()}

    def _refusal(self, order: Order) -> OrderRefusal | None:
        if order.lots <= 0:
            return OrderRefusal.LOTS_MUST_BE_POSITIVE
        if order.limit_ticks is not None and order.limit_ticks <= 0:
            return OrderRefusal.PRICE_MUST_BE_POSITIVE
        if order.limit_ticks is None and order.lifetime is not Lifetime.IMMEDIATE:
            return OrderRefusal.ORDER_WITHOUT_A_LIMIT_CANNOT_REST
        if order.id in self._resting:
            return OrderRefusal.ID_IS_RESTING
        takes = self._half(not order.is_bid).meets(order.limit_ticks) is not None
        return OrderRefusal.WOULD_TAKE if takes and order.lifetime is Lifetime.POST_ONLY else None

    def _half(self, is_bid: bool) -> _Half:
        return self._bids if is_bid else self._asks

    def _remove(self, order: Order) -> None:
        del self._resting[order.id]
        if order.limit_ticks is not None:
            self._half(order.is_bid).remove(order.id, order.limit_ticks)
