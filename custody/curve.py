"""secp256k1 signatures as 65 bytes r ‖ s ‖ v: whether one has its only proper form, and whose it is.

For every signature (r, s) there is a second one, (r, n − s): accepting both would give one approval two texts, so only
the low s counts (EIP-2). Two ways to recover stand side by side; coincurve is the fast one, eth-keys the plain one.
"""

from enum import StrEnum
from functools import cache

from eth_keys.backends.native.main import NativeECCBackend
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

try:
    from coincurve import PublicKey

    FAST = True
except ImportError:  # there is no wheel for every Python
    FAST = False

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""The order n of the group (SEC 2, secp256k1)."""


class Flaw(StrEnum):
    """Why 65 bytes are not the proper form of any signature."""

    MALFORMED = "malformed"
    """Not 65 bytes, v neither 27 nor 28, r or s outside 1..n−1."""
    HIGH_S = "high_s"
    """The malleable twin of a proper signature."""


def flaw(signature: bytes) -> Flaw | None:
    """What is wrong with the form of a signature."""
    if len(signature) != 65 or signature[64] not in {27, 28}:
        return Flaw.MALFORMED
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (0 < r < ORDER and 0 < s < ORDER):
        return Flaw.MALFORMED
    return Flaw.HIGH_S if s > ORDER // 2 else None


def parity_and_numbers(signature: bytes) -> tuple[int, int, int]:
    """(y parity, r, s) of a signature of proper form, as a transaction carries them."""
    return signature[64] - 27, int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")


def recover_plainly(digest: bytes, signature: bytes) -> bytes | None:
    """The 64 bytes of the public key that made a signature of proper form; None if no key could have."""
    try:
        numbers = Signature(signature[:64] + bytes([signature[64] - 27]), backend=_plain_backend())
        return numbers.recover_public_key_from_msg_hash(digest).to_bytes()
    except (BadSignature, ValidationError):
        return None


@cache
def _plain_backend() -> NativeECCBackend:
    return NativeECCBackend()


def recover_fast(digest: bytes, signature: bytes) -> bytes | None:
    """The same by libsecp256k1, some hundred times faster."""
    try:
        found = PublicKey.from_signature_and_message(signature[:64] + bytes([signature[64] - 27]), digest, hasher=None)
    except ValueError:
        return None
    return bytes(found.format(compressed=False)[1:])


_recover = recover_fast if FAST else recover_plainly


def is_signed_by(address: str, digest: bytes, signature: bytes) -> bool:
    """Whether a signature has its proper form and the key of an address (0x and 40 hex digits) made it for a digest."""
    if len(digest) != 32 or flaw(signature) is not None:
        return False
    key = _recover(digest, signature)
    # Compared as bytes: writing an address with EIP-55's capitals costs as much as the recovery.
    return key is not None and keccak(key)[12:] == bytes.fromhex(address[2:])


def address_of(public_key: bytes) -> str:
    """The Ethereum address of an uncompressed public key, 64 bytes x ‖ y, with EIP-55's capitals."""
    return to_checksum_address(keccak(public_key)[12:])


def completed(digest: bytes, r: int, s: int, address: str) -> bytes | None:
    """The proper 65 bytes of a signature that came as (r, s), such as from a token; None if it is not the address's."""
    body = r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")
    return next((body + bytes([v]) for v in (27, 28) if is_signed_by(address, digest, body + bytes([v]))), None)
