"""The journal is a chain of seals: one a post, over everything that it added and the seal before it.

Who holds one seal's digest holds the whole history up to it: no earlier row can change, vanish or move without every
later seal changing. Each row of a transfer has a checksum beside it, by which the one that was changed is named; nobody
is kept from forging that, so it proves nothing: the seal does. The encodings are fixed-order binary, big-endian, so
that any language can recompute them:

    transfer  position, debit key, credit key, amount, pending position, occurred_at_s, expires_at_s: 8 bytes each,
              signed ‖ reason: 2 ‖ kind, linked, length of id: 1 each ‖ length of reference: 4 ‖ id ‖ reference
              (UTF-8, lengths in bytes); its checksum is the CRC-32 of that
    account   sha256("bulkhead.account" ‖ key: 8 bytes ‖ code, limit: 1 each ‖ length of id: 2 ‖ id ‖ asset)
    seal      sha256("bulkhead.seal" ‖ digest of the seal before ‖ position, accounts, recorded_at_s, number of accounts
              opened, of accounts closed: 8 bytes each ‖ digests of the accounts opened ‖ key, closed_at_s of those
              closed: 8 bytes each, in order of key ‖ the transfers)

A seal covers the transfers behind the last seal's position up to its own, the accounts opened since (keys count from
1), and those closed while the last seal's position was the journal's end.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from custody.accounts import Account
from custody.transfers import Transfer

GENESIS = bytes(32)

_ACCOUNT_DOMAIN = b"bulkhead.account"
_SEAL_DOMAIN = b"bulkhead.seal"  # domains keep these digests apart from each other and from any other sha256

pack_transfer = struct.Struct(">7qHBBBI").pack
"""The fixed part of a transfer's encoding; its own name because loops call nothing else."""

checksum_of = crc32
"""The checksum of a transfer's encoding, from 0 to 2³² − 1."""

_SEAL = struct.Struct(">5q")
_CLOSED = struct.Struct(">qq")
_ACCOUNT = struct.Struct(">qBBH")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal ends: the number of transfers in it and the digest of its last seal, GENESIS while empty."""

    position: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """The end of one post: everything up to this position and account key. `recorded_at_s` is UTC and never falls."""

    position: int
    accounts: int
    recorded_at_s: int
    digest: bytes

    @property
    def head(self) -> Head:
        """The seal as an auditor notes it."""
        return Head(self.position, self.digest)


START = Seal(0, 0, 0, GENESIS)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A transfer in its place in the journal; `recorded_at_s` is UTC, `position` starts at 1.

    `checksum` is that of its encoding, as its row has it.
    """

    position: int
    transfer: Transfer
    recorded_at_s: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a transfer's names are in the journal: its position, its accounts' keys, what it ends (0: nothing)."""

    position: int
    debit_key: int
    credit_key: int
    pending_position: int = 0


def encoded(transfer: Transfer, place: Place) -> bytes:
    """A transfer in its place, as its checksum and its seal are over it."""
    name, reference = transfer.id.encode(), transfer.reference.encode()
    numbers = pack_transfer(
        place.position,
        place.debit_key,
        place.credit_key,
        transfer.amount,
        place.pending_position,
        transfer.occurred_at_s,
        transfer.expires_at_s,
        transfer.reason,
        transfer.kind,
        transfer.linked,
        len(name),
        len(reference),
    )
    return numbers + name + reference


def account_digest(key: int, account: Account) -> bytes:
    """The 32-byte digest of an account's definition."""
    name = account.id.encode()
    numbers = _ACCOUNT.pack(key, account.code, account.limit, len(name))
    return hashlib.sha256(_ACCOUNT_DOMAIN + numbers + name + account.asset.encode()).digest()


@dataclass(frozen=True, slots=True)
class Added:
    """What a seal covers beyond the one before it: digests of accounts, (key, closed_at_s), transfers encoded."""

    opened: Sequence[bytes] = ()
    closed: Sequence[tuple[int, int]] = ()
    transfers: Sequence[bytes] = ()


def seal(previous: Seal, added: Added, recorded_at_s: int) -> Seal:
    """The seal over what was added. Time never falls: where the clock stepped back, it stands at the last seal's."""
    position, accounts = previous.position + len(added.transfers), previous.accounts + len(added.opened)
    recorded_at_s = max(recorded_at_s, previous.recorded_at_s)
    return Seal(position, accounts, recorded_at_s, seal_digest(previous, added, position, accounts, recorded_at_s))


def seal_digest(previous: Seal, added: Added, position: int, accounts: int, recorded_at_s: int) -> bytes:
    """The 32-byte digest of a seal whose numbers are given, as a stored one's are."""
    begun = begin_seal(previous, added, position, accounts, recorded_at_s)
    begun.update(b"".join(added.transfers))
    return begun.digest()


def begin_seal(previous: Seal, added: Added, position: int, accounts: int, recorded_at_s: int) -> "hashlib._Hash":
    """The digest of a seal up to where its transfers begin; whoever has them updates it with each, encoded."""
    numbers = _SEAL.pack(position, accounts, recorded_at_s, len(added.opened), len(added.closed))
    closed = [_CLOSED.pack(key, closed_at_s) for key, closed_at_s in added.closed]
    return hashlib.sha256(b"".join((_SEAL_DOMAIN, previous.digest, numbers, *added.opened, *closed)))
