"""The mirror in columns: lots and cash of every party in every instrument, folded from numbered entries.

Everything between two entries that depend on what is held (a bust, a correction, an expiry, funding) is booked at once.
The twin is `settlement.mirror`, party by party in whole numbers. int64 wraps in silence, so entries are worth less than
2^53, stretches are cut below 2^62 and what is held is checked to stay there: no sum of two can wrap.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlement.engine.judging import Codes, Judged
from settlement.engine.roster import Ints, Roster
from settlement.engine.verdicts import BOOKED, EntryRefusal
from settlement.reports import Entries, EntryKind

FAR = 1 << 62
"""No lots and no cash held reach it."""
_STANDING = (EntryKind.FILL, EntryKind.MARK)
UNKNOWN = np.int64(-1)

Original = Mapping[int, Any]
"""Fills and corrections that were booked, by number, among them whatever the entries at hand are about."""


class BookError(ArithmeticError):
    """A holding beyond 2^62: a fault, for no honest market gets there."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved since the last batch, sorted by page, then row: columns, rows, lots and cash (1e-6 USD)."""

    column: Ints
    row: Ints
    lots: Ints
    cash_units: Ints

    def __len__(self) -> int:
        return len(self.column)


@dataclass(slots=True)
class Book:
    """Positions and cash, [column, row]. `cash_units` is what fills paid, `funded_units` what funding did.

    A batch carries funding as an index, which whoever held lots before the batch pays by; what lots of the same batch
    have paid is carried as cash. `sent_*` is what batches have told so far, `sent_units` with the funding in it.
    """

    roster: Roster
    lots: NDArray[np.int64] = field(init=False)
    cash_units: NDArray[np.int64] = field(init=False)
    funded_units: NDArray[np.int64] = field(init=False)
    sent_lots: NDArray[np.int64] = field(init=False)
    sent_units: NDArray[np.int64] = field(init=False)
    mark_e6: Ints = field(init=False)
    marked_at_ms: Ints = field(init=False)
    funding_e6: Ints = field(init=False)
    sent_funding_e6: Ints = field(init=False)
    final_e6: Ints = field(init=False)
    """Settlement value of what has expired, UNKNOWN of what has not."""
    reached: dict[str, int] = field(default_factory=dict)
    """By venue: the number up to which entries are folded."""
    replaced: dict[tuple[str, int], int] = field(default_factory=dict)
    """What stands instead of a fill that was corrected; 0 where it was busted."""
    _touched: list[Ints] = field(default_factory=list)
    _marked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        shape = self.roster.width, len(self.roster.addresses)
        self.lots, self.cash_units, self.funded_units = (np.zeros(shape, np.int64) for _ in range(3))
        self.sent_lots, self.sent_units = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.mark_e6, self.marked_at_ms, self.funding_e6 = (np.zeros(shape[0], np.int64) for _ in range(3))
        self.sent_funding_e6 = np.zeros(shape[0], np.int64)
        self.final_e6 = np.full(shape[0], UNKNOWN)

    # -- folding ---------------------------------------------------------------------------------------------------

    def fold(self, venue: str, first: int, entries: Entries, judged: Judged, originals: Original) -> Codes:
        """Book the entries `first`, `first + 1`, … in order; the verdicts, completed by what only the book knows.

        Raises BookError, after which the book is of no use any more.
        """
        codes = judged.codes.copy()
        plain = np.isin(entries["kind"], _STANDING)
        start = 0
        for turn in [*np.flatnonzero(~plain & (codes == BOOKED)).tolist(), len(entries)]:
            self._book_stretch(entries, judged, codes, slice(start, turn))
            if turn < len(entries):
                local = _Local(venue, first, entries, codes, originals)
                refusal = _TURNS[EntryKind(entries["kind"][turn])](self, local, turn, judged)
                codes[turn] = BOOKED if refusal is None else refusal.code
            start = turn + 1
        self.reached[venue] = first + len(entries) - 1
        return codes

    def _book_stretch(self, entries: Entries, judged: Judged, codes: Codes, part: slice) -> None:
        good = np.flatnonzero(codes[part] == BOOKED) + part.start
        kind = entries["kind"][good]
        marks, fills = good[kind == EntryKind.MARK], good[kind == EntryKind.FILL]
        for place in marks.tolist():
            column, at_ms = int(judged.column[place]), int(entries["occurred_at_ms"][place])
            if at_ms < self.marked_at_ms[column]:
                codes[place] = EntryRefusal.OLDER_THAN_THE_LAST.code
            else:
                self.marked_at_ms[column], self.mark_e6[column] = at_ms, entries["price_e6"][place]
                self._marked.add(column)
        late = self.final_e6[judged.column[fills]] != UNKNOWN
        if late.any():
            codes[fills[late]] = EntryRefusal.INSTRUMENT_EXPIRED.code
            fills = fills[~late]
        if len(fills):
            self._seed_marks(judged.column[fills], entries["price_e6"][fills])
            self._move(judged.column[fills], judged.buyer[fills], judged.seller[fills], entries["lots"][fills],
                       judged.worth_units[fills])  # fmt: skip

    def _seed_marks(self, columns: Ints, prices_e6: Ints) -> None:
        """Until a venue marks an instrument, its mark is the price of its first fill, as old as can be."""
        if (self.mark_e6[columns] == 0).any():
            for column, place in zip(*np.unique(columns, return_index=True), strict=True):
                if self.mark_e6[column] == 0:
                    self.mark_e6[column] = prices_e6[place]

    def _move(self, column: Ints, buyer: Ints, seller: Ints, lots: Ints, worth: Ints) -> None:
        """Pass lots from seller to buyer for their worth; both may be negative, which unwinds."""
        if np.abs(worth.astype(float)).sum() >= FAR:
            half = len(worth) // 2
            for part in (slice(half), slice(half, None)):
                self._move(column[part], buyer[part], seller[part], lots[part], worth[part])
            return
        rows = self.lots.shape[1]
        keys = np.concatenate((column * rows + buyer, column * rows + seller))
        np.add.at(self.lots.reshape(-1), keys, np.concatenate((lots, -lots)))
        np.add.at(self.cash_units.reshape(-1), keys, np.concatenate((-worth, worth)))
        self._require_near(keys)
        self._touched.append(keys)

    def _require_near(self, keys: Ints) -> None:
        for held in (self.lots, self.cash_units, self.funded_units):
            found = held.reshape(-1)[keys]
            if len(found) and (found.max() >= FAR or found.min() <= -FAR):
                raise BookError("a position or its cash is beyond 2^62: the entries cannot be of a market")

    # -- entries that depend on what is held -------------------------------------------------------------------------

    def _undo(self, local: "_Local", turn: int, judged: Judged) -> EntryRefusal | None:
        """Unwind what stands of the fill that a bust or correction is about, exactly; then book the correction."""
        number, entry = local.first + turn, local.entries[turn]
        about = self.standing(local.venue, int(entry["about"]))
        if about == 0 and entry["about"]:
            return EntryRefusal.ALREADY_UNDONE
        original = local.original(about) if about < number else None
        if original is None:
            return EntryRefusal.ABOUT_NO_BOOKED_FILL
        is_correction = entry["kind"] == EntryKind.CORRECTION
        self._pass(local.venue, original, -1)
        if is_correction:
            self._pass(local.venue, entry, 1)
        self.replaced[local.venue, about] = number if is_correction else 0
        return None

    def _pass(self, venue: str, fill: Any, sign: int) -> None:
        numbers = self.roster.numbers[venue]
        one = np.array([fill])
        column, buyer, seller = (
            numbers.column_of(one["instrument"]), numbers.row_of(one["buyer"]), numbers.row_of(one["seller"])
        )  # fmt: skip
        lots = one["lots"] * sign
        unit = one["price_e6"] // self.roster.lots_per_coin[column]
        final = self.final_e6[column]
        if final[0] != UNKNOWN:  # what has expired was closed at its value, and so is this
            closed_at = final // self.roster.lots_per_coin[column]
            self._move(column, buyer, seller, lots * 0, lots * (unit - closed_at))
        else:
            self._move(column, buyer, seller, lots, lots * unit)

    def _fund(self, local: "_Local", turn: int, judged: Judged) -> EntryRefusal | None:
        """Whoever holds lots pays what the index moved by, a lot."""
        column, index = int(judged.column[turn]), int(local.entries["price_e6"][turn])
        if self.final_e6[column] != UNKNOWN:
            return EntryRefusal.INSTRUMENT_EXPIRED
        moved, held = index - int(self.funding_e6[column]), self.lots[column]
        if float(np.abs(held).max(initial=0)) * abs(float(moved)) >= FAR:
            raise BookError(f"funding of {moved}e-6 USD a lot is beyond 2^62 in all")
        self.funded_units[column] -= held * moved
        rows = self.lots.shape[1]
        self._require_near(column * rows + np.arange(rows))
        self.funding_e6[column] = index
        self._marked.add(column)
        return None

    def _expire(self, local: "_Local", turn: int, judged: Judged) -> EntryRefusal | None:
        """All positions close at the settlement value."""
        column, value_e6 = int(judged.column[turn]), int(local.entries["price_e6"][turn])
        if self.final_e6[column] != UNKNOWN:
            return EntryRefusal.INSTRUMENT_EXPIRED
        unit, held = value_e6 // int(self.roster.lots_per_coin[column]), self.lots[column]
        if float(np.abs(held).max(initial=0)) * float(unit) >= FAR:
            raise BookError(f"a settlement at {value_e6}e-6 USD is beyond 2^62")
        keys = column * len(held) + np.flatnonzero(held)
        self.cash_units[column] += held * unit
        held[:] = 0
        self._require_near(keys)
        self.final_e6[column], self.mark_e6[column] = value_e6, value_e6
        self.marked_at_ms[column] = local.entries["occurred_at_ms"][turn]
        self._touched.append(keys)
        self._marked.add(column)
        return None

    def standing(self, venue: str, number: int) -> int:
        """The number of the statement that stands for a fill: its own, its last correction's, or 0 after a bust."""
        while (venue, number) in self.replaced:
            number = self.replaced[venue, number]
        return number

    # -- batches -------------------------------------------------------------------------------------------------------

    def changes(self) -> Changes:
        """What moved since the last batch, net; what came back to where it was is left out."""
        keys = np.unique(np.concatenate(self._touched)) if self._touched else np.zeros(0, np.int64)
        lots = self.lots.reshape(-1)[keys] - self.sent_lots.reshape(-1)[keys]
        cash = self._untold_units().reshape(-1)[keys]
        moved = (lots != 0) | (cash != 0)
        column, row = np.divmod(keys[moved], self.lots.shape[1])
        return Changes(column, row, lots[moved], cash[moved])

    @property
    def pending(self) -> int:
        """No more positions than this have moved since the last batch."""
        return sum(map(len, self._touched))

    @property
    def is_dirty(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self._touched or self._marked)

    def told(self, changes: Changes) -> None:
        """A batch tells these changes, and every mark."""
        columns = self.marked_columns(changes)
        self.hear(columns, self.funding_e6[columns], changes)
        self._touched.clear()
        self._marked.clear()

    def hear(self, columns: Ints, funding_e6: Ints, changes: Changes) -> None:
        """What whoever reads a batch makes of it: lots held before it pay by its index, then come its changes."""
        moved = funding_e6 - self.sent_funding_e6[columns]
        self.sent_units[columns] -= self.sent_lots[columns] * moved[:, None]
        self.sent_funding_e6[columns] = funding_e6
        self.sent_lots[changes.column, changes.row] += changes.lots
        self.sent_units[changes.column, changes.row] += changes.cash_units

    def _untold_units(self) -> NDArray[np.int64]:
        """Cash that is not told yet, but for what the next batch's index tells of lots that are."""
        by_index = self.sent_lots * (self.funding_e6 - self.sent_funding_e6)[:, None]
        untold: NDArray[np.int64] = self.cash_units + self.funded_units - self.sent_units + by_index
        return untold

    def take_up(self, *, marks_too: bool) -> None:
        """After a restart: whatever differs from what was told is to be told, with `marks_too` every mark."""
        differs = (self.lots != self.sent_lots) | (self._untold_units() != 0)
        self._touched = [np.flatnonzero(differs)] if differs.any() else []
        is_marked = (self.mark_e6 != 0) | (self.funding_e6 != self.sent_funding_e6)
        self._marked = set(np.flatnonzero(is_marked).tolist()) if marks_too else set()

    def marked_columns(self, changes: Changes) -> Ints:
        """The columns whose marks a batch carries: those that moved, and those that were marked."""
        return np.union1d(changes.column, np.fromiter(self._marked, np.int64, len(self._marked)))


@dataclass(frozen=True, slots=True)
class _Local:
    """The report at hand, for entries that are about others."""

    venue: str
    first: int
    entries: Entries
    codes: Codes
    originals: Original

    def original(self, number: int) -> Any:
        """A booked fill or correction of that number; None if there is none."""
        if number < self.first:
            return self.originals.get(number)
        place = number - self.first
        is_fill = self.entries["kind"][place] in (EntryKind.FILL, EntryKind.CORRECTION)
        return self.entries[place] if is_fill and self.codes[place] == BOOKED else None


_TURNS: dict[EntryKind, Callable[[Book, _Local, int, Judged], EntryRefusal | None]] = {
    EntryKind.BUST: Book._undo,
    EntryKind.CORRECTION: Book._undo,
    EntryKind.FUNDING: Book._fund,
    EntryKind.EXPIRY: Book._expire,
}
