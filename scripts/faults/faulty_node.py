"""A proxy in front of a node that loses, delays, doubles and reorders what passes, by a plan that a seed repeats.

    async with FaultyNode(anvil.url, seeded(7, {Fault.LOSE_ANSWER: 0.1, Fault.DELAY: 0.2})) as proxy:
        …ChainClient.open(proxy.url, …)

A plan says for each request, by its methods and the number of requests before it, what happens to it. `target` may be
set to another node's URL, and `is_cut` to True (nobody gets through) and back, at any moment. `passed` tells it all.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HELD_S = 0.3
"""How long a request that waits to be overtaken waits if none comes."""
MOST_DELAY_S = 0.05


class Fault(StrEnum):
    """What happens to one request, or to its answer."""

    NONE = "none"
    LOSE_REQUEST = "lose_request"  # the node never hears it; the connection is cut
    LOSE_ANSWER = "lose_answer"  # the node does it; the connection is cut before the answer
    DELAY = "delay"  # it arrives late
    DELAY_ANSWER = "delay_answer"  # it is done at once, and the answer comes late
    DUPLICATE = "duplicate"  # the node hears it twice; its second answer is given
    REORDER = "reorder"  # it arrives after the next one
    STALL = "stall"  # nothing ever comes back, and the connection stays open
    UNAVAILABLE = "unavailable"  # 503, as a gateway without a node behind it answers


Plan = Callable[[Sequence[str], int], Fault]


def healthy(methods: Sequence[str], number: int) -> Fault:
    """Nothing happens to anything."""
    return Fault.NONE


def once(fault: Fault, method: str, nth: int = 1) -> Plan:
    """The fault happens to the nth request with a method (counted from one), and to no other."""
    left = [nth]

    def plan(methods: Sequence[str], number: int) -> Fault:
        left[0] -= method in methods
        hit = method in methods and left[0] == 0
        return fault if hit else Fault.NONE

    return plan


def seeded(seed: int, odds: Mapping[Fault, float]) -> Plan:
    """Each fault with its odds, independently for each request: the same for the same requests in the same order."""

    def plan(methods: Sequence[str], number: int) -> Fault:
        dice = random.Random(f"{seed} {number}")
        faults, weights = [*odds, Fault.NONE], [*odds.values(), max(1 - sum(odds.values()), 0)]
        return dice.choices(faults, weights)[0]

    return plan


@dataclass(slots=True)
class FaultyNode:
    """Listens on loopback as long as it is entered."""

    target: str
    plan: Plan = healthy
    is_cut: bool = False
    passed: list[tuple[tuple[str, ...], Fault]] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _overtaken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    @property
    def _listening(self) -> asyncio.Server:
        if self._server is None:
            raise RuntimeError("the proxy listens only as long as it is entered")
        return self._server

    def count(self, method: str, fault: Fault | None = None) -> int:
        """How many requests had a method, and a fault."""
        return sum(method in methods and fault in (None, what) for methods, what in self.passed)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not self.is_cut and await self._one(reader, writer):
                    pass
        finally:
            writer.close()
            if task is not None:
                self._serving.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Pass one request on; whether the connection is to be kept."""
        body = await _body(reader)
        asked = json.loads(body)
        methods = tuple(one["method"] for one in (asked if isinstance(asked, list) else [asked]))
        fault = self.plan(methods, len(self.passed))
        self.passed.append((methods, fault))
        if self.is_cut or fault is Fault.LOSE_REQUEST:
            return False
        if fault is Fault.STALL:
            await asyncio.Event().wait()
        answer, status = b"", "503 Service Unavailable"
        if fault is not Fault.UNAVAILABLE:
            answer, status = await self._through(body, fault, len(self.passed)), "200 OK"
        if self.is_cut or fault is Fault.LOSE_ANSWER:
            return False
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
        writer.write(head.encode() + answer)
        await writer.drain()
        return True

    async def _through(self, body: bytes, fault: Fault, number: int) -> bytes:
        late_s = random.Random(number).uniform(0, MOST_DELAY_S)
        if fault is Fault.REORDER:
            self._overtaken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._overtaken.wait(), HELD_S)
        if fault is Fault.DELAY:
            await asyncio.sleep(late_s)
        if fault is Fault.DUPLICATE:
            await self._forwarded(body)
        answer = await self._forwarded(body)
        self._overtaken.set()
        if fault is Fault.DELAY_ANSWER:
            await asyncio.sleep(late_s)
        return answer

    async def _forwarded(self, body: bytes) -> bytes:
        place = urlsplit(self.target)
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 24)
        try:
            head = f"POST / HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            return await _body(reader)
        finally:
            writer.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The body of one HTTP message of known length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:"))
    return await reader.readexactly(int(length))
