"""One connection to a node, many questions at a time; a question without an answer is a LostConnectionError.

Whatever may be asked twice is: reads, and signed bytes, which are the same transaction however often they come. What
may be lost is what was asked, never the knowledge of it: who asks has written down what it asks.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from settlement.devnet import Anvil
from settlement.engine.chain_errors import LostConnectionError, NodeStoppedError
from settlement.engine.ipc import IpcTransport
from settlement.engine.websocket import WebSocketTransport
from settlement.node import DYING_S, ChainError

if TYPE_CHECKING:
    from aiohttp import ClientSession

Request: TypeAlias = tuple[str, Sequence[object]]
"""A method and its parameters."""
Answer: TypeAlias = dict[str, Any]
"""With either a `result` or an `error`, as JSON-RPC has it."""

TIMEOUT_S = 20
"""How long one question may take; mining the largest batch takes less than a second of it."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1
"""Pauses between tries double from the first to the longest."""
GIVE_UP_S = 30
"""After how long without any answer a question is given up: a node on this machine restarts in a tenth of that."""


class Transport(Protocol):
    """Bytes there and back. Raises LostConnectionError if they did not come back, for whatever reason."""

    async def ask(self, request: Request) -> Any: ...
    async def ask_all(self, requests: Sequence[Request]) -> Any: ...
    async def close(self) -> None: ...


class HttpTransport:
    """One session of aiohttp, its connections kept.

    Not web3's asynchronous HTTP provider: that guards its sessions with a thread's lock for the whole process, which a
    question that is cancelled while it waits for it never gives back; every later question then waits for ever.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._session: ClientSession | None = None
        self._asked = 0

    async def ask(self, request: Request) -> Any:
        return await self._posted(self._numbered(request))

    async def ask_all(self, requests: Sequence[Request]) -> Any:
        asked = [self._numbered(request) for request in requests]
        told = await self._posted(asked)
        if not isinstance(told, list) or any(not isinstance(one, dict) for one in told):
            return told
        by_number = {one.get("id"): one for one in told}  # a node may answer a batch in any order
        return [by_number[one["id"]] for one in asked] if {one["id"] for one in asked} == by_number.keys() else told

    def _numbered(self, request: Request) -> Answer:
        self._asked += 1
        return {"jsonrpc": "2.0", "id": self._asked, "method": request[0], "params": list(request[1])}

    async def _posted(self, asked: Answer | list[Answer]) -> Any:
        from aiohttp import ClientError, ClientSession, ClientTimeout

        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=self._timeout_s), raise_for_status=True)
        try:
            async with self._session.post(self._url, json=asked) as answer:
                return await answer.json(content_type=None)
        except (OSError, TimeoutError, ClientError, json.JSONDecodeError, UnicodeDecodeError) as why:
            raise LostConnectionError(f"{type(why).__name__} {why}".strip()) from why

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def origin(url: str) -> str:
    """A URL as it may be shown: providers of nodes put keys into paths, and some people passwords before hosts."""
    found = urlsplit(url)
    host = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
    return f"{found.scheme}://{host}" + (f":{found.port}" if found.port else "")


def tells_blocks(url: str) -> bool:
    """Whether the node at a URL says by itself that there is another block."""
    return url.lower().startswith(("ws://", "wss://"))


class Endpoint:
    """A node by URL, or an anvil of our own by its socket: one question, or several whose answers belong together.

    `interruptions` counts the questions that stayed without an answer: a node that was away may have forgotten things.
    `news` is set when the node tells of a block by itself, which one at a ws:// URL does.
    """

    def __init__(
        self, transport: Transport, name: str, give_up_s: float, last_words: Callable[[], str], hidden: str = ""
    ) -> None:
        self.interruptions, self._is_closed, self.news, self._hidden = 0, False, asyncio.Event(), hidden
        self._transport, self.name, self._give_up_s, self._last_words = transport, name, give_up_s, last_words

    @classmethod
    def of(cls, node: str | Anvil, *, timeout_s: float = TIMEOUT_S, give_up_s: float = GIVE_UP_S) -> "Endpoint":
        if isinstance(node, str):
            return cls._at_url(node, timeout_s, give_up_s)

        def last_words() -> str:
            return "" if node.is_running(DYING_S) else node.last_words()

        return cls(IpcTransport(node.ipc_path, timeout_s), "anvil", give_up_s, last_words)

    @classmethod
    def _at_url(cls, url: str, timeout_s: float, give_up_s: float) -> "Endpoint":
        if not tells_blocks(url):
            return cls(HttpTransport(url, timeout_s), origin(url), give_up_s, lambda: "", url)
        news = asyncio.Event()
        made = cls(WebSocketTransport(url, timeout_s, news), origin(url), give_up_s, lambda: "", url)
        made.news = news
        return made

    async def close(self) -> None:
        self._is_closed = True
        await self._transport.close()

    async def answer(self, method: str, *params: object) -> Answer:
        """The whole answer to one question, which may be asked more than once. Raises ChainError if there is none."""
        return self._checked(await self._insist(method, lambda: self._transport.ask((method, params))), method)

    async def rpc(self, method: str, *params: object) -> Any:
        """The result of one question. Raises ChainError with the node's words."""
        return self._result(await self.answer(method, *params), method)

    async def answers(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to several questions put at once, in order. Raises ChainError if they are not as many."""
        if not requests:
            return []
        method = requests[0][0]
        told = await self._insist(method, lambda: self._transport.ask_all(requests))
        if not isinstance(told, list) or len(told) != len(requests):
            raise ChainError(f"{self.name} answers {len(requests)} questions with {str(told)[:120]}")
        return [self._checked(one, asked) for one, (asked, _) in zip(told, requests, strict=True)]

    async def results(self, requests: Sequence[Request]) -> list[Any]:
        """The results of several questions, in order. Raises ChainError with the node's words for the first refused."""
        told = await self.answers(requests)
        return [self._result(one, asked) for one, (asked, _) in zip(told, requests, strict=True)]

    async def _insist(self, method: str, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer, with pauses that grow; LostConnectionError once that took too long."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + self._give_up_s, FIRST_PAUSE_S
        while True:
            if self._is_closed:
                raise ChainError(f"the connection to {self.name} has been closed")
            try:
                return await ask()
            except LostConnectionError as why:
                self.interruptions += 1
                if words := self._last_words():
                    raise NodeStoppedError(f"the node stopped by itself: {words}") from why
                if loop.time() + pause > until:
                    said = str(why).replace(self._hidden, self.name) if self._hidden else str(why)
                    raise LostConnectionError(f"no JSON-RPC answer from {self.name} to {method}: {said}") from None
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _checked(self, answer: Any, method: str) -> Answer:
        told: Answer = dict(answer) if isinstance(answer, dict) else {}
        if told.get("error") is None:
            told.pop("error", None)
        if not (isinstance(told["error"], dict) if "error" in told else "result" in told):
            raise ChainError(f"{self.name} answers {method}, but not in JSON-RPC: {str(answer)[:120]}")
        return told

    def _result(self, answer: Answer, method: str) -> Any:
        if "error" in answer:
            raise ChainError(f"{self.name} refused {method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]
