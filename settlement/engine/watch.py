"""The chain's end as a node tells it, followed block by block: every move is handed on once, in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from settlement.engine.chain_errors import LostConnectionError, NodeLostStateError
from settlement.engine.endpoint import Endpoint
from settlement.engine.heads import KEPT, Header, Heads, Move, linked
from settlement.node import ChainError

IDLE_POLLS = 10
"""How many times longer nobody waits between two looks while nothing is on its way."""
WAKE_S = 1.0
"""How long whoever waits for a turn waits at most before it looks for itself."""

TakeIn = Callable[[Move], Awaitable[None]]


def header_of(block: dict[str, Any]) -> Header:
    """A block, as a node gives it without its transactions' contents."""
    return Header(
        int(block["number"], 16),
        block["hash"],
        block["parentHash"],
        tuple(block["transactions"]),
        int(block.get("baseFeePerGas", "0x0"), 16),
        int(block["gasLimit"], 16),
        int(block["timestamp"], 16),
    )


async def first_heads(endpoint: Endpoint, kept: int = KEPT) -> Heads:
    """The last headers of the chain as it is now."""
    while True:
        latest = header_of(await endpoint.rpc("eth_getBlockByNumber", "latest", False))
        before = await _headers(endpoint, range(max(latest.number - kept + 1, 0), latest.number))
        if linked([*before, latest]):
            return Heads([*before, latest], kept)


async def _headers(endpoint: Endpoint, numbers: Iterable[int]) -> list[Header]:
    """The blocks of these numbers up to the first that the node does not have."""
    requests = [("eth_getBlockByNumber", (hex(number), False)) for number in numbers]
    found = []
    for block in await endpoint.results(requests):
        if block is None:
            break
        found.append(header_of(block))
    return found


class Watch:
    """Follows one node. `turn` is set, and replaced, with every move and with the end of it all."""

    def __init__(self, endpoint: Endpoint, heads: Heads, poll_s: float) -> None:
        self.heads = heads
        self.failure: Exception | None = None
        self.turn = asyncio.Event()
        self._endpoint, self._poll_s = endpoint, poll_s
        self._bell, self._stepping = endpoint.news, asyncio.Lock()
        self._listeners: list[asyncio.Queue[Move | None]] = []

    def ring(self) -> None:
        """Look now: something was sent."""
        self._bell.set()

    async def run(self, take_in: TakeIn, tend: Callable[[], Awaitable[None]], is_busy: Callable[[], bool]) -> None:
        """Follow until cancelled, or until the node has lost its state or stopped: see `failure`."""
        self._take_in = take_in
        try:
            while self.failure is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s * (1 if is_busy() else IDLE_POLLS)):
                        await self._bell.wait()
                self._bell.clear()
                await self._look(tend)
        finally:
            if self.failure is None:  # nobody waits for what nobody watches any more
                self._end(ChainError(f"the connection to {self._endpoint.name} has been closed"))

    async def _look(self, tend: Callable[[], Awaitable[None]]) -> None:
        try:
            await self.step()
            await tend()
        except LostConnectionError:
            return  # it has been asked for long enough; it will be asked again
        except Exception as why:
            self._end(why)

    async def step(self) -> None:
        """See what the node has now, and hand on what is new. Raises NodeLostStateError, ChainError."""
        async with self._stepping:
            move = await self._moved()
            if move is not None:
                await self._take_in(move)
                for queue in self._listeners:
                    queue.put_nowait(move)
                self.turned()

    async def _moved(self) -> Move | None:
        latest = header_of(await self._endpoint.rpc("eth_getBlockByNumber", "latest", False))
        if latest.hash == self.heads.top.hash:
            return None
        if latest.parent_hash == self.heads.top.hash:
            return self.heads.follow([latest])
        move, headers = None, []
        for numbers in self.heads.wanted(latest):
            headers = await _headers(self._endpoint, numbers)
            if move := self.heads.follow(headers):
                break
        if move is None and linked(headers):
            raise NodeLostStateError(self._lost(f"its block {latest.number} does not descend from any that it told"))
        if move is not None and move.unwound and move.parted_at == 0:
            raise NodeLostStateError(self._lost("its blocks are others from the first on"))
        return move

    def _lost(self, why: str) -> str:
        return f"{self._endpoint.name} has lost its state: {why}"

    def moves(self) -> AsyncIterator[Move]:
        """Every move from now on. Ends with the `failure`, if there is one."""
        queue: asyncio.Queue[Move | None] = asyncio.Queue()
        self._listeners.append(queue)
        return self._told(queue)

    async def _told(self, queue: asyncio.Queue[Move | None]) -> AsyncIterator[Move]:
        try:
            while not queue.empty() or self.failure is None:
                if (move := await queue.get()) is not None:
                    yield move
        finally:
            self._listeners.remove(queue)
        raise self.failure

    def _end(self, why: Exception) -> None:
        self.failure = why
        for queue in self._listeners:
            queue.put_nowait(None)
        self.turned()

    async def wait(self, turn: asyncio.Event) -> None:
        """Until this turn has come, or for a second: whoever waits looks again, whatever became of its waker."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAKE_S):
                await turn.wait()

    def turned(self) -> None:
        """Wake whoever waits for something to have changed."""
        turn, self.turn = self.turn, asyncio.Event()
        turn.set()
