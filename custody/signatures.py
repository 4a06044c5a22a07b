"""Hashes, addresses and signatures as they are written, each in one spelling only; and whose a signature is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

from eth_utils.address import is_checksum_address

from custody.curve import Flaw, flaw, is_signed_by
from custody.shapes import FieldError, Text


@dataclass(frozen=True, slots=True)
class Hex(Text):
    """Bytes of a fixed number, written as 0x and lower-case digits."""

    LENGTH: ClassVar[int]
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != self.LENGTH:
            raise FieldError("", f"expected {self.LENGTH} bytes, found {len(self.value)}")

    def __str__(self) -> str:
        return f"0x{self.value.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """FieldError unless it is 0x and lower-case hex digits, two for each byte."""
        try:
            read = cls(bytes.fromhex(text.removeprefix("0x")))
        except ValueError:
            read = None
        if read is None or str(read) != text:
            raise FieldError("", f"{text[:80]!r} is not 0x and {2 * cls.LENGTH} lower-case hex digits")
        return read


class Hash(Hex):
    """A digest, a root or a salt."""

    __slots__ = ()
    LENGTH = 32


class Signed(Hex):
    """A signature: r ‖ s ‖ v."""

    __slots__ = ()
    LENGTH = 65


@dataclass(frozen=True, slots=True)
class Address(Text):
    """An account or contract on chain, with the checksum of EIP-55."""

    value: str

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """FieldError unless it is 0x and 40 hex digits whose case is the checksum."""
        if not is_checksum_address(text):
            raise FieldError("", f"{text[:80]!r} is no address with the checksum of EIP-55")
        return cls(text)


class SignatureRefusal(StrEnum):
    """Why a signature does not count; where several hold, the earlier member is the answer."""

    CUSTODIAN_IS_ANOTHER = "custodian_is_another"
    SIGNATURE_IS_MALFORMED = "signature_is_malformed"
    SIGNATURE_IS_MALLEABLE = "signature_is_malleable"
    SIGNATURE_IS_ANOTHERS = "signature_is_anothers"


def check_signature(signed: Hash, signature: Signed, signer: Address) -> SignatureRefusal | None:
    """Whether the signature of the digest is this signer's: v 27 or 28, the low s of EIP-2, the signer's address."""
    form = flaw(signature.value)
    if form is not None:
        malleable = form is Flaw.HIGH_S
        return SignatureRefusal.SIGNATURE_IS_MALLEABLE if malleable else SignatureRefusal.SIGNATURE_IS_MALFORMED
    ours = is_signed_by(signer.value, signed.value, signature.value)
    return None if ours else SignatureRefusal.SIGNATURE_IS_ANOTHERS
