"""Orders and quotes as Derive's modules are told them (specs/derive_actions.md §3); v2 and v3 write them alike.

Amounts and prices are ints of 1e-18. A quote is a dynamic tuple, and so begins with the offset 0x20; the others are
plain words.
"""

from dataclasses import dataclass
from typing import Any, Self, TypeVar

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from settlement.venues.derive_actions import ActionError, abi_encoded, lowered

_TRADE = ("address", "uint256", "int256", "int256", "uint256", "uint256", "bool")
_LEGS = "(address,uint256,uint256,int256)[]"
_QUOTE = (f"(uint256,{_LEGS})",)
_EXECUTE = ("bytes32", "uint256")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trade:
    """An order: the same data in v2 and v3. `worst_fee_e18` is USD per unit of the instrument."""

    asset: str
    sub_id: int
    limit_price_e18: int
    desired_amount_e18: int
    worst_fee_e18: int
    recipient_id: int
    is_bid: bool

    def encoded(self) -> bytes:
        """Seven words."""
        return abi_encoded(_TRADE, (
            lowered(self.asset), self.sub_id, self.limit_price_e18, self.desired_amount_e18, self.worst_fee_e18,
            self.recipient_id, self.is_bid,
        ))  # fmt: skip

    @classmethod
    def decoded(cls, data: bytes) -> Self:
        """ActionError for bytes that are no order, or that are not written as `encoded` writes it."""
        order = cls(*_decoded(_TRADE, data))
        return _as_written(order, order.encoded(), data)


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a quote with its signed amount: `signed_amount` has the rule."""

    asset: str
    sub_id: int
    price_e18: int
    amount_e18: int


def signed_amount(amount_e18: int, *, leg_is_buy: bool, quote_is_buy: bool) -> int:
    """amount · (±1 buy or sell of the leg) · (±1 buy or sell of the maker's whole quote)."""
    return amount_e18 if leg_is_buy == quote_is_buy else -amount_e18


@dataclass(frozen=True, slots=True)
class Quote:
    """What the maker of an RFQ offers; amounts are signed as seen by the maker."""

    max_fee_e18: int
    legs: tuple[Leg, ...]

    def encoded(self) -> bytes:
        """A dynamic tuple: offset 0x20, then the fee and the legs."""
        return abi_encoded(_QUOTE, ((self.max_fee_e18, _rows(self.legs)),))

    def order_hash(self) -> bytes:
        """What a taker accepts: keccak(abi.encode(legs[])), over the array alone, as the maker wrote it."""
        return keccak(abi_encoded((_LEGS,), (_rows(self.legs),)))

    @classmethod
    def decoded(cls, data: bytes) -> Self:
        """ActionError for bytes that are no quote, or that are not written as `encoded` writes it."""
        [(max_fee_e18, rows)] = _decoded(_QUOTE, data)
        quote = cls(max_fee_e18, tuple(Leg(*row) for row in rows))
        return _as_written(quote, quote.encoded(), data)


@dataclass(frozen=True, slots=True)
class Execute:
    """What the taker of an RFQ accepts: the legs by their hash, for a fee of at most this."""

    order_hash: bytes
    max_fee_e18: int

    def encoded(self) -> bytes:
        """Two words."""
        return abi_encoded(_EXECUTE, (self.order_hash, self.max_fee_e18))

    @classmethod
    def decoded(cls, data: bytes) -> Self:
        """ActionError for bytes that are no such acceptance."""
        accepted = cls(*_decoded(_EXECUTE, data))
        return _as_written(accepted, accepted.encoded(), data)


def _rows(legs: tuple[Leg, ...]) -> list[tuple[str, int, int, int]]:
    return [(lowered(leg.asset), leg.sub_id, leg.price_e18, leg.amount_e18) for leg in legs]


def _decoded(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    try:
        return tuple(decode(types, data))
    except (DecodingError, OverflowError, ValueError) as why:
        raise ActionError(f"{len(data)} bytes are no {','.join(types)}: {why}") from why


def _as_written(value: T, encoded: bytes, data: bytes) -> T:
    """The value, if it has this one encoding: what is hashed and what is read are then the same."""
    if encoded != data:
        raise ActionError("these bytes are not written as the ABI writes what they say")
    return value
