"""A simulated venue that takes orders as signed actions, and shows the actions behind every fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from settlement.venues.action_check import Evidence
from settlement.venues.derive_actions import SignedAction
from settlement.venues.orders import Lifetime, Order, OrderRefusal, Placed
from settlement.venues.signed_orders import Admitted, Refused, SignedOrders
from settlement.venues.simulated import SimulatedVenue


@dataclass(slots=True)
class SignedMarket:
    """Orders go through here to `venue`; plain ones are the venue's own account's. Accounts are subaccount ids."""

    venue: SimulatedVenue
    orders: SignedOrders
    _admitted: dict[str, Admitted] = field(default_factory=dict)
    _evidence: dict[int, Evidence] = field(default_factory=dict)

    def submit(self, signed: SignedAction, lifetime: Lifetime, now_ms: int) -> Placed | OrderRefusal | Refused:
        """A client's order, for what is left of it."""
        admitted = self.orders.admit(signed, lifetime, now_ms // 1000)
        if not isinstance(admitted, Admitted):
            return admitted
        before = self._admitted.get(admitted.order.id)
        self._admitted[admitted.order.id] = admitted
        placed = self.place(admitted.instrument.id, admitted.order, now_ms)
        if placed is OrderRefusal.ID_IS_RESTING and before is not None:
            self._admitted[admitted.order.id] = before  # its fills are those of the action that rests
        return placed

    def place(self, number: int, order: Order, now_ms: int) -> Placed | OrderRefusal:
        """An order of the venue's own, or one that was admitted; VenueError for one that is not traded."""
        self._drop_lapsed(number, now_ms // 1000)
        placed = self.venue.place(number, order, now_ms)
        if isinstance(placed, Placed):
            first = self.venue.tape.last - len(placed.trades) + 1
            for entry_number, trade in enumerate(placed.trades, first):
                sides = [self._admitted.get(side.id) for side in (trade.taker, trade.maker)]
                taker, maker = (side.signed if side else None for side in sides)
                self._evidence[entry_number] = Evidence(taker, maker)
                for side in sides:
                    if side:
                        self.orders.filled.add_side(side.stated, trade.lots * side.instrument.lot_size_e18)
        return placed

    async def evidence(self, numbers: Sequence[int]) -> Mapping[int, Evidence]:
        """The actions behind fills, by entry number."""
        return {number: self._evidence[number] for number in numbers if number in self._evidence}

    def _drop_lapsed(self, number: int, now_s: int) -> None:
        """Orders whose action, or whose key, has expired while they rested meet nobody any more."""
        book = self.venue.order_books.get(number)
        for id_ in book.resting() if book else ():
            admitted = self._admitted.get(id_)
            if admitted and self.orders.verifier.refusal(admitted.signed, now_s):
                self.venue.cancel(number, id_)
