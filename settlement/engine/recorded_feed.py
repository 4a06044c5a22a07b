"""A venue whose reports are files in a folder, one each, named by their first number: what a recorder leaves behind.

A file is the signature, 65 bytes, and the entries. New files are heard of as they appear; one is moved into the folder
when it is whole.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from settlement.reports import Report

SIGNATURE_BYTES = 65
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class RecordedFeed:
    """A `VenueFeed` of the files `<first>.report` in a folder; it never closes."""

    venue: str
    folder: Path

    async def listen(self, after: int) -> AsyncIterator[Report]:
        heard: set[int] = set()
        while True:
            for first in self._firsts():
                if first not in heard:
                    heard.add(first)
                    if (report := self._read(first)).last > after:
                        yield report
            await asyncio.sleep(POLL_S)

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        found = [self._read(one) for one in self._firsts() if one <= last]
        return [report for report in found if report.last >= first]

    def _firsts(self) -> list[int]:
        return sorted(int(file.stem) for file in self.folder.glob("*.report"))

    def _read(self, first: int) -> Report:
        told = (self.folder / f"{first}.report").read_bytes()
        return Report(self.venue, first, told[SIGNATURE_BYTES:], told[:SIGNATURE_BYTES])


def record(report: Report, folder: Path) -> None:
    """Write a report where a `RecordedFeed` finds it."""
    made = folder / f"{report.first}.part"
    made.write_bytes(report.signature + report.body)
    made.rename(folder / f"{report.first}.report")
