"""JSON-RPC over a line that stays open: questions go out as they come, answers are matched to them by number.

web3's own persistent connections keep every batch of answers under one key, so two batches at once are mixed up; and
they do not say when their line has ended. This fails every open question at once and connects again for the next.
"""

import asyncio
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from settlement.engine.chain_errors import LostConnectionError

LONGEST_ANSWER_BYTES = 1 << 28
"""What is longer is no answer; a block of 30 million gas is a thousandth of it."""


class Line(Protocol):
    """Texts there and back. Raises OSError where it is broken."""

    async def say(self, text: str) -> None: ...

    async def hear(self) -> str | bytes:
        """The next text; an empty one when the line has ended."""
        ...

    async def close(self) -> None: ...


class Exchange(ABC):
    """Connects when it is first asked, and again after it was cut off. `timeout_s`: how long one question may take."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._line: Line | None = None
        self._listening: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._numbers = itertools.count()
        self._open: dict[int, asyncio.Future[Any]] = {}

    @abstractmethod
    async def _connect(self) -> Line:
        """Another line. Raises OSError."""

    def _told(self) -> None:
        """The node has said something that was not asked for, or the line was cut: by default, nobody minds."""
        return

    async def ask(self, request: tuple[str, Sequence[object]]) -> Any:
        number = next(self._numbers)
        return await self._ask(number, question(number, request))

    async def ask_all(self, requests: Sequence[tuple[str, Sequence[object]]]) -> Any:
        """Answers in the order of the questions; a batch is known by the least of its numbers."""
        numbers = [next(self._numbers) for _ in requests]
        batch = [question(number, request) for number, request in zip(numbers, requests, strict=True)]
        told = await self._ask(numbers[0], batch)
        return sorted(told, key=lambda one: int(one["id"])) if isinstance(told, list) else told

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self._hang_up("it was closed")

    async def _ask(self, number: int, asked: object) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                line = await self._connected()
                answer = self._open[number] = asyncio.get_running_loop().create_future()
                await line.say(json.dumps(asked))
                return await answer
        except OSError as why:
            raise LostConnectionError(f"{type(why).__name__} {why}".strip()) from why
        finally:
            self._open.pop(number, None)

    async def _connected(self) -> Line:
        async with self._connecting:
            if self._line is None:
                if self._listening is not None:
                    await asyncio.wait([self._listening])  # it puts the line away that broke
                self._line = await self._connect()
                self._listening = asyncio.create_task(self._listen(self._line))
            return self._line

    async def _listen(self, line: Line) -> None:
        why = "it ended"
        try:
            while text := await line.hear():
                self._hear(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError) as broken:
            why = f"{type(broken).__name__} {broken}"
        await self._hang_up(why)
        self._told()

    def _hear(self, told: Any) -> None:
        if isinstance(told, dict) and "method" in told:
            self._told()
            return
        first = min(told, key=lambda one: int(one["id"])) if isinstance(told, list) and told else told
        waiting = self._open.get(int(first["id"])) if isinstance(first, dict) and first.get("id") is not None else None
        if waiting is not None and not waiting.done():
            waiting.set_result(told)

    async def _hang_up(self, why: str) -> None:
        line, self._line = self._line, None
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(LostConnectionError(f"the socket: {why}"))
        if line is not None:
            with suppress(OSError):
                await line.close()


def question(number: int, request: tuple[str, Sequence[object]]) -> dict[str, object]:
    """A request as JSON-RPC has it."""
    method, params = request
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
