"""What a venue has said, in order: entries get their numbers here, and go out in signed reports of many.

Whatever has been published can be asked for again by number, now and as long as the tape is there.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from custody.signers import Signer
from custody.typed_data import Domain
from settlement.reports import ENTRY, Report
from settlement.venues.entry import Entry, require_whole, unpacked

MOST_ENTRIES = 4096
"""Of one report: some 200 kB, whose signature costs next to nothing an entry."""


@dataclass(slots=True)
class Tape:
    """The entries of one venue; a `VenueFeed`. One event loop's: it is not to be shared between threads."""

    venue: str
    domain: Domain
    signer: Signer
    most_entries: int = MOST_ENTRIES
    published: int = 0
    """The number of the last entry that has gone out."""
    _body: bytearray = field(default_factory=bytearray)
    _reports: list[Report] = field(default_factory=list)
    _closed: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last(self) -> int:
        """The number of the last entry, published or not; 0 before the first."""
        return len(self._body) // ENTRY.itemsize

    def add(self, entry: Entry) -> int:
        """The entry's number; it goes out with the next report."""
        self._body += entry.packed()
        return self.last

    def add_packed(self, body: bytes) -> None:
        """Whole entries as they travel; ReportError for anything else."""
        require_whole(body)
        self._body += body

    def entries(self) -> list[Entry]:
        """All of them, published or not."""
        return unpacked(bytes(self._body))

    def publish(self) -> list[Report]:
        """Send out all that has not been sent, in reports of `most_entries` at most."""
        fresh = self._cut(self.published + 1, self.last)
        self.published = self.last
        self._reports += fresh
        self._wake()
        return fresh

    def close(self) -> None:
        """Whoever listens hears what is published, and then the end."""
        self._closed = True
        self._wake()

    async def listen(self, after: int) -> AsyncIterator[Report]:
        """Reports with entries behind `after`, as they go out; a report that begins before them comes whole."""
        position = next((at for at, report in enumerate(self._reports) if report.last > after), len(self._reports))
        while True:
            news = self._news
            while position < len(self._reports):
                report = self._reports[position]
                position += 1
                if report.last > after:
                    yield report
            if self._closed:
                return
            if news is self._news:
                await news.wait()

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        """Exactly these entries, as far as they are published, signed anew."""
        return self._cut(max(first, 1), min(last, self.published))

    def _cut(self, first: int, last: int) -> list[Report]:
        size, starts = ENTRY.itemsize, range(first, last + 1, self.most_entries)
        ends = [min(start + self.most_entries - 1, last) for start in starts]
        bodies = [bytes(self._body[(start - 1) * size : end * size]) for start, end in zip(starts, ends, strict=True)]
        told = (Report(self.venue, start, body) for start, body in zip(starts, bodies, strict=True))
        return [report.signed(self.domain, self.signer) for report in told]

    def _wake(self) -> None:
        """A new event a time, as one that is set and cleared could be missed."""
        news, self._news = self._news, asyncio.Event()
        news.set()
