"""The engine: what venues say becomes the mirror on the chain, once, whatever ends in between.

    feeds → queue → one transaction (reports, refusals, batches) → mirroring → chain → another (confirmed, posted)

Whoever leads restores the book from the database, asks the chain what it has, and goes on. Anything that fails leaves
the database and the chain as they are, and the engine begins again from them.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from custody.database import DatabaseError
from custody.typed_data import Domain
from settlement.engine import stored
from settlement.engine.election import Leadership, leading
from settlement.engine.hearing import drained, fetch, listen
from settlement.engine.intake import Intake
from settlement.engine.judging import Window
from settlement.engine.mirror_chain import MirrorChain
from settlement.engine.mirroring import Mirroring
from settlement.engine.packing import Limits
from settlement.engine.proving import Proving, SignedVenue
from settlement.engine.roster import Roster
from settlement.engine.stored import Outgoing
from settlement.engine.threads import on_thread
from settlement.engine.writes import Charge, Writes
from settlement.node import ChainError
from settlement.reports import Report, VenueFeed


@dataclass(frozen=True, slots=True)
class Settings:
    """How an engine runs. `queue`: reports that may wait; `under_way`: batches sent and not mined; `backlog`: batches
    written and not confirmed, beyond which intake waits; `checkpoint_every`: reports.
    """

    place: str
    domain: Domain
    roster: Roster
    name: str = "desk"
    limits: Limits = field(default_factory=Limits)
    window: Window = field(default_factory=Window)
    queue: int = 64
    under_way: int = 4
    backlog: int = 16
    checkpoint_every: int = 1_000
    patience_s: float = 10.0
    again_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Leading:
    """What a leader works with. Whoever holds `turn` finds the book at rest, and nobody else writes to the outbox."""

    writes: Writes
    mirroring: Mirroring
    turn: asyncio.Lock


Beside = Callable[[Leading], Coroutine[Any, Any, None]]


async def nothing(_leading: Leading) -> None:
    """The engine mirrors, and that is all."""


@dataclass(slots=True)
class Engine:
    """`run` until cancelled. `beside`: what else whoever leads does, as long as it leads.

    The chain is made anew each time it begins, and closed by whoever made it.
    """

    settings: Settings
    feeds: Sequence[VenueFeed]
    chain: MirrorChain
    now_ms: Callable[[], int]
    charge: Charge = field(default=lambda _: ())
    on_confirmed: Callable[[Outgoing], None] = field(default=lambda _: None)
    leads: asyncio.Event = field(default_factory=asyncio.Event)
    beside: Beside = nothing
    signed: Mapping[str, SignedVenue] = field(default_factory=dict)
    """By name, the venues that show the actions behind their fills."""

    async def run(self) -> None:
        """Lead or stand by, for ever. Raises DivergedError and MirrorRefusedError: a person has to look at these."""
        while True:
            try:
                async with leading(self.settings.place, self.settings.name, self.now_ms) as leadership:
                    await self._lead(leadership)
            except* (DatabaseError, stored.LeadershipLostError, ChainError):
                self.leads.clear()
                await asyncio.sleep(self.settings.again_s)

    async def _lead(self, leadership: Leadership) -> None:
        settings = self.settings
        intake = Intake(settings.roster, settings.domain, settings.limits, settings.window)
        writes = Writes(leadership, intake, self.now_ms, self.charge, settings.checkpoint_every)
        mirroring = Mirroring(
            self.chain, writes, settings.under_way, settings.patience_s, on_confirmed=self.on_confirmed
        )
        confirmed, waiting = await on_thread(writes.restore)
        mirroring.confirmed = confirmed
        mirroring.add(waiting)
        await self.chain.forget()
        await self._prove_again(writes)
        self.leads.set()
        queue: asyncio.Queue[Report] = asyncio.Queue(settings.queue)
        led = Leading(writes, mirroring, asyncio.Lock())
        try:
            async with asyncio.TaskGroup() as tasks:
                for feed in self.feeds:
                    tasks.create_task(listen(feed, intake, queue))
                    tasks.create_task(fetch(feed, intake, queue))
                tasks.create_task(mirroring.run())
                tasks.create_task(self._take_in(led, queue))
                tasks.create_task(self.beside(led))
                tasks.create_task(_watch(leadership))
        finally:
            await self.chain.forget()

    async def _prove_again(self, writes: Writes) -> None:
        """What orders have been filled with so far is known anew from the actions behind it."""
        for name, venue in self.signed.items():
            writes.intake.proofs[name] = proving = Proving.of(venue)
            reports, unproven = await on_thread(writes.proven, name)
            for taken in reports:
                await proving.ask([taken.report])
                fresh = taken.report.entries()[taken.new_from - taken.report.first :]
                codes = writes.intake.judge(name, fresh, taken.recorded_at_ms).codes
                proving.recall(taken, codes, unproven)

    async def _take_in(self, led: Leading, queue: "asyncio.Queue[Report]") -> None:
        """Everything that waits goes into one transaction."""
        writes, mirroring = led.writes, led.mirroring
        while True:
            reports = await drained(queue)
            while len(mirroring.waiting) >= self.settings.backlog:
                await asyncio.sleep(0.001)
            cut = mirroring.has_room
            if not (reports or (cut and writes.intake.book.is_dirty)):
                continue
            for venue, proving in writes.intake.proofs.items():
                await proving.ask([report for report in reports if report.venue == venue])
            async with led.turn:
                mirroring.add(await on_thread(writes.take, reports, cut))


async def _watch(leadership: Leadership) -> None:
    """The election's connection may die without anybody writing."""
    while await on_thread(leadership.still_leads):
        await asyncio.sleep(1)
    raise stored.LeadershipLostError("the connection that held the lock is gone")
