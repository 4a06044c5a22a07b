"""A node at a ws:// URL says by itself that there is a block; a line that was cut is taken up again, nothing lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import WSMsgType, web

from settlement.contracts import TOKEN
from settlement.devnet import Anvil
from settlement.engine.chain_errors import LostConnectionError
from settlement.engine.endpoint import Endpoint
from settlement.engine.websocket import WebSocketTransport
from settlement.node import ChainError, Node
from tests.settlement.engine.conftest import GAS, Opening, mint
from tests.settlement.engine.market import entry
from tests.settlement.engine.test_engine import Setting, running

NEVER_S = 1000
"""Whoever polls so seldom hears only what it is told."""
SOON_S = 5


def ws(anvil: Anvil) -> str:
    return anvil.url.replace("http", "ws")


class Cable:
    """A port in front of another, that can be pulled out."""

    def __init__(self, url: str) -> None:
        self._port, self.connections, self.is_cut = urlsplit(url).port, 0, False
        self._open: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.is_cut:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._open += [writer, far_writer]
        for one, other in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._copy(one, other))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await reader.read(1 << 16):
                writer.write(part)
                await writer.drain()
        writer.close()

    def pull(self) -> None:
        """In the middle of whatever goes through it."""
        self.is_cut = True
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def __aenter__(self) -> "Cable":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.pull()
        self._server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_what_confirms_is_told_and_not_looked_for(opening: Opening, anvil: Anvil, node: Node, token: str) -> None:
    async with opening(ws(anvil), depth=3, poll_s=NEVER_S) as chain, asyncio.timeout(SOON_S):
        moves = chain.heads()
        waiting = asyncio.create_task(chain.confirmed(await chain.send(mint(token, 5, 0), GAS)))
        for _ in range(2):
            await anext(moves)
            await asyncio.sleep(0.05)
            assert not waiting.done()
            node.rpc("evm_mine")
        await waiting
        assert await chain.read(TOKEN, token, "totalSupply") == 5


async def test_over_http_nobody_tells(opening: Opening, anvil: Anvil, node: Node) -> None:
    """The control of the test above: so seldom a look sees nothing."""
    async with opening(anvil.url, poll_s=NEVER_S) as chain:
        moves = chain.heads()
        node.rpc("evm_mine")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await anext(moves)


async def test_a_line_that_was_cut_is_taken_up_again_and_its_blocks_with_it(
    opening: Opening, anvil: Anvil, node: Node, token: str
) -> None:
    """Blocks that came meanwhile are seen, and later ones are told anew: nobody looks by itself."""
    async with Cable(anvil.url) as cable, opening(cable.url, depth=2, poll_s=NEVER_S, give_up_s=20) as chain:
        sent = await chain.send(mint(token, 5, 0), GAS)
        await asyncio.sleep(0.2)  # now nothing is asked, and only the line itself can say that it is cut
        cable.pull()
        node.rpc("evm_mine")
        await asyncio.sleep(0.2)
        tries = cable.connections
        assert tries > 1, "a control: it has tried"
        cable.is_cut = False
        async with asyncio.timeout(SOON_S):
            await chain.confirmed(sent)
            moves = chain.heads()
            node.rpc("evm_mine")
            assert len((await anext(moves)).new) == 1
            assert await chain.read(TOKEN, token, "totalSupply") == 5


async def test_a_line_cut_while_many_send_loses_and_doubles_nothing(
    opening: Opening, anvil: Anvil, node: Node, token: str
) -> None:
    async with Cable(anvil.url) as cable, opening(cable.url, give_up_s=20) as chain:

        async def pulled() -> None:
            for _ in range(4):
                await asyncio.sleep(0.03)
                cable.pull()
                cable.is_cut = False

        pulling = asyncio.create_task(pulled())
        async with asyncio.timeout(20):
            for believed in range(30):
                sending = True
                while sending:
                    with suppress(LostConnectionError):
                        await chain.confirmed(await chain.send(mint(token, 1, believed), GAS))
                        sending = False
        await pulling
        assert cable.connections > 1, "a control: it was cut"
        assert await chain.read(TOKEN, token, "totalSupply") == 30


async def test_an_engine_whose_line_is_cut_again_and_again_mirrors_each_report_once(
    anvil: Anvil, node: Node, tmp_path: Path
) -> None:
    async with Cable(anvil.url) as cable:
        setting = Setting(node, str(tmp_path / "ledger.sqlite"), cable.url)
        async with running(setting.engine()):
            setting.feed.published.put_nowait(setting.feed.publish(entry(lots=1)))
            await setting.reached(1)
            for number in range(2, 7):
                setting.feed.published.put_nowait(setting.feed.publish(entry(lots=number)))
                await asyncio.sleep(0.1)
                cable.pull()
                cable.is_cut = False
            await setting.reached(6)
    assert cable.connections > 3, "a control: it was cut"
    assert setting.on_chain()[0] == [0, 21, -21, 0, 0, 0]


@pytest.fixture
async def odd() -> AsyncIterator[str]:
    """Servers that speak WebSocket, but not as a node does; one that does not speak it."""

    async def told(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and "eth_chainId" in message.data:
                match request.match_info["how"]:
                    case "bytes":
                        await socket.send_bytes(b"\0")
                    case "prose":
                        await socket.send_str("Welcome")
                    case "silence":
                        await asyncio.sleep(0)
        return socket

    app = web.Application()
    app.router.add_get("/ws/{how}", told)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("ws/bytes", "the socket: it ended"),
        ("ws/prose", "the socket: JSONDecodeError"),
        ("ws/silence", "TimeoutError"),
        ("none", "ConnectionError WSServerHandshakeError 404"),
    ],
)
async def test_what_is_no_node_is_told_apart(odd: str, path: str, why: str) -> None:
    endpoint = Endpoint(WebSocketTransport(f"{odd}/{path}", 0.3, asyncio.Event()), "it", 0.1, lambda: "")
    started = time.monotonic()
    with pytest.raises(ChainError, match=f"no JSON-RPC answer from it to eth_chainId: {why}"):
        await endpoint.rpc("eth_chainId")
    assert time.monotonic() - started < SOON_S
    await endpoint.close()
