"""A feed that does to another what feeds do: it omits, repeats, reorders, delays, and, if it is let, it lies.

Everything is drawn from a seed, and counted. What `fetch` answers is true but for the lies, so that a mirror that asks
for what it misses gets there. A lie under the venue's own signature cannot be seen by the mirror alone: two different
statements under one number, the one heard and the other fetched, are what gives it away.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

from custody.signers import Signer
from custody.typed_data import Domain
from settlement.reports import ENTRY, EntryKind, Report, VenueFeed

MILLION = 10**6


class Fault(StrEnum):
    """What may happen to a report on its way."""

    OMITTED = "omitted"
    REPEATED = "repeated"
    REORDERED = "reordered"
    """It is kept until the next has gone by."""
    DELAYED = "delayed"
    FORGED = "forged"
    """Its signature is another's."""
    LIED = "lied"
    """One entry's price or lots are other than in the venue's own record, under the venue's own signature."""
    FETCH_OMITTED = "fetch_omitted"
    """An answer to `fetch` leaves out its last report."""
    FETCH_LIED = "fetch_lied"


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each fault happens, in 1e-6 of the reports; a fault that is not named never does."""

    of: "dict[Fault, int]" = field(default_factory=dict)

    def happens(self, fault: Fault, draw: Random) -> bool:
        return draw.randrange(MILLION) < self.of.get(fault, 0)


async def no_pause() -> None:
    """A delay that takes no time: only the order of what waits is changed by it."""


@dataclass(slots=True)
class FaultyFeed:
    """`feed`, with faults. `liar`: the venue's own key and domain, without which it cannot lie. `pause`: a delay."""

    feed: VenueFeed
    seed: int
    rates: Rates
    liar: tuple[Signer, Domain] | None = None
    pause: Callable[[], Awaitable[None]] = no_pause
    happened: Counter[Fault] = field(default_factory=Counter)
    _draw: Random = field(init=False)

    def __post_init__(self) -> None:
        self._draw = Random(self.seed)

    @property
    def venue(self) -> str:
        return self.feed.venue

    async def listen(self, after: int) -> AsyncIterator[Report]:
        """Reports as the feed has them, but for what happens on the way; one that is kept back comes before the end."""
        kept: Report | None = None
        async for report in self.feed.listen(after):
            if self._happens(Fault.OMITTED):
                continue
            if self._happens(Fault.DELAYED):
                await self.pause()
            told = self._altered(report)
            if kept is None and self._happens(Fault.REORDERED):
                kept = told
                continue
            yield told
            if self._happens(Fault.REPEATED):
                yield told
            if kept is not None:
                yield kept
                kept = None
        if kept is not None:
            yield kept

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        """What the feed answers, perhaps less, perhaps not the truth."""
        reports = list(await self.feed.fetch(first, last))
        if reports and self._happens(Fault.FETCH_OMITTED):
            reports.pop()
        if reports and self.liar and self._happens(Fault.FETCH_LIED):
            reports[0] = self._lie(reports[0], self.liar)
        return reports

    def _altered(self, report: Report) -> Report:
        if self._happens(Fault.FORGED):
            # A byte of s is changed, so it is some other key's signature, or nobody's.
            forged = bytearray(report.signature)
            forged[40] ^= 1 + self._draw.randrange(255)
            return replace(report, signature=bytes(forged))
        return self._lie(report, self.liar) if self.liar and self._happens(Fault.LIED) else report

    def _lie(self, report: Report, liar: tuple[Signer, Domain]) -> Report:
        """One fill a tick dearer, or of a lot more; a report without a fill is told as it is."""
        entries = report.entries().copy()
        fills = [at for at, kind in enumerate(entries["kind"].tolist()) if kind == EntryKind.FILL]
        if not fills:
            return report
        at, name = self._draw.choice(fills), self._draw.choice(("price_e6", "lots"))
        entries[name][at] *= 2  # still on the tick, and still of whole lots
        signer, domain = liar
        return replace(report, body=entries.astype(ENTRY).tobytes()).signed(domain, signer)

    def _happens(self, fault: Fault) -> bool:
        happens = self.rates.happens(fault, self._draw)
        self.happened[fault] += happens
        return happens
