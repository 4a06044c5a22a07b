"""A recording played again as a venue's feed: at the speed at which it happened, faster, or all at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from custody.signers import Signer
from custody.typed_data import Domain
from settlement.reports import ENTRY, Report
from settlement.venues.recording import Recording, RecordingError
from settlement.venues.tape import MOST_ENTRIES, Tape


@dataclass(slots=True)
class RecordedVenue:
    """A `VenueFeed`. Its reports are signed by `signer`, who vouches for the recording as the venue would.

    RecordingError for a recording with bad lines, unless `without_bad_lines`: entries are numbered, and what is left
    out moves the numbers of all that follow.
    """

    venue: str
    recording: Recording
    signer: Signer
    domain: Domain
    without_bad_lines: bool = False
    most_entries: int = MOST_ENTRIES
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _tape: Tape = field(init=False)

    def __post_init__(self) -> None:
        bad = self.recording.bad_lines
        if bad and not self.without_bad_lines:
            raise RecordingError(f"{len(bad)} bad lines; {bad[0]}")
        self._tape = Tape(self.venue, self.domain, self.signer, self.most_entries)

    async def play(self, times_as_fast: int = 0, report_ms: int = 1_000) -> None:
        """Publish everything, then end. 0: at once. Else so many times as fast as it happened, in a report for every
        `report_ms` of recorded time; what happened earlier than an entry before it goes out with that.
        """
        body, size = self.recording.body, ENTRY.itemsize
        for start, end, pause_ms in self._spans(times_as_fast, report_ms):
            if pause_ms:
                await self.sleep(pause_ms / 1_000 / times_as_fast)
            self._tape.add_packed(body[start * size : end * size])
            self._tape.publish()
        self._tape.close()

    def listen(self, after: int) -> AsyncIterator[Report]:
        """Reports with entries behind `after`, as they are played."""
        return self._tape.listen(after)

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        """Exactly these entries, as far as they have been played."""
        return await self._tape.fetch(first, last)

    def _spans(self, times_as_fast: int, report_ms: int) -> list[tuple[int, int, int]]:
        """(first entry, end, recorded milliseconds to wait before) of each report."""
        times = np.frombuffer(self.recording.body, ENTRY)["occurred_at_ms"]
        if not len(times):
            return []
        if not times_as_fast:
            return [(0, len(times), 0)]
        turns = np.maximum.accumulate(times) // report_ms
        starts = [0, *(np.flatnonzero(np.diff(turns)) + 1).tolist()]
        ends = [*starts[1:], len(times)]
        waits = [0, *(np.diff(turns[starts]) * report_ms).tolist()]
        return list(zip(starts, ends, waits, strict=True))
