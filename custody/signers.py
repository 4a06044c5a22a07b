"""Keys that sign digests: one interface, behind it a key in memory, one from a keystore, or one inside a token.

Here is the key in memory; `keystores` reads one from a file, `hardware` asks a token that never shows it.
"""

from typing import Protocol

from eth_keys.datatypes import PrivateKey
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak


class Signer(Protocol):
    """Whoever can sign a 32-byte digest in the name of an address."""

    @property
    def address(self) -> str: ...

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes r ‖ s ‖ v with v 27 or 28 and the low s of EIP-2."""
        ...


class LocalSigner:
    """A secp256k1 key in this process's memory. Its repr shows the address only.

    Raises eth_utils' ValidationError unless the key is 32 bytes of a number in 1..n−1, n being the order of the curve.
    """

    __slots__ = ("_key", "address")

    def __init__(self, key: bytes) -> None:
        self._key = PrivateKey(key)
        self.address: str = to_checksum_address(self._key.public_key.to_canonical_address())

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    @classmethod
    def for_demonstration(cls, role: str) -> "LocalSigner":
        """The same key on every machine for a role's name: addresses and hashes repeat. Never for real assets."""
        return cls(keccak(text=f"bulkhead demonstration key, worth nothing: {role}"))

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign deterministically (RFC 6979). Raises ValueError unless the digest has 32 bytes."""
        if len(digest) != 32:
            raise ValueError(f"a digest has 32 bytes, this has {len(digest)}")
        signature = self._key.sign_msg_hash(digest)
        return signature.to_bytes()[:64] + bytes([signature.v + 27])
