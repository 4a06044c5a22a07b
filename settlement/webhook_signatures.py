"""How an event that is sent to somebody proves who sent it and when: `Bulkhead-Signature: t=…,v1=…[,ed25519=…]`.

`v1` is HMAC-SHA256 in hex, under the endpoint's secret, of the time in UTC seconds, a point, and the body as sent.
`ed25519`, where the sender has such a key, is its signature in hex of the same bytes for the purpose "webhook v1": it
can be shown to others, who need no secret. A receiver refuses old times, and drops event ids that it knows.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from custody.attestors import Attestor, is_attested
from custody.keyring import Key

HEADER = "Bulkhead-Signature"
PURPOSE = "webhook v1"
TOLERANCE_S = 300
"""How old a delivery may be for its receiver; each attempt is signed anew."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the header says."""

    at_s: int
    v1: str
    ed25519: str = ""

    def __str__(self) -> str:
        return f"t={self.at_s},v1={self.v1}" + (f",ed25519={self.ed25519}" if self.ed25519 else "")

    @classmethod
    def parse(cls, header: str) -> "Stamp | None":
        """The way back; None for what is no such header."""
        parts: Mapping[str, str] = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
        told = parts.get("t", "")
        if not (told.isascii() and told.isdigit() and len(told) < 20 and "v1" in parts):
            return None
        return cls(int(told), parts["v1"], parts.get("ed25519", ""))


def secret_of(master: bytes, endpoint_id: str) -> str:
    """An endpoint's secret, in hex: derived from the sender's key, so that no database holds one."""
    return hmac.new(master, f"webhook/{endpoint_id}".encode(), sha256).hexdigest()


def stamp(secret: str, body: bytes, at_s: int, attestor: Attestor | None = None) -> Stamp:
    """What goes with a body at a time (UTC seconds)."""
    message = signed_bytes(body, at_s)
    told = hmac.new(secret.encode(), message, sha256).hexdigest()
    return Stamp(at_s, told, attestor.attest(PURPOSE, message).hex() if attestor else "")


def is_genuine(header: str, secret: str, body: bytes, now_s: int, tolerance_s: int = TOLERANCE_S) -> bool:
    """What a receiver asks: whether the header goes with the body and is fresh."""
    found = Stamp.parse(header)
    if found is None or abs(now_s - found.at_s) > tolerance_s:
        return False
    expected = hmac.new(secret.encode(), signed_bytes(body, found.at_s), sha256).hexdigest()
    return hmac.compare_digest(found.v1.encode(), expected.encode())


def is_attested_by(header: str, key: Key, body: bytes) -> bool:
    """Whether the sender's Ed25519 key has signed it, whenever that was."""
    found = Stamp.parse(header)
    if found is None:
        return False
    try:
        signature = bytes.fromhex(found.ed25519)
    except ValueError:
        return False
    return is_attested(key, PURPOSE, signed_bytes(body, found.at_s), signature)


def signed_bytes(body: bytes, at_s: int) -> bytes:
    """What both signatures are over."""
    return f"{at_s}.".encode() + body
