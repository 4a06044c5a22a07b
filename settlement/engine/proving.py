"""A venue's fills held against the actions that its clients have signed, before the book takes them.

Evidence is fetched before the transaction, for a venue may take its time; what it is worth is decided within it, behind
the venue's own signature, so that nobody else's report counts towards an order. A fill that fails is refused by itself:
what follows it is booked. Whoever begins to lead asks for the evidence of all that was taken in before.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from settlement.engine.judging import Codes
from settlement.engine.stored import Taken
from settlement.engine.verdicts import BOOKED, EntryRefusal
from settlement.reports import ENTRY, EntryKind, Report
from settlement.venues.action_check import ActionCheck, Evidence, EvidenceFeed, RefusedFill
from settlement.venues.signed_orders import SignedOrders

EVIDENCE_S = 10.0
"""How long a venue may take to show what is behind its fills."""
_SHOWN = (EntryKind.FILL, EntryKind.CORRECTION)
_CHECKED = (*_SHOWN, EntryKind.BUST)


@dataclass(frozen=True, slots=True)
class SignedVenue:
    """A venue that shows the actions behind its fills. `orders`: the mirror's own knowledge, anew for each leader."""

    feed: EvidenceFeed
    orders: Callable[[], SignedOrders]


@dataclass(slots=True)
class Proving:
    """One venue's fills, as long as somebody leads."""

    feed: EvidenceFeed
    check: ActionCheck
    _shown: dict[int, Evidence] = field(default_factory=dict)

    @classmethod
    def of(cls, venue: SignedVenue) -> "Proving":
        return cls(venue.feed, ActionCheck(venue.orders()))

    async def ask(self, reports: Iterable[Report]) -> None:
        """Fetch what is behind the fills of reports; a venue that does not answer has shown nothing."""
        numbers = [
            report.first + place
            for report in reports
            for place in np.flatnonzero(np.isin(report.entries()["kind"], _SHOWN)).tolist()
        ]
        wanted = [number for number in numbers if number not in self._shown]
        if wanted:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(EVIDENCE_S):
                    self._shown |= await self.feed.evidence(wanted)

    def recall(self, taken: Taken, codes: Codes, unproven: Collection[int]) -> None:
        """Count what was taken in before towards its orders, but for those numbers that were refused then."""
        for number in range(taken.new_from, taken.report.last + 1):
            if number in unproven:
                codes[number - taken.new_from] = EntryRefusal.NOT_AS_SIGNED.code
        self.refused(taken.report, taken.new_from, codes)

    def refused(self, report: Report, first: int, codes: Codes) -> list[RefusedFill]:
        """The fills from number `first` on that are not what their sides have signed; `codes` is marked with them.

        Only entries that are right by themselves are asked about: one each, in order.
        """
        found, entries = [], report.entries()[first - report.first :]
        for place in np.flatnonzero((codes == BOOKED) & np.isin(entries["kind"], _CHECKED)).tolist():
            at = (first - report.first + place) * ENTRY.itemsize
            one = Report(report.venue, first + place, report.body[at : at + ENTRY.itemsize])
            for refused in self.check.check(one, self._shown):
                codes[place] = EntryRefusal.NOT_AS_SIGNED.code
                found.append(refused)
            self._shown.pop(first + place, None)
        return found
