"""One entry of a report, spelt out: for whoever writes few of them, or reads them one by one."""

from dataclasses import dataclass

import numpy as np

from settlement.reports import ENTRY, Cause, EntryKind, ReportError


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, spelt out; `settlement.reports.ENTRY` says what its numbers are."""

    kind: EntryKind
    instrument: int
    occurred_at_ms: int
    lots: int = 0
    price_e6: int = 0
    buyer: int = 0
    seller: int = 0
    about: int = 0
    cause: Cause = Cause.TRADE

    def packed(self) -> bytes:
        """48 bytes. Raises OverflowError for a number that does not fit."""
        whole = (
            (self.kind, 1), (self.cause, 1), (0, 2), (self.instrument, 4), (self.buyer, 4), (self.seller, 4),
        )  # fmt: skip
        signed = (self.lots, self.price_e6, self.occurred_at_ms)
        body = b"".join(number.to_bytes(size, "little") for number, size in whole)
        body += b"".join(number.to_bytes(8, "little", signed=True) for number in signed)
        return body + self.about.to_bytes(8, "little")


def require_whole(body: bytes) -> None:
    """Raises ReportError for bytes that are no whole entries."""
    if len(body) % ENTRY.itemsize:
        raise ReportError(f"{len(body)} bytes are no whole entries")


def unpacked(body: bytes) -> list[Entry]:
    """The entries in these bytes. Raises ReportError, also for a kind or a cause that there is not."""
    require_whole(body)
    columns = np.frombuffer(body, ENTRY)
    names = ("kind", "instrument", "occurred_at_ms", "lots", "price_e6", "buyer", "seller", "about", "cause")
    rows = zip(*(columns[name].tolist() for name in names), strict=True)
    try:
        return [
            Entry(EntryKind(kind), instrument, at_ms, lots, price_e6, buyer, seller, about, Cause(cause))
            for kind, instrument, at_ms, lots, price_e6, buyer, seller, about, cause in rows
        ]
    except ValueError as why:
        raise ReportError(str(why)) from why
