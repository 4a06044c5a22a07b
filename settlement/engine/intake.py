"""Reports in, book and outbox out: everything of one write transaction, decided by the pure rules beside it.

A report that repeats what is known is nothing; one that contradicts it is kept as evidence; one that comes too early is
held back until what is missing before it has come. What is in memory is the fold of what the transaction stored, so a
transaction that fails leaves an intake that has to be restored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection

from custody.typed_data import Domain
from settlement.batch import GENESIS
from settlement.engine import stored
from settlement.engine.book import Book
from settlement.engine.judging import Judged, Window, judge
from settlement.engine.packing import Limits, Meter, pack
from settlement.engine.proving import Proving
from settlement.engine.roster import Roster
from settlement.engine.stored import Outgoing, Taken
from settlement.engine.telling import tell_of_refused
from settlement.engine.verdicts import BOOKED, ReportRefusal, refusal_of
from settlement.reports import ENTRY, Entries, EntryKind, Report

MOST_ENTRIES = 1 << 16
"""Of one report."""
MOST_HELD = 1_000
"""Reports of one venue that are held back behind a gap; those beyond it are fetched when it is closed."""
_AMENDMENTS = (EntryKind.BUST, EntryKind.CORRECTION)


@dataclass(slots=True)
class Intake:
    """The book with what stands around it. `sequence`, `digest`: the last batch that was written."""

    roster: Roster
    domain: Domain
    limits: Limits = field(default_factory=Limits)
    window: Window = field(default_factory=Window)
    sequence: int = 0
    digest: bytes = GENESIS
    book: Book = field(init=False)
    held: dict[str, dict[int, Report]] = field(default_factory=dict)
    proofs: dict[str, Proving] = field(default_factory=dict)
    """By venue, of those that show the actions behind their fills."""
    taken: int = 0
    """Reports since the start."""
    _meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.book = Book(self.roster)
        self._meter = Meter(self.limits, self.roster.width, len(self.roster.addresses))
        self.held = {venue: {} for venue in self.roster.members}

    # -- reports -------------------------------------------------------------------------------------------------------

    def take(self, tx: Connection, reports: Sequence[Report], now_ms: int) -> list[Outgoing]:
        """Take in what comes next of each venue, store it, and write the batches that became full on the way."""
        out: list[Outgoing] = []
        for report in reports:
            out += self._take_one(tx, report, now_ms)
            held = self.held.get(report.venue, {})
            while (early := self._next_of(held, report.venue)) is not None:
                out += self._take_one(tx, early, now_ms)
        return out

    def gaps(self) -> dict[str, tuple[int, int]]:
        """By venue the numbers, first and last, that are missing before what is held back."""
        return {
            venue: (self.book.reached.get(venue, 0) + 1, min(early) - 1)
            for venue, held in self.held.items()
            if (early := tuple(held))
        }

    def _next_of(self, held: dict[int, Report], venue: str) -> Report | None:
        due = self.book.reached.get(venue, 0) + 1
        found = next((first for first in held if first <= due), None)
        return None if found is None else held.pop(found)

    def _take_one(self, tx: Connection, report: Report, now_ms: int) -> list[Outgoing]:
        digest = report.digest(self.domain)
        refusal = self._refusal(tx, report, digest)
        due = self.book.reached.get(report.venue, 0) + 1
        if refusal is not None:
            stored.store_refused_report(tx, report, digest, refusal, now_ms)
        elif report.first > due:
            held = self.held[report.venue]
            if len(held) < MOST_HELD or report.first < max(held):
                held[report.first] = report
        elif report.last >= due:
            return self._book(tx, Taken(report, due, now_ms), digest)
        return []

    def _refusal(self, tx: Connection, report: Report, digest: bytes) -> ReportRefusal | None:
        member = self.roster.members.get(report.venue)
        if member is None:
            return ReportRefusal.UNKNOWN_VENUE
        if report.count > MOST_ENTRIES:
            return ReportRefusal.TOO_MANY_ENTRIES
        if not report.is_signed_by(self.domain, member.signer):
            return ReportRefusal.NOT_SIGNED_BY_THE_VENUE
        known = min(report.last, self.book.reached.get(report.venue, 0))
        if report.first <= known and not _repeats(tx, report, known):
            return ReportRefusal.CONTRADICTS_AN_EARLIER_REPORT
        return None

    def _book(self, tx: Connection, taken: Taken, digest: bytes) -> list[Outgoing]:
        report = taken.report
        stored.store_reports(tx, [taken], [digest])
        entries = report.entries()[taken.new_from - report.first :]
        judged = self.judge(report.venue, entries, taken.recorded_at_ms)
        if (proving := self.proofs.get(report.venue)) is not None:
            for unproven in proving.refused(report, taken.new_from, judged.codes):
                tell_of_refused(tx, unproven, taken.recorded_at_ms)
        originals = self.originals(tx, report.venue, taken.new_from, entries)
        out, start = [], 0
        while start < len(entries):
            count = self._meter.take(self.book, entries[start:], _part(judged, slice(start, None)))
            if not count:
                out += self.cut(tx, taken.recorded_at_ms)
                continue
            part = slice(start, start + count)
            # A later piece may be about an entry of an earlier one of the same report.
            codes = self.book.fold(report.venue, taken.new_from + start, entries[part], _part(judged, part), originals)
            refused = {taken.new_from + start + at: refusal_of(codes[at]) for at in np.flatnonzero(codes).tolist()}
            stored.store_refused_entries(tx, report.venue, refused, taken.recorded_at_ms)
            if start + count < len(entries):
                originals |= _fills(taken.new_from + start, entries[part], codes)
            start += count
        self.taken += 1
        return out

    def judge(self, venue: str, entries: Entries, recorded_at_ms: int) -> Judged:
        """Verdicts on what a venue's entries say by themselves."""
        return judge(entries, self.roster, self.roster.numbers[venue], recorded_at_ms, self.window)

    def originals(self, tx: Connection, venue: str, first: int, entries: Entries) -> dict[int, Any]:
        """The booked fills from before `first` that busts and corrections are about, by number."""
        about = entries["about"][np.isin(entries["kind"], _AMENDMENTS)].tolist()
        if not about:
            return {}
        standing = {self.book.standing(venue, number) for number in about}
        return stored.booked_fills(tx, venue, [number for number in standing if 0 < number < first])

    # -- batches -------------------------------------------------------------------------------------------------------

    def cut(self, tx: Connection, now_ms: int) -> list[Outgoing]:
        """Write the batch of all that moved since the last one, into the outbox; none if nothing did."""
        self._meter.clear()
        if not self.book.is_dirty:
            return []
        changes = self.book.changes()
        batch = pack(self.book, changes, self.sequence + 1, self.digest, now_ms // 1000)
        out = Outgoing(batch, batch.digest(), dict(self.book.reached), int(np.count_nonzero(changes.lots)), now_ms)
        stored.store_batch(tx, out)
        self.book.told(changes)
        self.sequence, self.digest = batch.sequence, out.digest
        return [out]


def _repeats(tx: Connection, report: Report, known: int) -> bool:
    """Whether a report says of the numbers up to `known` what was said before."""
    size = ENTRY.itemsize
    for taken in stored.reports_between(tx, report.venue, report.first, known):
        first, last = max(report.first, taken.new_from), min(known, taken.report.last)
        here, there = ((first - one.first) * size for one in (report, taken.report))
        length = (last - first + 1) * size
        if report.body[here : here + length] != taken.report.body[there : there + length]:
            return False
    return True


def _part(judged: Judged, part: slice) -> Judged:
    return Judged(
        judged.codes[part], judged.column[part], judged.buyer[part], judged.seller[part], judged.worth_units[part]
    )


def _fills(first: int, entries: Entries, codes: Any) -> dict[int, Any]:
    fills = np.isin(entries["kind"], (EntryKind.FILL, EntryKind.CORRECTION)) & (codes == BOOKED)
    return {first + place: entries[place] for place in np.flatnonzero(fills).tolist()}
