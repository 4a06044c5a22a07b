"""What is wrong with entries by themselves, a whole report at a time; what depends on the book, `book` says.

Every rule is a column of true and false; the first that holds in the order of `EntryRefusal` is the verdict.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from settlement.engine.roster import NOBODY, Ints, Numbers, Roster
from settlement.engine.verdicts import BOOKED, EntryRefusal
from settlement.reports import Cause, Entries, EntryKind

WORTH_LIMIT = 1 << 53
"""A single entry's worth stays below it, in 1e-6 USD: nine billion dollars, and what a float still tells apart."""

Codes = NDArray[np.uint8]
"""A verdict for each entry: 0, or the code of its refusal."""


@dataclass(frozen=True, slots=True)
class Window:
    """How old, and how far ahead of our clock, what a venue reports may be (ms).

    Wide on purpose: a clock that jumps must not turn true fills into breaks.
    """

    past_ms: int = 366 * 86_400_000
    future_ms: int = 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Judged:
    """Entries as rows and columns of the book, worth (1e-6 USD) of fills exact, with their verdicts."""

    codes: Codes
    column: Ints
    buyer: Ints
    seller: Ints
    worth_units: Ints


def judge(entries: Entries, roster: Roster, numbers: Numbers, recorded_at_ms: int, window: Window) -> Judged:
    """Verdicts on what entries say by themselves. `recorded_at_ms`: when the report was taken in."""
    kind, lots, price_e6 = entries["kind"], entries["lots"], entries["price_e6"]
    occurred = entries["occurred_at_ms"]
    column = numbers.column_of(entries["instrument"])
    buyer, seller = numbers.row_of(entries["buyer"]), numbers.row_of(entries["seller"])
    fills = (kind == EntryKind.FILL) | (kind == EntryKind.CORRECTION)
    # A bust says nothing but what it is about; funding's index may be anything.
    priced = fills | (kind == EntryKind.MARK) | (kind == EntryKind.EXPIRY)
    tick, per_coin = np.maximum(roster.tick_e6[column], 1), np.maximum(roster.lots_per_coin[column], 1)
    ends = roster.expires_at_ms[column]
    lowest = np.where(kind == EntryKind.EXPIRY, 0, 1)  # an option may expire worthless
    unit = price_e6 // per_coin
    rules: dict[EntryRefusal, NDArray[np.bool_]] = {
        EntryRefusal.UNKNOWN_KIND: (kind < min(EntryKind)) | (kind > max(EntryKind)),
        EntryRefusal.UNKNOWN_CAUSE: entries["cause"] > max(Cause),
        EntryRefusal.OCCURRED_TOO_LONG_AGO: occurred < recorded_at_ms - window.past_ms,
        EntryRefusal.OCCURRED_IN_THE_FUTURE: occurred > recorded_at_ms + window.future_ms,
        EntryRefusal.UNKNOWN_INSTRUMENT: (kind != EntryKind.BUST) & (column == NOBODY),
        EntryRefusal.UNKNOWN_ACCOUNT: fills & ((buyer == NOBODY) | (seller == NOBODY)),
        EntryRefusal.BUYER_IS_SELLER: fills & (buyer == seller),
        EntryRefusal.LOTS_MUST_BE_POSITIVE: fills & (lots <= 0),
        EntryRefusal.PRICE_MUST_BE_POSITIVE: priced & (price_e6 < lowest),
        EntryRefusal.OFF_TICK: priced & (price_e6 % tick != 0),
        # A tick is at least one unit a lot, so this bounds lots too.
        EntryRefusal.WORTH_EXCEEDS_RANGE: fills & (lots.astype(float) * unit.astype(float) >= WORTH_LIMIT),
        EntryRefusal.CANNOT_EXPIRE: (kind == EntryKind.EXPIRY) & ((ends == 0) | (occurred < ends)),
    }
    codes = np.full(len(entries), BOOKED, np.uint8)
    for refusal in reversed(rules):
        codes[rules[refusal]] = refusal.code
    return Judged(codes, column, buyer, seller, np.where(fills & (codes == BOOKED), lots * unit, 0))
