"""JSON-RPC over a node's socket: a line a question, a line an answer, matched by number.

web3's own persistent connection keeps every batch of answers under one key, so two batches at once are mixed up; and it
does not say when its socket has ended. This one fails every open question at once and connects again for the next.
"""

import asyncio
import itertools
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from settlement.engine.chain_errors import LostConnectionError

LONGEST_ANSWER_BYTES = 1 << 28
"""A line longer than this is no answer; a block of 30 million gas is a thousandth of it."""


class IpcTransport:
    """A node's Unix socket. Connects when it is first asked, and again after it was cut off."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self._path, self._timeout_s = path, timeout_s
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._numbers = itertools.count()
        self._open: dict[int, asyncio.Future[Any]] = {}

    async def ask(self, request: tuple[str, Sequence[object]]) -> Any:
        number = next(self._numbers)
        return await self._ask(number, _question(number, request))

    async def ask_all(self, requests: Sequence[tuple[str, Sequence[object]]]) -> Any:
        """Answers in the order of the questions; a batch is known by the least of its numbers."""
        numbers = [next(self._numbers) for _ in requests]
        batch = [_question(number, request) for number, request in zip(numbers, requests, strict=True)]
        told = await self._ask(numbers[0], batch)
        return sorted(told, key=lambda one: int(one["id"])) if isinstance(told, list) else told

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self._hang_up("it was closed")

    async def _ask(self, number: int, question: object) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                writer = await self._connected()
                answer = self._open[number] = asyncio.get_running_loop().create_future()
                writer.write(json.dumps(question).encode() + b"\n")
                await writer.drain()
                return await answer
        except OSError as why:
            raise LostConnectionError(f"{type(why).__name__} {why}".strip()) from why
        finally:
            self._open.pop(number, None)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LONGEST_ANSWER_BYTES)
                self._listening = asyncio.create_task(self._listen(reader))
            return self._writer

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        why = "it ended"
        try:
            while line := await reader.readline():
                self._hear(json.loads(line))
        except (OSError, ValueError, KeyError, TypeError) as broken:
            why = f"{type(broken).__name__} {broken}"
        await self._hang_up(why)

    def _hear(self, told: Any) -> None:
        first = min(told, key=lambda one: int(one["id"])) if isinstance(told, list) and told else told
        waiting = self._open.get(int(first["id"])) if isinstance(first, dict) and first.get("id") is not None else None
        if waiting is not None and not waiting.done():
            waiting.set_result(told)

    async def _hang_up(self, why: str) -> None:
        writer, self._writer = self._writer, None
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(LostConnectionError(f"the socket: {why}"))
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _question(number: int, request: tuple[str, Sequence[object]]) -> dict[str, object]:
    method, params = request
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
