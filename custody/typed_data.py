"""EIP-712: what a wallet shows to a person is what is hashed, so a signature means what was read.

A struct is declared by its type as the standard writes it; hashing and the message for a wallet both follow from that.
Formulas: https://eips.ethereum.org/EIPS/eip-712, "Definition of hashStruct" and "Definition of domainSeparator".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_hash.auto import keccak

DOMAIN_NAME = "Bulkhead Custody"
"""What everything that is signed about custody is signed for, instruction or publication."""

_TYPE = re.compile(r"(\w+)\((.*)\)")
_INTEGER = re.compile(r"(u?)int(\d+)")


class TypedDataError(ValueError):
    """A value that its EIP-712 type cannot hold, or a type that is not known here; the message names the member."""


class Struct:
    """An EIP-712 struct type: `Struct("Quorum(uint64 required,string group)")`, the structs that it contains after it.

    Members are string, bytes32, address, intN, uintN, a struct, or an array of one of them. Values come as a mapping
    by member; a number may be an int or its decimal text, as in the message of a wallet.
    """

    __slots__ = ("members", "name", "parts", "text", "type_hash")

    def __init__(self, text: str, *parts: "Struct") -> None:
        declared = _TYPE.fullmatch(text)
        if declared is None:
            raise TypedDataError(f"{text!r} is no struct type such as Mail(address to,string contents)")
        self.text, self.name = text, declared[1]
        pairs = [member.split(" ") for member in declared[2].split(",") if member]
        self.members = tuple((name, kind) for kind, name in pairs)
        self.parts: dict[str, Struct] = {part.name: part for own in parts for part in (own, *own.parts.values())}
        behind = (self.parts[name].text for name in sorted(self.parts))
        self.type_hash = keccak((text + "".join(behind)).encode())

    def named(self, *values: Any) -> dict[str, Any]:
        """Values in the order of the members, by name. Raises ValueError unless there are as many."""
        return {name: value for (name, _), value in zip(self.members, values, strict=True)}

    def hash(self, values: Mapping[str, Any]) -> bytes:
        """hashStruct: keccak256(typeHash ‖ encodeData). Raises KeyError for a missing member, TypedDataError else."""
        words = [self._word(name, kind, values[name]) for name, kind in self.members]
        return keccak(self.type_hash + b"".join(words))

    def _word(self, name: str, kind: str, value: Any) -> bytes:
        if kind == "string":
            return keccak(value.encode())
        if kind.endswith("[]"):
            return keccak(b"".join(self._word(name, kind[:-2], one) for one in value))
        if part := self.parts.get(kind):
            return part.hash(value)
        return _atom(name, kind, value)

    def types(self) -> dict[str, list[dict[str, str]]]:
        """The `types` of a wallet's message, but for the domain's: this struct and those that it contains."""
        structs = (self, *self.parts.values())
        return {one.name: [{"name": name, "type": kind} for name, kind in one.members] for one in structs}


def _atom(name: str, kind: str, value: Any) -> bytes:
    """One word of a value that is neither text, struct nor array."""
    try:
        if kind == "address":
            return bytes(12) + _exactly(20, bytes.fromhex(value.removeprefix("0x")))
        if kind == "bytes32":
            return _exactly(32, bytes(value))
        integer = _INTEGER.fullmatch(kind)
        if integer is None:
            raise TypedDataError(f"{name}: {kind} is not a type that is known here")
        return _integer(int(value), signed=not integer[1], bits=int(integer[2]))
    except (ValueError, AttributeError, TypeError) as why:
        raise TypedDataError(f"{name}: {kind} cannot hold {value!r} ({why})") from why


def _integer(value: int, signed: bool, bits: int) -> bytes:
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not least <= value <= most:
        raise ValueError(f"outside {least}..{most}")
    return value.to_bytes(32, "big", signed=signed)


def _exactly(length: int, value: bytes) -> bytes:
    if len(value) != length:
        raise ValueError(f"has {len(value)} bytes, not {length}")
    return value


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature is good: one name and version, on one chain, for one contract (0x and 40 hex digits)."""

    name: str
    chain_id: int
    contract: str
    version: str = "1"

    def members(self) -> dict[str, Any]:
        """The domain as wallets and EIP712Domain name its members."""
        return {
            "name": self.name,
            "version": self.version,
            "chainId": self.chain_id,
            "verifyingContract": self.contract,
        }

    def separator(self) -> bytes:
        """The domain separator of EIP-712."""
        return _separator(self)


_DOMAIN = Struct("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


@cache
def _separator(domain: Domain) -> bytes:
    return _DOMAIN.hash(domain.members())


def digest(separator: bytes, struct_hash: bytes) -> bytes:
    """What is signed: keccak256(0x1901 ‖ domain separator ‖ hashStruct(message))."""
    return keccak(b"\x19\x01" + separator + struct_hash)


def wallet_message(domain: Domain, struct: Struct, message: Mapping[str, Any]) -> dict[str, Any]:
    """The object that eth_signTypedData_v4 takes, ready for a wallet."""
    types: dict[str, Sequence[Mapping[str, str]]] = {**_DOMAIN.types(), **struct.types()}
    return {"types": types, "primaryType": struct.name, "domain": domain.members(), "message": dict(message)}
