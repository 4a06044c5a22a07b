"""Derive's signed actions: the envelope and its hashes (specs/derive_actions.md §1).

An action states the hash of its data, so what a signer's key has covered is every byte of what a module is told.
"""

from dataclasses import dataclass, field

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak

from custody import typed_data
from custody.typed_data import Domain

ACTION_TYPE = (
    "Action(uint256 subaccountId,uint256 nonce,address module,bytes data,uint256 expiry,address owner,address signer)"
)
ACTION_TYPEHASH = keccak(text=ACTION_TYPE)

_WORDS = ("bytes32", "uint256", "uint256", "address", "bytes32", "uint256", "address", "address")


class ActionError(ValueError):
    """What cannot be written as an action: a number that its word does not hold, an address that is none."""


@dataclass(frozen=True, slots=True)
class Action:
    """What `signer` states for `owner` about one subaccount, 0 for one that is not there yet. Addresses are 0x and 40
    hex digits in any case; `expiry_s` is in UTC seconds, the last in which it counts.
    """

    subaccount_id: int
    nonce: int
    module: str
    data: bytes = field(repr=False)
    expiry_s: int
    owner: str
    signer: str

    def hash(self) -> bytes:
        """keccak(abi.encode(typehash, subaccountId, nonce, module, keccak(data), expiry, owner, signer))."""
        return keccak(abi_encoded(_WORDS, (
            ACTION_TYPEHASH, self.subaccount_id, self.nonce, lowered(self.module), keccak(self.data), self.expiry_s,
            lowered(self.owner), lowered(self.signer),
        )))  # fmt: skip

    def digest(self, separator: bytes) -> bytes:
        """What is signed: keccak(0x1901 ‖ domain separator ‖ action hash). ActionError."""
        return typed_data.digest(separator, self.hash())


@dataclass(frozen=True, slots=True)
class SignedAction:
    """An action with 65 bytes r ‖ s ‖ v, or with whatever a contract takes that signs (ERC-1271)."""

    action: Action
    signature: bytes


def matching_domain(chain_id: int, contract: str) -> Domain:
    """Derive's domain: its order-matching contract on one chain."""
    return Domain("Matching", chain_id, contract, "1.0")


def abi_encoded(types: tuple[str, ...], values: tuple[object, ...]) -> bytes:
    """By the standard rules. Raises ActionError for a value that its type cannot hold."""
    try:
        return encode(types, values)
    except (EncodingError, ValueError, TypeError) as why:
        raise ActionError(str(why)) from why


def lowered(address: str) -> str:
    """The address in lower case: a capital that EIP-55 would not write changes nothing about it."""
    return address.lower()


def same(one: str, other: str) -> bool:
    """Whether two texts are one address."""
    return one.lower() == other.lower()
