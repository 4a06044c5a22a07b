"""API requests signed with Ed25519: what is signed, and whether a request is fresh, new and somebody's.

A request is good for a window around the server's time, and once. A nonce need only be remembered for as long as its
request could be fresh, so what is kept is bounded by the rate of requests and not by their number.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from custody.attestors import Attestor, is_attested
from custody.keyring import KeyKind, Keyring, Standing

PURPOSE = "api request v1"
WINDOW_S = 30
"""How far a caller's clock may be from ours; a clock kept by NTP is within one second."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a signature covers: the method, the path with its query as sent, the body, the time and a nonce.

    `at_s`: the caller's UTC seconds. `nonce`: any text of one line that the key has not used within the window.
    """

    method: str
    path: str
    body: bytes
    at_s: int
    nonce: str

    def canonical(self) -> bytes:
        """The five on lines of their own, the body by its SHA-256. Raises ValueError where one is several lines."""
        parts = (self.method.upper(), self.path, sha256(self.body).hexdigest(), str(self.at_s), self.nonce)
        if any("\n" in part for part in parts):
            raise ValueError("a part of a request that is signed is one line")
        return "\n".join(parts).encode()

    def signed_by(self, attestor: Attestor) -> bytes:
        """The signature that goes with it."""
        return attestor.attest(PURPOSE, self.canonical())


class RequestRefusal(StrEnum):
    """Why a request is not served, in precedence order."""

    TOO_OLD = "too_old"
    FROM_THE_FUTURE = "from_the_future"
    NONCE_IS_USED = "nonce_is_used"
    KEY_IS_UNKNOWN = "key_is_unknown"
    KEY_IS_FOR_APPROVALS = "key_is_for_approvals"
    KEY_IS_RETIRED = "key_is_retired"
    KEY_IS_REVOKED = "key_is_revoked"
    SIGNATURE_IS_WRONG = "signature_is_wrong"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same request could be served later."""
        return self in {RequestRefusal.FROM_THE_FUTURE, RequestRefusal.KEY_IS_UNKNOWN}


def refusal(
    request: Request, key: str, signature: bytes, keyring: Keyring, now_s: int, nonce_is_used: bool
) -> RequestRefusal | None:
    """The first reason against a request in the name of a key (its public value); None where it is to be served."""
    if request.at_s < now_s - WINDOW_S:
        return RequestRefusal.TOO_OLD
    if request.at_s > now_s + WINDOW_S:
        return RequestRefusal.FROM_THE_FUTURE
    if nonce_is_used:
        return RequestRefusal.NONCE_IS_USED
    return _of_the_key(request, key, signature, keyring, now_s)


def _of_the_key(request: Request, key: str, signature: bytes, keyring: Keyring, now_s: int) -> RequestRefusal | None:
    tenure = keyring.find(key)
    if tenure is None:
        return RequestRefusal.KEY_IS_UNKNOWN
    if tenure.holding.key.kind is not KeyKind.ED25519:
        return RequestRefusal.KEY_IS_FOR_APPROVALS
    standing = tenure.standing(now_s)
    if not standing.speaks:
        return RequestRefusal.KEY_IS_RETIRED if standing is Standing.RETIRED else RequestRefusal.KEY_IS_REVOKED
    good = is_attested(tenure.holding.key, PURPOSE, request.canonical(), signature)
    return None if good else RequestRefusal.SIGNATURE_IS_WRONG


class Window:
    """The nonces that could still be replayed, for one serving process. `opened_at_s`: UTC seconds.

    What was served before it opened is not known to it, so requests from before are too old for it.
    """

    def __init__(self, opened_at_s: int) -> None:
        self._opened_at_s = opened_at_s
        self._used: set[tuple[str, str]] = set()
        self._order: deque[tuple[int, tuple[str, str]]] = deque()

    def admit(
        self, request: Request, key: str, signature: bytes, keyring: Keyring, now_s: int
    ) -> RequestRefusal | None:
        """Judge a request, and remember its nonce if it is served; a request that is refused uses none up."""
        while self._order and self._order[0][0] < now_s - WINDOW_S:
            self._used.discard(self._order.popleft()[1])
        name = (key, request.nonce)
        if request.at_s <= self._opened_at_s:
            return RequestRefusal.TOO_OLD
        refused = refusal(request, key, signature, keyring, now_s, name in self._used)
        if refused is None:
            self._used.add(name)
            # Fresh until at_s + WINDOW_S; counted from the later of both clocks, so the queue stays in order.
            self._order.append((max(request.at_s, now_s), name))
        return refused

    def __len__(self) -> int:
        return len(self._used)
