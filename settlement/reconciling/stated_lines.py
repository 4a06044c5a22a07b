"""The lines of a venue's statement, field by field; all numbers are the venue's own."""

from dataclasses import dataclass
from enum import StrEnum

from settlement.reports import Cause, EntryKind
from settlement.venues.entry import Entry


class Side(StrEnum):
    """Of a position."""

    LONG = "long"
    SHORT = "short"


class FillKind(StrEnum):
    """Of an entry that stands: as it was, or as it was corrected."""

    FILL = "fill"
    CORRECTION = "correction"


class FillCause(StrEnum):
    """Why it happened."""

    TRADE = "trade"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class StatedAccount:
    """The venue's number of an account, and whose it is on the chain (0x and 40 hex digits)."""

    number: int
    holder: str


@dataclass(frozen=True, slots=True)
class StatedInstrument:
    """The venue's id of an instrument, and the chain's number of it."""

    id: int
    number: int


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: whose statement it is, and which of the venue's entries it is over, both ends included."""

    record: str
    venue: str
    first: int
    last: int
    accounts: tuple[StatedAccount, ...]
    instruments: tuple[StatedInstrument, ...]


@dataclass(frozen=True, slots=True)
class StatedBalance:
    """The mirrored balance of an account of the ledger, in its smallest unit."""

    record: str
    account: str
    units: int


@dataclass(frozen=True, slots=True)
class StatedPosition:
    """An open position; lots are counted without a sign."""

    record: str
    account: int
    instrument: int
    side: Side
    lots: int


@dataclass(frozen=True, slots=True)
class StatedMark:
    """The mark that is in force, 1e-6 USD, and its time, UTC seconds."""

    record: str
    instrument: int
    price_e6: int
    as_of_s: int


@dataclass(frozen=True, slots=True)
class StatedFill:
    """A fill or correction that stands: none that was busted or corrected later. `about`: 0 of a fill."""

    record: str
    number: int
    kind: FillKind
    cause: FillCause
    instrument: int
    buyer: int
    seller: int
    lots: int
    price_e6: int
    occurred_at_ms: int
    about: int

    @property
    def entry(self) -> Entry:
        return Entry(
            EntryKind[self.kind.name], self.instrument, self.occurred_at_ms, self.lots, self.price_e6,
            self.buyer, self.seller, self.about, Cause[self.cause.name],
        )  # fmt: skip
