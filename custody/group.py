"""Group commit: many callers at once, one durable transaction for whatever arrived while the last one was written.

A commit waits for the disk, and costs nearly the same for one set of transfers as for a thousand. So callers do not
commit; they hand in their set and await its answer, which comes after the transaction that holds it is on disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from custody.books import Books
from custody.transfers import Outcome, Transfer

MOST_TRANSFERS = 10_000
"""In one transaction: beyond that, callers wait longer for the group than for the disk."""


@dataclass(slots=True)
class _Waiting:
    """One caller's set, and where its answer goes."""

    transfers: Sequence[Transfer]
    answer: asyncio.Future[list[Outcome]]


@dataclass(slots=True)
class GroupCommit:
    """A front to `Books.post` for one event loop. `now_s` gives the recording time, UTC seconds, once a group."""

    books: Books
    now_s: Callable[[], int]
    groups: int = 0
    _queue: deque[_Waiting] = field(default_factory=deque)
    _writer: asyncio.Task[None] | None = None

    async def post(self, transfers: Sequence[Transfer]) -> list[Outcome]:
        """Apply a set of transfers and return one outcome each, durable; sets are applied in the order handed in.

        Every set stands for itself: a refusal in one changes nothing for the others of its group. Raises what
        `Books.post` raises, for every caller of the group that failed, of which then nothing was written. A caller that
        is cancelled while it waits may find its transfers posted all the same: their ids tell.
        """
        waiting = _Waiting(tuple(transfers), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await waiting.answer

    async def close(self) -> None:
        """Wait until everything handed in has been answered."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait({self._writer})

    async def _write(self) -> None:
        while self._queue:
            # Whoever was just answered may have the next set ready: one turn of the loop, and it is in this group.
            await asyncio.sleep(0)
            group = self._next_group()
            together = [transfer for waiting in group for transfer in waiting.transfers]
            try:
                outcomes = await asyncio.to_thread(self.books.post, together, self.now_s())
            except BaseException as error:  # whatever it is, callers must not wait for ever
                _fail(group, error)
                if not isinstance(error, Exception):
                    _fail(self._queue, error)
                    raise
                continue
            self.groups += 1
            answered = 0
            for waiting in group:
                end = answered + len(waiting.transfers)
                if not waiting.answer.done():
                    waiting.answer.set_result(outcomes[answered:end])
                answered = end

    def _next_group(self) -> list[_Waiting]:
        """Waiting sets in order, as many as one transaction takes, at least one.

        A set that ends inside a chain goes alone: the ledger refuses it, where behind another's transfers its chain
        would go on into them.
        """
        group: list[_Waiting] = []
        size = 0
        while self._queue:
            first = self._queue[0]
            is_open = bool(first.transfers) and first.transfers[-1].linked
            if group and (is_open or size + len(first.transfers) > MOST_TRANSFERS):
                break
            group.append(self._queue.popleft())
            size += len(first.transfers)
            if is_open:
                break
        return group


def _fail(group: Sequence[_Waiting] | deque[_Waiting], error: BaseException) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
