"""Marks as their sources sign them, and what the feed on chain makes of them: its twin, refusal by refusal.

A mark counts when a quorum of one edition of the source set has signed it: EIP-712, the same digest as in MarkFeed.sol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from custody import typed_data
from custody.curve import is_signed_by
from custody.typed_data import Struct

FULL_CONFIDENCE_E6 = 1_000_000
DOMAIN_NAME = "Bulkhead Marks"

_MARK = Struct("Mark(uint32 instrument,uint64 price_e6,uint24 confidence_e6)")
_BATCH = Struct("MarkBatch(uint64 edition,uint64 as_of_s,Mark[] marks)", _MARK)


class MarkRefusal(StrEnum):
    """Why the feed does not take a batch; where several hold, the earlier member is the answer.

    Signatures are read before marks, each in turn and the first at fault named: of two of them the member that is met
    first is the answer, whichever it is.
    """

    WRONG_EDITION = "wrong_edition"
    TIME_IN_FUTURE = "time_in_future"
    WRONG_LENGTH = "wrong_length"
    QUORUM_NOT_REACHED = "quorum_not_reached"
    SIGNATURES_NOT_SORTED = "signatures_not_sorted"
    UNKNOWN_SOURCE = "unknown_source"
    WRONG_SOURCE_SIGNATURE = "wrong_source_signature"
    ZERO_PRICE = "zero_price"
    CONFIDENCE_OUT_OF_RANGE = "confidence_out_of_range"
    TIME_NOT_AFTER = "time_not_after"

    @property
    def may_pass_later(self) -> bool:
        """Whether the same batch with the same signatures may be taken at another time."""
        return self is MarkRefusal.TIME_IN_FUTURE


@dataclass(frozen=True, slots=True)
class Mark:
    """What an instrument is worth, in 1e-6 USD per whole coin, and how sure that is: a fraction in 1e-6."""

    instrument: int
    price_e6: int
    confidence_e6: int = FULL_CONFIDENCE_E6

    def members(self) -> tuple[int, int, int]:
        return self.instrument, self.price_e6, self.confidence_e6

    def packed(self) -> bytes:
        """The 15 bytes that the contract reads. Raises OverflowError for what they cannot hold."""
        price, confidence = self.price_e6.to_bytes(8, "big"), self.confidence_e6.to_bytes(3, "big")
        return self.instrument.to_bytes(4, "big") + price + confidence


@dataclass(frozen=True, slots=True)
class MarkBatch:
    """What a quorum signs in one go: the marks at one time (UTC seconds), for one edition of the source set."""

    edition: int
    as_of_s: int
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, edition: int, as_of_s: int, prices_e6: Mapping[int, int]) -> "MarkBatch":
        """Marks of full confidence, by instrument: two that share a slot on chain come one after the other."""
        return cls(edition, as_of_s, tuple(Mark(number, price_e6) for number, price_e6 in sorted(prices_e6.items())))

    def arguments(self) -> tuple[object, ...]:
        """The batch as the contract's struct."""
        return self.edition, self.as_of_s, b"".join(mark.packed() for mark in self.marks)

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain. Raises TypedDataError for a number that its type cannot hold."""
        marks = [_MARK.named(*mark.members()) for mark in self.marks]
        return typed_data.digest(domain, _BATCH.hash(_BATCH.named(self.edition, self.as_of_s, marks)))


SourceSignature = tuple[str, bytes]
"""A source's address, and its signature of a batch's digest."""


def in_order(signatures: Mapping[str, bytes]) -> tuple[SourceSignature, ...]:
    """Signatures by source, as the feed wants them: ascending by address."""
    return tuple(sorted(signatures.items(), key=lambda one: int(one[0], 16)))


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's state. `latest` has each instrument's last mark and its time; sources are addresses, held by keys."""

    domain: bytes
    edition: int
    sources: frozenset[str]
    quorum: int
    latest: Mapping[int, tuple[Mark, int]]

    def publish(
        self, batch: MarkBatch, signatures: tuple[SourceSignature, ...], timestamp_s: int
    ) -> "Feed | MarkRefusal":
        """The feed with the batch's marks, or why it does not take them; `timestamp_s` is the block's."""
        if batch.edition != self.edition:
            return MarkRefusal.WRONG_EDITION
        if batch.as_of_s > timestamp_s:
            return MarkRefusal.TIME_IN_FUTURE
        if not batch.marks:
            return MarkRefusal.WRONG_LENGTH
        return self._unsigned(batch, signatures) or self._with(batch)

    def _unsigned(self, batch: MarkBatch, signatures: tuple[SourceSignature, ...]) -> MarkRefusal | None:
        if len(signatures) < self.quorum:
            return MarkRefusal.QUORUM_NOT_REACHED
        last, digest = 0, batch.digest(self.domain)
        for source, signature in signatures:
            if int(source, 16) <= last:
                return MarkRefusal.SIGNATURES_NOT_SORTED
            if source not in self.sources:
                return MarkRefusal.UNKNOWN_SOURCE
            if not is_signed_by(source, digest, signature):
                return MarkRefusal.WRONG_SOURCE_SIGNATURE
            last = int(source, 16)
        return None

    def _with(self, batch: MarkBatch) -> "Feed | MarkRefusal":
        latest = dict(self.latest)
        for mark in batch.marks:
            if not mark.price_e6:
                return MarkRefusal.ZERO_PRICE
            if mark.confidence_e6 > FULL_CONFIDENCE_E6:
                return MarkRefusal.CONFIDENCE_OUT_OF_RANGE
            if mark.instrument in latest and batch.as_of_s <= latest[mark.instrument][1]:
                return MarkRefusal.TIME_NOT_AFTER
            latest[mark.instrument] = mark, batch.as_of_s
        return replace(self, latest=latest)
