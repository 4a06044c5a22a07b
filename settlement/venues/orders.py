"""Orders, what becomes of them, and why one is refused. Lots and ticks are ints."""

from dataclasses import dataclass
from enum import StrEnum


class Lifetime(StrEnum):
    """What becomes of the part of an order that meets nobody at once."""

    REST = "rest"
    IMMEDIATE = "immediate"
    """It is cancelled ("immediate or cancel")."""
    POST_ONLY = "post_only"
    """It rests; an order that would meet somebody is refused whole."""


class OrderRefusal(StrEnum):
    """Why an order, or a cancellation, changes nothing; where several hold, the earlier is the answer."""

    LOTS_MUST_BE_POSITIVE = "lots_must_be_positive"
    PRICE_MUST_BE_POSITIVE = "price_must_be_positive"
    ORDER_WITHOUT_A_LIMIT_CANNOT_REST = "order_without_a_limit_cannot_rest"
    ID_IS_RESTING = "id_is_resting"
    WOULD_TAKE = "would_take"
    NO_SUCH_ORDER = "no_such_order"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same order could be taken at another time."""
        return self in {OrderRefusal.ID_IS_RESTING, OrderRefusal.WOULD_TAKE}


@dataclass(frozen=True, slots=True)
class Order:
    """`lots` of one account, bought or sold at `limit_ticks` or better; a limit of None is any price."""

    id: str
    account: int
    is_bid: bool
    lots: int
    limit_ticks: int | None
    lifetime: Lifetime = Lifetime.REST


@dataclass(frozen=True, slots=True)
class Trade:
    """`lots` between two orders, at the maker's limit."""

    taker: Order
    maker: Order
    lots: int
    ticks: int

    @property
    def buyer(self) -> int:
        return self.taker.account if self.taker.is_bid else self.maker.account

    @property
    def seller(self) -> int:
        return self.maker.account if self.taker.is_bid else self.taker.account


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of an order: its trades, what rests, what was cancelled of it, and whose own orders gave way."""

    trades: tuple[Trade, ...] = ()
    resting_lots: int = 0
    cancelled_lots: int = 0
    gave_way: tuple[str, ...] = ()
