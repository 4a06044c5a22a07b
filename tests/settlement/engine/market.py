"""A small market for the engine's tests: a venue's parties and instruments, entries from a seed, a feed of reports."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from eth_utils.crypto import keccak

from custody.signers import LocalSigner
from custody.typed_data import Domain
from margin.instruments import Instrument, Kind
from settlement.engine.roster import Member, Roster
from settlement.reports import ENTRY, Entries, EntryKind, Report

START_MS = 1_769_000_000_000
EXPIRY_S = START_MS // 1000 + 60
VENUE = LocalSigner.for_demonstration("venue/harbour")
PERP = Instrument(1, "harbour", "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000)
OPTION = Instrument(2, "harbour", "BTC-C", Kind.CALL, "BTC", 1_000, 10_000, 60_000 * 10**6, EXPIRY_S)
OTHER = Instrument(3, "harbour", "ETH-PERP", Kind.PERP, "ETH", 100, 10_000)
INSTRUMENTS = (PERP, OPTION, OTHER)
LISTED = {1: 1, 2: 2, 3: 5}


def accounts(count: int) -> tuple[str, ...]:
    """The house and its clients."""
    return tuple("0x" + keccak(text=f"party {number}")[:20].hex() for number in range(count))


def roster(count: int = 6, listed: dict[int, int] | None = None) -> Roster:
    return Roster.of([Member("harbour", VENUE.address, accounts(count), INSTRUMENTS)], listed or LISTED)


def entry(of: EntryKind = EntryKind.FILL, **said: int) -> Entries:
    """One entry; a fill of one lot unless said otherwise."""
    one = np.zeros(1, ENTRY)
    one["kind"], one["instrument"], one["occurred_at_ms"] = of, 1, START_MS
    one["price_e6"] = 60_000_000_000
    if of in (EntryKind.FILL, EntryKind.CORRECTION):
        one["buyer"], one["seller"], one["lots"] = 1, 2, 1
    for name, value in said.items():
        one[name] = value
    return one


def fills(count: int, seed: int, parties: int = 6, instruments: Sequence[int] = (1, 2, 3)) -> Entries:
    """So many fills between parties, drawn from a seed."""
    draw = np.random.default_rng(seed)
    made = np.zeros(count, ENTRY)
    made["kind"], made["instrument"] = EntryKind.FILL, draw.choice(instruments, count)
    made["buyer"] = draw.integers(0, parties, count)
    made["seller"] = (made["buyer"] + draw.integers(1, parties, count)) % parties
    made["lots"], made["price_e6"] = draw.integers(1, 100, count), draw.integers(1, 10**6, count) * 10_000
    made["occurred_at_ms"] = START_MS
    return made


def report(first: int, *entries: Entries) -> Report:
    return Report("harbour", first, np.concatenate(entries).tobytes())


@dataclass
class Feed:
    """A feed that publishes what it is given, and has all of it."""

    domain: Domain
    venue: str = "harbour"
    published: "asyncio.Queue[Report]" = field(default_factory=asyncio.Queue)
    history: list[Report] = field(default_factory=list)

    def publish(self, *entries: Entries, silently: bool = False) -> Report:
        first = self.history[-1].last + 1 if self.history else 1
        said = report(first, *entries).signed(self.domain, VENUE)
        self.history.append(said)
        if not silently:
            self.published.put_nowait(said)
        return said

    async def listen(self, after: int) -> AsyncIterator[Report]:
        while True:
            yield await self.published.get()

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        return [one for one in self.history if one.first <= last and one.last >= first]
