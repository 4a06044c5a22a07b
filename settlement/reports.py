"""What a venue says, in numbered entries signed by the batch: fills, busts, corrections, funding, marks, expiries.

Each venue numbers its entries from 1 without gaps, so whatever is missing is known by its number, and hearing of an
entry twice is hearing of the same one. One signature covers a report of many: a signature a fill would cost more than
all else that is done with it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
from eth_hash.auto import keccak
from numpy.typing import NDArray

from custody import typed_data
from custody.curve import is_signed_by
from custody.signers import Signer
from custody.typed_data import Domain, Struct

DOMAIN_NAME = "Bulkhead Reports"
HOUSE_ACCOUNT = 0
"""The venue's own account number: the other side of all clients, on behalf of the rest of its market."""

Entries = NDArray[Any]
"""One record of type `ENTRY` for each thing that happened."""

ENTRY = np.dtype(
    [
        ("kind", "u1"),
        ("cause", "u1"),
        ("spare", "<u2"),
        ("instrument", "<u4"),
        ("buyer", "<u4"),
        ("seller", "<u4"),
        ("lots", "<i8"),
        ("price_e6", "<i8"),
        ("occurred_at_ms", "<i8"),
        ("about", "<u8"),
    ]
)
"""48 bytes. `buyer` and `seller` are the venue's account numbers, `price_e6` is 1e-6 USD per whole coin, times are UTC.

A bust and a correction are `about` the entry of that number; the correction says anew all that the fill said. Funding
says what one lot has paid since its listing (1e-6 USD) in `price_e6`, a mark and an expiry the price.
"""

_REPORT = Struct("Report(string venue,uint64 first,uint64 count,bytes32 entries)")


class EntryKind(IntEnum):
    """What an entry says."""

    FILL = 1
    BUST = 2
    CORRECTION = 3
    FUNDING = 4
    MARK = 5
    EXPIRY = 6


class Cause(IntEnum):
    """Why a fill happened."""

    TRADE = 0
    LIQUIDATION = 1
    ADL = 2
    EXPIRY = 3


class ReportError(ValueError):
    """Bytes that are no report: not whole entries, none at all, or a number that no venue can have reached."""


@dataclass(frozen=True, slots=True)
class Report:
    """The entries `first`, `first + 1`, … of a venue, as they travel; `signature` is r ‖ s ‖ v over `digest`."""

    venue: str
    first: int
    body: bytes
    signature: bytes = b""

    def __post_init__(self) -> None:
        if not self.body or len(self.body) % ENTRY.itemsize:
            raise ReportError(f"{self.venue}/{self.first}: {len(self.body)} bytes are no whole entries")
        if not 0 < self.first < 1 << 63:
            raise ReportError(f"{self.venue}: no entry has the number {self.first}")

    @property
    def count(self) -> int:
        return len(self.body) // ENTRY.itemsize

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    def entries(self) -> Entries:
        """The entries as an array that shares the report's bytes, and cannot be written to."""
        return np.frombuffer(self.body, ENTRY)

    def digest(self, domain: Domain) -> bytes:
        """What the venue signs: EIP-712, in the domain of the book that mirrors it."""
        values = _REPORT.named(self.venue, self.first, self.count, keccak(self.body))
        return typed_data.digest(domain.separator(), _REPORT.hash(values))

    def signed(self, domain: Domain, signer: Signer) -> "Report":
        return Report(self.venue, self.first, self.body, signer.sign_digest(self.digest(domain)))

    def is_signed_by(self, domain: Domain, address: str) -> bool:
        """Whether the key of this address (0x and 40 hex digits) has signed exactly this."""
        return is_signed_by(address, self.digest(domain), self.signature)


def reporting_domain(chain_id: int, position_book: str) -> Domain:
    """Where a venue's reports are good: for one mirror, on one chain."""
    return Domain(DOMAIN_NAME, chain_id, position_book)


class VenueFeed(Protocol):
    """A venue as the mirror hears it. What it says may come late, twice, in any order, or not at all."""

    @property
    def venue(self) -> str: ...

    def listen(self, after: int) -> AsyncIterator[Report]:
        """Reports as they are published, from the entry behind `after` on; ends when the venue closes."""
        ...

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        """The entries of these numbers, asked for because they are missing; fewer, or none, if the venue has not."""
        ...
