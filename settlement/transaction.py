"""A transaction as it is signed and sent: EIP-1559's fields in RLP.

Formulas: https://eips.ethereum.org/EIPS/eip-1559, "Specification"; RLP: the Yellow Paper's appendix B. A library builds
and checks the same out of a dictionary; a day of 1,500 transactions waits half a second for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from custody.curve import parity_and_numbers

_KIND = b"\x02"
_STRING, _LIST = 0x80, 0xC0
"""Where RLP's prefixes of strings and of lists begin."""
_SHORT = 55
"""The most bytes whose length stands in the prefix itself."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A call, or the creation of a contract where `to` is empty. Fees in wei per gas; nothing is sent with it."""

    chain_id: int
    nonce: int
    tip_wei: int
    max_fee_wei: int
    gas_limit: int
    to: str
    data: bytes

    def digest(self) -> bytes:
        """What the sender signs."""
        return keccak(_KIND + _rlp(self._fields()))

    def signed(self, signature: bytes) -> bytes:
        """The transaction with its signature, r ‖ s ‖ v, as a node takes it."""
        return _KIND + _rlp([*self._fields(), *map(_integer, parity_and_numbers(signature))])

    def _fields(self) -> list[bytes]:
        numbers = self.chain_id, self.nonce, self.tip_wei, self.max_fee_wei, self.gas_limit
        value, access_list = _integer(0), _rlp([])
        return [*map(_integer, numbers), _string(bytes.fromhex(self.to[2:])), value, _string(self.data), access_list]


def _rlp(encoded: Sequence[bytes]) -> bytes:
    """A list of what is encoded already."""
    body = b"".join(encoded)
    return _prefix(len(body), _LIST) + body


def _integer(value: int) -> bytes:
    """A number of zero or more without leading zeros: zero has no bytes."""
    return _string(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _string(value: bytes) -> bytes:
    single = len(value) == 1 and value[0] < _STRING
    return value if single else _prefix(len(value), _STRING) + value


def _prefix(length: int, kind: int) -> bytes:
    if length <= _SHORT:
        return bytes([kind + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([kind + _SHORT + len(size)]) + size
