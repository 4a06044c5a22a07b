"""Ed25519 keys: they sign API requests and attestations, and approve nothing.

Another curve than the chain's on purpose: a key that sits in a server for every request cannot move an asset. What is
signed begins with what it is for, so that no signature for one purpose is one for another.
"""

from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custody.keyring import Key, KeyKind


class Attestor(Protocol):
    """Whoever can sign bytes in the name of an Ed25519 key."""

    @property
    def key(self) -> Key: ...

    def attest(self, purpose: str, statement: bytes) -> bytes:
        """64 bytes: the signature of `attested(purpose, statement)`."""
        ...


class LocalAttestor:
    """An Ed25519 key in this process's memory, from 32 secret bytes. Its repr shows the public key only.

    Raises ValueError for another length.
    """

    __slots__ = ("_private", "key")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ValueError(f"an Ed25519 key has 32 bytes, this has {len(seed)}")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(KeyKind.ED25519, f"0x{self._private.public_key().public_bytes_raw().hex()}")

    def __repr__(self) -> str:
        return f"LocalAttestor({self.key.value})"

    def attest(self, purpose: str, statement: bytes) -> bytes:
        """Sign deterministically (RFC 8032)."""
        return self._private.sign(attested(purpose, statement))


def attested(purpose: str, statement: bytes) -> bytes:
    """What is signed: "bulkhead", the purpose and the statement, each on its own line. A purpose is one line.

    Raises ValueError for a purpose of several lines, which could run into the statement.
    """
    if "\n" in purpose:
        raise ValueError("a purpose is one line")
    return f"bulkhead\n{purpose}\n".encode() + statement


def is_attested(key: Key, purpose: str, statement: bytes, signature: bytes) -> bool:
    """Whether the key signed the statement for this purpose; False for a key of another kind or no key at all."""
    if key.kind is not KeyKind.ED25519:
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.value[2:]))
        public.verify(signature, attested(purpose, statement))
    except (InvalidSignature, ValueError):
        return False
    return True
