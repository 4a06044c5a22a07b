"""JSON-RPC over a node's Unix socket: a line a question, a line an answer."""

import asyncio
from dataclasses import dataclass

from settlement.engine.exchange import LONGEST_ANSWER_BYTES, Exchange


@dataclass(frozen=True, slots=True)
class _Lines:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\n")
        await self.writer.drain()

    async def hear(self) -> bytes:
        return await self.reader.readline()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


class IpcTransport(Exchange):
    """A node's Unix socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__(timeout_s)
        self._path = path

    async def _connect(self) -> _Lines:
        return _Lines(*await asyncio.open_unix_connection(self._path, limit=LONGEST_ANSWER_BYTES))
