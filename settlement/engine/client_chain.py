"""The mirror's sender over the chain client: fees that rise, transactions that get stuck, blocks by their hashes.

Whatever the client knew of transactions is dropped with it: `forget` closes it, the next use opens another, and the
contract says what has been mirrored.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field

from settlement.batch import GENESIS, MirrorBatch
from settlement.contracts import POSITIONS
from settlement.engine.chain_client import ChainClient, Sent
from settlement.engine.chain_errors import RevertedError
from settlement.engine.mirror_chain import Look, Told, mirror_call
from settlement.node import ChainError

_LATE = ("wrong sequence", "wrong previous digest")
"""What the contract says to a batch that came twice, or whose predecessor has not come: no objection to it."""
_ANSWER_S = 1.0


@dataclass(slots=True)
class _Opened:
    client: ChainClient
    stack: AsyncExitStack
    following: "asyncio.Task[None]"
    sent: dict[int, Sent] = field(default_factory=dict)


@dataclass(slots=True)
class ClientChain:
    """A `MirrorChain`. `open_client` connects, and checks that the node is the right one."""

    open_client: Callable[[], AbstractAsyncContextManager[ChainClient]]
    book: str
    gas_limit: int
    poll_s: float = 0.05
    _opened: _Opened | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Look:
        """Raises ChainError too where the client watches the chain no more, though its node may answer."""
        opened = await self._open()
        client = opened.client
        client.require_sound()
        latest = await self._told(opened, "latest")
        if client.depth == 1:
            return Look(latest, latest)
        deep = client.header_at(client.head.number - client.depth + 1)
        return Look(latest, Told(0, GENESIS) if deep is None else await self._told(opened, deep.hash))

    async def send(self, batch: MirrorBatch) -> None:
        opened = await self._open()
        opened.sent[batch.sequence] = await opened.client.send(mirror_call(self.book, batch), self.gas_limit)
        opened.sent.pop(batch.sequence - 64, None)

    async def forget(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.following.cancel()
            await asyncio.gather(opened.following, return_exceptions=True)
            await opened.stack.aclose()

    async def objection(self, batch: MirrorBatch) -> str:
        opened = await self._open()
        if (sent := opened.sent.get(batch.sequence)) is None:
            return ""
        try:
            async with asyncio.timeout(_ANSWER_S):
                await opened.client.confirmed(sent)
        except TimeoutError:
            return ""
        except RevertedError as why:  # only the contract objects; a node that is lost says nothing of the batch
            return "" if any(word in str(why) for word in _LATE) else str(why)
        return ""

    async def turn(self) -> None:
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.poll_s):
                await self._news.wait()

    async def _told(self, opened: _Opened, block: str) -> Told:
        return Told(*await opened.client.read(POSITIONS, self.book, "head", block=block))

    async def _open(self) -> _Opened:
        if self._opened is None:
            stack = AsyncExitStack()
            client = await stack.enter_async_context(self.open_client())
            self._opened = _Opened(client, stack, asyncio.create_task(self._follow(client)))
        return self._opened

    async def _follow(self, client: ChainClient) -> None:
        """Every move of the chain is news, and so is that nobody watches it any more."""
        with suppress(ChainError):  # whoever looks next hears of it
            async for _ in client.heads():
                self._news.set()
        self._news.set()
