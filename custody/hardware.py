"""Keys that never leave a token: PKCS#11, behind the same interface as a key in memory.

A key is made inside the token, SENSITIVE and not EXTRACTABLE, so that nobody can read it, this process included. A
token answers (r, s) without a recovery id and often with a high s; `curve.completed` makes that the proper form, and
thereby checks every signature before it leaves.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from types import TracebackType
from typing import Any, Self

import pkcs11
from eth_utils.address import to_checksum_address
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, exceptions

from custody.curve import address_of, completed

_SECP256K1 = bytes.fromhex("06052b8104000a")
"""The curve as PKCS#11 names it: DER of the object identifier 1.3.132.0.10 (SEC 2)."""

_PRIVATE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False,
    Attribute.SIGN: True,
    Attribute.DERIVE: False,
}


class TokenError(Exception):
    """A token cannot be used; the message says which and why, never a PIN or a key."""


class TokenMissingError(TokenError):
    """There is no such library, or no token of this label."""


class PinError(TokenError):
    """The PIN is wrong, or was wrong too often."""


class KeyMissingError(TokenError):
    """There is no key of this label, or more than one."""


class KeyExistsError(TokenError):
    """A key of this label is there already."""


class TokenLostError(TokenError):
    """The token was there and does not answer any more: removed, reset, or its session ended."""


class HardwareToken:
    """One session with a token, for as long as the context is open; closing it twice does nothing.

    Threads may share it: a session does one thing at a time, so they take turns.
    """

    def __init__(self, library: str, label: str, pin: str) -> None:
        """Open a session. `library`: the path of the maker's PKCS#11 module. Raises TokenMissingError or PinError."""
        self.label = label
        self._turn, self._open = Lock(), True
        try:
            token = pkcs11.lib(library).get_token(token_label=label)
            self._session = token.open(user_pin=pin, rw=True)
        except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange):
            raise PinError(f"token {label}: the PIN is wrong") from None
        except exceptions.PinLocked:
            raise PinError(f"token {label}: the PIN was wrong too often and is locked") from None
        except exceptions.NoSuchToken:
            raise TokenMissingError(f"token {label}: there is none in {library}") from None
        except exceptions.UserAlreadyLoggedIn:
            raise TokenError(f"token {label}: this process has a session with it already") from None
        except exceptions.PKCS11Error as why:
            raise TokenMissingError(f"token {label}: {library} cannot be used: {_told(why)}") from None

    def __repr__(self) -> str:
        return f"HardwareToken({self.label})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session; what was signed stays good, and signers of this session sign no more."""
        with self._turn, suppress(exceptions.PKCS11Error):  # a token that is gone has ended it already
            if self._open:
                self._open = False
                self._session.close()

    def make_key(self, label: str) -> "HardwareSigner":
        """Make a new key inside the token. Raises KeyExistsError or TokenLostError."""
        if self._find(ObjectClass.PRIVATE_KEY, label):
            raise KeyExistsError(f"token {self.label}: key {label} is there already")
        with self._asking() as session:
            parameters = {Attribute.EC_PARAMS: _SECP256K1}
            curve = session.create_domain_parameters(KeyType.EC, parameters, local=True)
            curve.generate_keypair(store=True, label=label, private_template=_PRIVATE)
        return self.signer(label)

    def signer(self, label: str) -> "HardwareSigner":
        """The key of this label. Raises KeyMissingError unless there is exactly one, or TokenLostError."""
        private, public = (self._find(kind, label) for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY))
        if (len(private), len(public)) != (1, 1):
            raise KeyMissingError(f"token {self.label}: {len(private)} keys are called {label}, expected one")
        with self._asking():
            point = bytes(public[0][Attribute.EC_POINT])
        # An octet string in DER around 0x04 ‖ x ‖ y; some makers leave the wrapping out.
        return HardwareSigner(self, private[0], label, address_of(point[-64:]))

    def sign(self, key: Any, digest: bytes) -> bytes:
        """The 64 bytes r ‖ s of a digest, as the token gives them. Raises TokenLostError."""
        with self._asking():
            return bytes(key.sign(digest, mechanism=Mechanism.ECDSA))

    def _find(self, kind: ObjectClass, label: str) -> list[Any]:
        with self._asking() as session:
            return list(session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label}))

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """The session, for one thread at a time; whatever the token then says is that it is lost."""
        with self._turn:
            if not self._open:
                raise TokenLostError(f"token {self.label}: its session has ended")
            try:
                yield self._session
            except exceptions.PKCS11Error as why:
                raise TokenLostError(
                    f"token {self.label} does not answer any more ({_told(why)}): open it again"
                ) from None


class HardwareSigner:
    """A key in a token, known by its label and address. A `Signer`."""

    __slots__ = ("_key", "_token", "address", "label")

    def __init__(self, token: HardwareToken, key: Any, label: str, address: str) -> None:
        self._token, self._key, self.label = token, key, label
        self.address: str = to_checksum_address(address)

    def __repr__(self) -> str:
        return f"HardwareSigner({self.label}, {self.address})"

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes r ‖ s ‖ v with low s. Raises ValueError unless the digest has 32 bytes, TokenLostError, or
        TokenError where the token's answer is no signature of this key.
        """
        if len(digest) != 32:
            raise ValueError(f"a digest has 32 bytes, this has {len(digest)}")
        answer = self._token.sign(self._key, digest)
        r, s = int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:], "big")
        signature = completed(digest, r, s, self.address)
        if signature is None:
            raise TokenError(f"token {self._token.label}: what it signed with {self.label} is not the key's signature")
        return signature


def _told(why: exceptions.PKCS11Error) -> str:
    """What the library says, by the name of its error where it says nothing."""
    return str(why) or type(why).__name__
