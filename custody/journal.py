"""The journal is a chain of seals: one a post, over everything that it added and the seal before it.

Who holds one seal's digest holds the whole history up to it: no earlier row can change, vanish or move without every
later seal changing. Each transfer and each account's definition has a digest of its own, by which a changed row is
named. The encodings are fixed-order binary, big-endian, so that any language can recompute them:

    transfer  sha256("bulkhead.transfer" ‖ position, debit key, credit key, amount, pending position, occurred_at_s,
              expires_at_s: 8 bytes each, signed ‖ reason: 2 ‖ kind, linked, length of id: 1 each ‖ id ‖ reference)
    account   sha256("bulkhead.account" ‖ key: 8 bytes ‖ code, limit: 1 each ‖ length of id: 2 ‖ id ‖ asset)
    seal      sha256("bulkhead.seal" ‖ digest of the seal before ‖ position, accounts, recorded_at_s, number of accounts
              opened, of accounts closed: 8 bytes each ‖ digests of the accounts opened ‖ key, closed_at_s of those
              closed: 8 bytes each, in order of key ‖ digests of the transfers)

A seal covers the transfers behind the last seal's position up to its own, the accounts opened since (keys count from
1), and those closed while the last seal's position was the journal's end.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from custody.accounts import Account
from custody.transfers import Transfer

GENESIS = bytes(32)

TRANSFER_DOMAIN = b"bulkhead.transfer"
_ACCOUNT_DOMAIN = b"bulkhead.account"
_SEAL_DOMAIN = b"bulkhead.seal"  # domains keep these digests apart from each other and from any other sha256

pack_transfer = struct.Struct(">17s7qHBBB").pack
"""The fixed part of a transfer's encoding, TRANSFER_DOMAIN first; its own name because loops call nothing else."""

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
    """A transfer in its place in the journal; `recorded_at_s` is UTC, `position` starts at 1."""

    position: int
    transfer: Transfer
    recorded_at_s: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """What a transfer's names are in the journal: its position, its accounts' keys, what it ends (0: nothing)."""

    position: int
    debit_key: int
    credit_key: int
    pending_position: int = 0


def digest_of(transfer: Transfer, place: Place) -> bytes:
    """The 32-byte digest of a transfer in its place."""
    name = transfer.id.encode()
    numbers = pack_transfer(
        TRANSFER_DOMAIN,
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
    )
    return hashlib.sha256(numbers + name + transfer.reference.encode()).digest()


def account_digest(key: int, account: Account) -> bytes:
    """The 32-byte digest of an account's definition."""
    name = account.id.encode()
    numbers = _ACCOUNT.pack(key, account.code, account.limit, len(name))
    return hashlib.sha256(_ACCOUNT_DOMAIN + numbers + name + account.asset.encode()).digest()


@dataclass(frozen=True, slots=True)
class Added:
    """What a seal covers beyond the one before it: digests of accounts, (key, closed_at_s), digests of transfers."""

    opened: Sequence[bytes] = ()
    closed: Sequence[tuple[int, int]] = ()
    digests: Sequence[bytes] = ()


def seal(previous: Seal, added: Added, recorded_at_s: int) -> Seal:
    """The seal over what was added. Time never falls: where the clock stepped back, it stands at the last seal's."""
    position, accounts = previous.position + len(added.digests), previous.accounts + len(added.opened)
    recorded_at_s = max(recorded_at_s, previous.recorded_at_s)
    return Seal(position, accounts, recorded_at_s, seal_digest(previous, added, position, accounts, recorded_at_s))


def seal_digest(previous: Seal, added: Added, position: int, accounts: int, recorded_at_s: int) -> bytes:
    """The 32-byte digest of a seal whose numbers are given, as a stored one's are."""
    numbers = _SEAL.pack(position, accounts, recorded_at_s, len(added.opened), len(added.closed))
    closed = [_CLOSED.pack(key, closed_at_s) for key, closed_at_s in added.closed]
    parts = (_SEAL_DOMAIN, previous.digest, numbers, *added.opened, *closed, *added.digests)
    return hashlib.sha256(b"".join(parts)).digest()
