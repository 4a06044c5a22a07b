"""Batches from the outbox to the chain, in order, several under way, and back as confirmed.

Nothing is remembered of what was sent but its number: the contract says what it has. A batch whose predecessor is
missing is refused by the contract and nothing happens twice, so sending again is always safe, and only late.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from settlement.engine.mirror_chain import Look, MirrorChain, Told
from settlement.engine.stored import Outgoing
from settlement.node import ChainError

PAUSE_S = 0.25
"""Before a node that did not answer is asked again."""


class DivergedError(Exception):
    """The contract has been told a batch that is not ours: another desk writes to this book."""


class MirrorRefusedError(Exception):
    """The contract will never mirror the next batch, nor any behind it; the text has its words."""


class Records(Protocol):
    """The outbox, in the database; every write raises LeadershipLostError once another process leads."""

    async def confirm(self, upto: int) -> None:
        """Mark as confirmed, and post what waited for it."""
        ...

    async def unwind(self, upto: int) -> Sequence[Outgoing]:
        """What was confirmed behind `upto` is to be sent again; those batches and all later ones, in order."""
        ...

    async def digest_at(self, sequence: int) -> bytes | None: ...

    async def refuse(self, batch: Outgoing) -> None:
        """The contract refuses this one for good: what waited for it is voided."""
        ...


@dataclass(slots=True)
class Mirroring:
    """Sends what it is given. `patience_s`: how long nothing may move before it is sent again; `under_way`: how many
    batches may be sent and not mined; `on_confirmed` is told each batch once it is.
    """

    chain: MirrorChain
    records: Records
    under_way: int = 4
    patience_s: float = 10.0
    now_s: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    on_confirmed: Callable[[Outgoing], None] = field(default=lambda _: None)
    waiting: deque[Outgoing] = field(default_factory=deque)
    """Not confirmed yet, in order."""
    sent: int = 0
    """The last sequence that was sent."""
    confirmed: int = 0
    _seen: Told = field(default=Told(0, bytes(32)))
    _moved_at_s: float = 0.0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, batches: Sequence[Outgoing]) -> None:
        """More to send, in order."""
        self.waiting.extend(batches)
        self._news.set()

    @property
    def has_room(self) -> bool:
        """Whether another batch would be sent at once."""
        return len(self.waiting) < self.under_way

    async def run(self) -> None:
        """Until cancelled. Raises DivergedError, MirrorRefusedError, LeadershipLostError."""
        while True:
            try:
                await self.step()
            except ChainError:
                # A node that is down comes back, or another is put in its place; what was sent may be lost with it.
                await asyncio.sleep(PAUSE_S)
                await self.chain.forget()
                self.sent = 0
            if self.waiting:
                await self.chain.turn()
            else:
                self._news.clear()
                with suppress(TimeoutError):  # a reorganisation is no news of ours: look now and then
                    async with asyncio.timeout(max(self.patience_s / 10, 0.05)):
                        await self._news.wait()

    async def step(self) -> None:
        """Ask the chain what it has; confirm, unwind, send."""
        look = await self.chain.look()
        await self._require_ours(look.latest)
        await self._require_ours(look.deep)
        if look.deep.sequence > self.confirmed:
            await self._confirm(look.deep.sequence)
        elif look.latest.sequence < self.confirmed:
            await self._unwind(look)
        await self._note(look)
        due = max(self.sent, look.latest.sequence)
        for out in [out for out in self.waiting if out.batch.sequence > due]:
            if out.batch.sequence > look.latest.sequence + self.under_way:
                break
            await self.chain.send(out.batch)
            self.sent = out.batch.sequence

    async def _confirm(self, upto: int) -> None:
        await self.records.confirm(upto)
        self.confirmed = upto
        while self.waiting and self.waiting[0].batch.sequence <= upto:
            self.on_confirmed(self.waiting.popleft())

    async def _unwind(self, look: Look) -> None:
        """A reorganisation deeper than `depth`, or a node without its state: what it forgot is told again."""
        behind = await self.records.unwind(look.latest.sequence)
        self.waiting = deque(behind)
        self.confirmed = self.sent = look.latest.sequence
        await self.chain.forget()

    async def _note(self, look: Look) -> None:
        """See whether it moves; where it has not for too long, find out why, and send again."""
        now_s = self.now_s()
        if look.latest.sequence < self._seen.sequence:
            self.sent = look.latest.sequence
            await self.chain.forget()
        if look.latest != self._seen or self.sent <= look.latest.sequence:
            self._seen, self._moved_at_s = look.latest, now_s
        elif now_s - self._moved_at_s > self.patience_s:
            due = next(out for out in self.waiting if out.batch.sequence > look.latest.sequence)
            if objection := await self.chain.objection(due.batch):
                await self.records.refuse(due)
                raise MirrorRefusedError(f"batch {due.batch.sequence}: {objection}")
            self.sent, self._moved_at_s = look.latest.sequence, now_s
            await self.chain.forget()

    async def _require_ours(self, told: Told) -> None:
        first = self.waiting[0].batch.sequence if self.waiting else 0
        place = told.sequence - first
        if first and 0 <= place < len(self.waiting):
            ours: bytes | None = self.waiting[place].digest
        elif told == self._seen:
            return
        else:
            ours = await self.records.digest_at(told.sequence)
        if ours != told.digest:
            raise DivergedError(f"the chain has batch {told.sequence} as 0x{told.digest.hex()}, the outbox has not")
