"""JSON-RPC over a WebSocket, on which the node also says by itself when it has another block.

Each connection subscribes anew. What the node tells is only a bell: whoever hears it asks what there is, so nothing is
lost with a message, and a node that takes no subscriptions is looked at now and then like any other.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from settlement.engine.exchange import LONGEST_ANSWER_BYTES, Exchange, question

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse

HEARTBEAT_S = 10.0
"""A line on which nothing comes back to a ping for half as long again is cut."""
_SUBSCRIPTION = -1
"""The number of a question whose answer nobody waits for."""


@dataclass(frozen=True, slots=True)
class _Messages:
    session: "ClientSession"
    socket: "ClientWebSocketResponse"

    async def say(self, text: str) -> None:
        await self.socket.send_str(text)

    async def hear(self) -> str:
        from aiohttp import WSMsgType

        message = await self.socket.receive()
        if message.type is WSMsgType.ERROR:
            raise ConnectionError(str(message.data))
        return str(message.data) if message.type is WSMsgType.TEXT else ""

    async def close(self) -> None:
        try:
            await self.socket.close()
        finally:
            await self.session.close()


class WebSocketTransport(Exchange):
    """A node at a ws:// or wss:// URL. `news` is set with every block that it tells, and when the line is cut."""

    def __init__(self, url: str, timeout_s: float, news: asyncio.Event) -> None:
        super().__init__(timeout_s)
        self._url, self._news = url, news

    def _told(self) -> None:
        self._news.set()

    async def _connect(self) -> _Messages:
        from aiohttp import ClientError, ClientSession, ClientWSTimeout

        session = ClientSession()
        try:
            socket = await session.ws_connect(
                self._url, heartbeat=HEARTBEAT_S, max_msg_size=LONGEST_ANSWER_BYTES, timeout=ClientWSTimeout(ws_close=1)
            )
            await socket.send_str(json.dumps(question(_SUBSCRIPTION, ("eth_subscribe", ("newHeads",)))))
        except BaseException as why:
            await session.close()
            if isinstance(why, ClientError):
                raise ConnectionError(f"{type(why).__name__} {why}") from why
            raise
        return _Messages(session, socket)
