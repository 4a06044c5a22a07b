"""The journal is a hash chain: each transfer's digest covers its content, when it was recorded, and all before it.

Who holds one digest holds the whole history up to it: no earlier row can change, vanish or move without every later
digest changing. The encoding is fixed-order binary, so that any language can recompute it:

    sha256(previous digest ‖ domain ‖ texts ‖ numbers)
    texts    id, debit account, credit account, pending id, reference: each 4-byte big-endian length, then UTF-8
    numbers  amount, reason, kind, linked, occurred_at_s, expires_at_s, recorded_at_s: each 8-byte big-endian, signed
"""

import hashlib
import struct
from dataclasses import dataclass

from custody.transfers import Transfer

GENESIS = bytes(32)

_DOMAIN = b"bulkhead.journal.1"  # keeps these digests apart from any other sha256 of the project
_NUMBERS = struct.Struct(">7q")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal ends: the number of transfers in it and the digest of the last, GENESIS while it is empty."""

    position: int
    digest: bytes


START = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A transfer in its place in the journal; `recorded_at_s` is UTC, `position` starts at 1."""

    position: int
    transfer: Transfer
    recorded_at_s: int
    digest: bytes


def link(previous: bytes, transfer: Transfer, recorded_at_s: int) -> bytes:
    """The 32-byte digest of a transfer that follows the one with digest `previous`."""
    return hashlib.sha256(previous + _DOMAIN + encode(transfer, recorded_at_s)).digest()


def encode(transfer: Transfer, recorded_at_s: int) -> bytes:
    """The transfer's canonical bytes; no two transfers share them, since every text says its own length."""
    parts: list[bytes] = []
    for text in (
        transfer.id,
        transfer.debit_account,
        transfer.credit_account,
        transfer.pending_id,
        transfer.reference,
    ):
        raw = text.encode()
        parts += (_LENGTH.pack(len(raw)), raw)
    parts.append(
        _NUMBERS.pack(
            transfer.amount,
            transfer.reason,
            transfer.kind,
            transfer.linked,
            transfer.occurred_at_s,
            transfer.expires_at_s,
            recorded_at_s,
        )
    )
    return b"".join(parts)
