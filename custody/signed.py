"""An instruction with its signatures, as it travels and as the log of accepted instructions keeps it: one JSON text."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from eth_utils.address import is_checksum_address

from custody.instructions import INSTRUCTIONS, Instruction
from custody.keyring import require_key_value
from custody.policies import Operation
from custody.shapes import FieldError, Text, plain, shape_of, shaped
from custody.signers import Signer
from custody.strict_json import parse_json
from custody.typed_data import Domain, digest, wallet_message

MOST_SIGNATURES = 64
_BYTES = re.compile(r"0x(?:[0-9a-f]{2}){1,4096}")
_DOMAIN_MEMBERS = ("name", "version", "chainId", "verifyingContract")


@dataclass(frozen=True, slots=True)
class Bytes(Text):
    """1 to 4,096 bytes, written as 0x and small hex digits."""

    value: bytes

    def __str__(self) -> str:
        return f"0x{self.value.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        if not _BYTES.fullmatch(text):
            raise FieldError("", f"{text[:40]!r} is not 0x and an even number of small hex digits, at most 8192")
        return cls(bytes.fromhex(text[2:]))


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, and the public value of the key (as in the keyring) in whose name it is given."""

    key: str
    signature: Bytes

    def __post_init__(self) -> None:
        require_key_value("key", self.key)


@dataclass(frozen=True, slots=True)
class SignedInstruction:
    """An instruction, where it is meant to be good, and who has signed it."""

    domain: Domain
    instruction: Instruction
    signatures: tuple[Signature, ...] = ()

    def digest(self) -> bytes:
        """The EIP-712 digest that is signed: it covers domain and instruction, not the signatures."""
        return instruction_digest(self.domain, self.instruction)

    def signed_by(self, *signers: Signer) -> Self:
        """The same with more signatures."""
        name = self.digest()
        more = (Signature(signer.address, Bytes(signer.sign_digest(name))) for signer in signers)
        return type(self)(self.domain, self.instruction, (*self.signatures, *more))

    def to_json(self) -> str:
        """One line of JSON. Every number of the instruction is a text; the same instruction gives the same line."""
        told = {
            "operation": self.instruction.operation.value,
            "domain": self.domain.members(),
            "message": plain(self.instruction),
            "signatures": plain(self.signatures),
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The way back, strict: FieldError names what is missing, unknown, there twice or not what it must be."""
        told = parse_json(text)
        _require_members("", told, ("operation", "domain", "message", "signatures"))
        operation = _read("operation", Operation, told["operation"])
        domain = _domain(told["domain"])
        instruction = _read("message", INSTRUCTIONS[operation], told["message"])
        signatures = _read("signatures", tuple[Signature, ...], told["signatures"])
        if len(signatures) > MOST_SIGNATURES:
            raise FieldError("signatures", f"{len(signatures)} signatures, at most {MOST_SIGNATURES} are read")
        return cls(domain, instruction, signatures)


def instruction_digest(domain: Domain, instruction: Instruction) -> bytes:
    """The EIP-712 digest of an instruction in a domain."""
    return digest(domain.separator(), shape_of(type(instruction)).struct.hash(plain(instruction)))


def for_wallet(domain: Domain, instruction: Instruction) -> dict[str, Any]:
    """What eth_signTypedData_v4 takes: the wallet shows these names and texts, and signs the digest from above."""
    return wallet_message(domain, shape_of(type(instruction)).struct, plain(instruction))


def _domain(told: Any) -> Domain:
    _require_members("domain", told, _DOMAIN_MEMBERS)
    name, version, chain_id, contract = (told[member] for member in _DOMAIN_MEMBERS)
    for member in ("name", "version", "verifyingContract"):
        if not (isinstance(told[member], str) and told[member].isascii()):
            raise FieldError(f"domain.{member}", "expected a plain text")
    # EIP-712's own member stays a JSON number, as every wallet writes it; bool is an int to Python only.
    if not isinstance(chain_id, int) or isinstance(chain_id, bool) or not 0 < chain_id < 2**53:
        raise FieldError("domain.chainId", "expected a whole number from 1 to 2^53 - 1")
    if not is_checksum_address(contract):  # one spelling, so that the same instruction is the same text
        raise FieldError("domain.verifyingContract", f"{contract[:60]!r} is no address with EIP-55's capitals")
    return Domain(name, chain_id, contract, version)


def _require_members(path: str, told: Any, expected: Iterable[str]) -> None:
    if not isinstance(told, dict):
        raise FieldError(path, "expected an object")
    for member in (*expected, *told):
        if member not in told or member not in expected:
            known = member not in told
            raise FieldError(member, "is missing" if known else "is not known here").under(path)


def _read(path: str, kind: Any, told: Any) -> Any:
    try:
        return shaped(kind, told)
    except FieldError as why:
        raise why.under(path) from None
