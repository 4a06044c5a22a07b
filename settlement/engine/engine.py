"""The engine: what venues say becomes the mirror on the chain, once, whatever ends in between.

    feeds → queue → one transaction (reports, refusals, batches) → mirroring → chain → another (confirmed, posted)

Whoever leads restores the book from the database, asks the chain what it has, and goes on. Anything that fails leaves
the database and the chain as they are, and the engine begins again from them.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection

from custody.books import Books
from custody.database import DatabaseError
from custody.transfers import Kind, Reason, Transfer, derived_id
from custody.typed_data import Domain
from settlement.engine import stored
from settlement.engine.election import Leadership, leading
from settlement.engine.intake import Intake
from settlement.engine.judging import Window
from settlement.engine.mirror_chain import MirrorChain
from settlement.engine.mirroring import Mirroring
from settlement.engine.packing import Limits
from settlement.engine.roster import Roster
from settlement.engine.stored import Outgoing
from settlement.node import ChainError
from settlement.reports import Report, VenueFeed

Charge = Callable[[Outgoing], Sequence[Transfer]]
"""The PENDING transfers that come with a batch and are posted when it is confirmed."""


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


@dataclass(slots=True)
class Engine:
    """`run` until cancelled. The chain is made anew each time it begins, and closed by whoever made it."""

    settings: Settings
    feeds: Sequence[VenueFeed]
    chain: MirrorChain
    now_ms: Callable[[], int]
    charge: Charge = field(default=lambda _: ())
    on_confirmed: Callable[[Outgoing], None] = field(default=lambda _: None)
    leads: asyncio.Event = field(default_factory=asyncio.Event)

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
        desk = _Desk(leadership, intake, self.now_ms, self.charge, settings.checkpoint_every)
        mirroring = Mirroring(self.chain, desk, settings.under_way, settings.patience_s, on_confirmed=self.on_confirmed)
        confirmed, waiting = await asyncio.to_thread(desk.restore)
        mirroring.confirmed = confirmed
        mirroring.add(waiting)
        await self.chain.forget()
        self.leads.set()
        queue: asyncio.Queue[Report] = asyncio.Queue(settings.queue)
        async with asyncio.TaskGroup() as tasks:
            for feed in self.feeds:
                tasks.create_task(_listen(feed, intake.book.reached.get(feed.venue, 0), queue))
            tasks.create_task(mirroring.run())
            tasks.create_task(self._take_in(desk, mirroring, queue))
            tasks.create_task(_watch(leadership))

    async def _take_in(self, desk: "_Desk", mirroring: Mirroring, queue: "asyncio.Queue[Report]") -> None:
        """Everything that waits goes into one transaction; then what is missing is asked for."""
        by_venue = {feed.venue: feed for feed in self.feeds}
        while True:
            reports = await _drained(queue, mirroring)
            while len(mirroring.waiting) >= self.settings.backlog:
                await asyncio.sleep(0.001)
            cut = mirroring.has_room
            if not (reports or (cut and desk.intake.book.is_dirty)):
                continue
            mirroring.add(await asyncio.to_thread(desk.take, reports, cut))
            for venue, (first, last) in desk.intake.gaps().items():
                if venue in by_venue and (missing := await by_venue[venue].fetch(first, last)):
                    mirroring.add(await asyncio.to_thread(desk.take, missing, mirroring.has_room))


@dataclass(slots=True)
class _Desk:
    """The engine's transactions, each of them fenced by its epoch."""

    leadership: Leadership
    intake: Intake
    now_ms: Callable[[], int]
    charge: Charge
    checkpoint_every: int
    _kept_at: int = 0

    def restore(self) -> tuple[int, list[Outgoing]]:
        with self.leadership.database.snapshot() as tx:
            self.intake.restore(tx)
            confirmed = stored.last_confirmed(tx)
            return confirmed, stored.batches_after(tx, confirmed)

    def take(self, reports: Sequence[Report], cut: bool) -> list[Outgoing]:
        """Reports and the batches that they fill; with `cut` also what is not full."""
        now_ms = self.now_ms()
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            out = self.intake.take(tx, reports, now_ms)
            if cut:
                out += self.intake.cut(tx, now_ms)
            out = [self._charged(tx, one, now_ms) for one in out]
            if self.intake.taken - self._kept_at >= self.checkpoint_every and not self.intake.book.is_dirty:
                self.intake.checkpoint(tx)
                self._kept_at = self.intake.taken
        return out

    def _charged(self, tx: Connection, out: Outgoing, now_ms: int) -> Outgoing:
        transfers = self.charge(out)
        if not transfers:
            return out
        books = Books(self.leadership.database)
        answers = books.post_in(tx, transfers, now_ms // 1000)
        waiting = tuple(answer.transfer_id for answer in answers if answer.ok)
        stored.store_waiting(tx, out.batch.sequence, waiting)
        return out

    async def confirm(self, upto: int) -> None:
        await asyncio.to_thread(self._end, upto, Kind.POST)

    async def refuse(self, batch: Outgoing) -> None:
        await asyncio.to_thread(self._void, batch.batch.sequence)

    async def unwind(self, upto: int) -> Sequence[Outgoing]:
        return await asyncio.to_thread(self._unwind, upto)

    async def digest_at(self, sequence: int) -> bytes | None:
        return await asyncio.to_thread(self._digest_at, sequence)

    def _end(self, upto: int, kind: Kind) -> None:
        now_ms = self.now_ms()
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            self._resolve(tx, stored.store_confirmed(tx, upto, now_ms), kind, now_ms)

    def _void(self, sequence: int) -> None:
        now_ms = self.now_ms()
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            self._resolve(tx, stored.waiting_from(tx, sequence), Kind.VOID, now_ms)

    def _resolve(self, tx: Connection, waiting: Sequence[str], kind: Kind, now_ms: int) -> None:
        if waiting:
            word = "post" if kind is Kind.POST else "void"
            ends = [
                Transfer(derived_id(name, word), "", "", 0, Reason.TRADE_FEE, kind, pending_id=name) for name in waiting
            ]
            Books(self.leadership.database).post_in(tx, ends, now_ms // 1000)

    def _unwind(self, upto: int) -> Sequence[Outgoing]:
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            stored.store_unwound(tx, upto)
            return stored.batches_after(tx, upto)

    def _digest_at(self, sequence: int) -> bytes | None:
        with self.leadership.database.snapshot() as tx:
            return stored.digest_at(tx, sequence)


async def _listen(feed: VenueFeed, after: int, queue: "asyncio.Queue[Report]") -> None:
    async for report in feed.listen(after):
        await queue.put(report)


async def _drained(queue: "asyncio.Queue[Report]", mirroring: Mirroring) -> list[Report]:
    """What waits in the queue, at least one unless there is room for what was left uncut."""
    reports: list[Report] = []
    with suppress(TimeoutError):
        reports.append(await asyncio.wait_for(queue.get(), 0.05))
    while not queue.empty():
        reports.append(queue.get_nowait())
    return reports


async def _watch(leadership: Leadership) -> None:
    """The election's connection may die without anybody writing."""
    while await asyncio.to_thread(leadership.still_leads):
        await asyncio.sleep(1)
    raise stored.LeadershipLostError("the connection that held the lock is gone")
