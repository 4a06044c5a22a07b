"""Questions and answers, over a socket, HTTP and a WebSocket: many at a time, what is wrong with them said."""

import asyncio
import json
import os
import tempfile
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scripts.faults.faulty_node import Fault, FaultyNode, once
from settlement.devnet import Anvil
from settlement.engine.chain_errors import LostConnectionError
from settlement.engine.endpoint import Endpoint
from settlement.engine.ipc import IpcTransport
from settlement.node import ChainError
from tests.settlement.test_chain import answering


@asynccontextmanager
async def endpoint_of(node: str | Anvil, give_up_s: float = 1) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint.of(node, timeout_s=5, give_up_s=give_up_s)
    try:
        yield endpoint
    finally:
        await endpoint.close()


@pytest.fixture(params=["socket", "http", "ws"])
async def endpoint(request: pytest.FixtureRequest, anvil: Anvil) -> AsyncIterator[Endpoint]:
    async with endpoint_of(anvil if request.param == "socket" else anvil.url.replace("http", request.param)) as opened:
        yield opened


async def test_answers_to_many_questions_at_once_are_not_mixed_up(endpoint: Endpoint) -> None:
    """Single ones and batches; web3's own persistent connection mixes up two batches."""
    for number in range(20):
        await endpoint.rpc("anvil_setBalance", "0x" + f"{number:040x}", hex(number))

    async def batch(first: int) -> list[int]:
        asked = [("eth_getBalance", ("0x" + f"{first + more:040x}", "latest")) for more in range(5)]
        return [int(one, 16) for one in await endpoint.results(asked)]

    async def single(number: int) -> int:
        return int(await endpoint.rpc("eth_getBalance", "0x" + f"{number:040x}", "latest"), 16)

    batches, singles = await asyncio.gather(
        asyncio.gather(*map(batch, range(15))), asyncio.gather(*map(single, range(20)))
    )
    assert batches == [list(range(first, first + 5)) for first in range(15)]
    assert singles == list(range(20))


async def test_questions_that_are_cancelled_leave_others_their_way(endpoint: Endpoint) -> None:
    """Seeds 59 and 100 of the faults: over web3's HTTP provider no later question of the process was ever answered."""
    for pause_ms in range(40):
        asking = [asyncio.create_task(endpoint.rpc("eth_chainId")) for _ in range(10)]
        await asyncio.sleep(pause_ms / 10_000)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    async with asyncio.timeout(4):
        assert await endpoint.rpc("eth_chainId")


async def test_a_node_refuses_in_its_own_words(endpoint: Endpoint) -> None:
    with pytest.raises(ChainError, match=f"{endpoint.name} refused eth_sendRawTransaction: Failed to decode"):
        await endpoint.rpc("eth_sendRawTransaction", "0x02c0")
    with pytest.raises(ChainError, match="refused eth_getBlockByNumber"):
        await endpoint.results([("eth_chainId", ()), ("eth_getBlockByNumber", ())])
    assert await endpoint.results([]) == []


async def test_nothing_is_asked_once_it_is_closed(endpoint: Endpoint) -> None:
    await endpoint.close()
    with pytest.raises(ChainError, match=f"the connection to {endpoint.name} has been closed"):
        await endpoint.rpc("eth_chainId")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<html>Welcome</html>", "no JSON-RPC answer from URL to eth_chainId: JSONDecodeError"),
        ("[1, 2]", r"URL answers eth_chainId, but not in JSON-RPC: \[1, 2\]"),
        ("null", "URL answers eth_chainId, but not in JSON-RPC: None"),
        ('{"status": "ok"}', "URL answers eth_chainId, but not in JSON-RPC: {'status': 'ok'}"),
        ('{"error": "no"}', "URL answers eth_chainId, but not in JSON-RPC"),
        ('{"id": 0, "error": {"code": 7}}', "URL refused eth_chainId: {'code': 7}"),
        ('{"result": null, "error": {"message": "no"}}', "URL refused eth_chainId: no"),
    ],
)
async def test_a_server_that_is_no_node_is_told_apart(body: str, told: str) -> None:
    with answering(body) as url:
        async with endpoint_of(url, give_up_s=0.1) as endpoint:
            with pytest.raises(ChainError, match=told.replace("URL", url)):
                await endpoint.rpc("eth_chainId")


@pytest.mark.parametrize("body", ["<html>", "[1]", '{"error": {"message": "no"}}'])
@pytest.mark.parametrize("status", [200, 401])
async def test_a_key_in_the_path_of_a_url_is_shown_to_nobody(body: str, status: int) -> None:
    with answering(body, status=status) as url:
        async with endpoint_of(f"{url}/v3/s3cr3t", give_up_s=0.1) as endpoint:
            with pytest.raises(ChainError, match=url) as said:
                await endpoint.rpc("eth_chainId")
    shown = "".join(traceback.format_exception(said.value))
    assert "s3cr3t" not in shown


async def test_fewer_answers_than_questions_are_none() -> None:
    with answering('[{"id": 0, "result": "0x1"}]') as url:
        async with endpoint_of(url) as endpoint:
            with pytest.raises(ChainError, match=f"{url} answers 2 questions with "):
                await endpoint.results([("eth_chainId", ()), ("eth_chainId", ())])


@pytest.mark.parametrize("fault", [Fault.LOSE_REQUEST, Fault.LOSE_ANSWER, Fault.UNAVAILABLE])
async def test_a_question_without_an_answer_is_asked_again_and_counted(anvil: Anvil, fault: Fault) -> None:
    async with FaultyNode(anvil.url, once(fault, "eth_chainId")) as proxy, endpoint_of(proxy.url) as endpoint:
        assert await endpoint.rpc("eth_chainId") == "0x7a69"
        assert proxy.count("eth_chainId") == 2
        assert endpoint.interruptions == 1


async def test_a_socket_that_ends_fails_every_open_question_at_once_and_is_connected_again() -> None:
    """Half a batch's answer is no answer."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        asked = json.loads(await reader.readline())
        if connections > 1:
            writer.write(json.dumps({"id": asked["id"], "result": connections}).encode() + b"\n")
            await reader.readline()
        else:
            await reader.readline()
        writer.close()

    with tempfile.TemporaryDirectory(prefix="ipc-") as folder:
        path = os.path.join(folder, "a.ipc")
        server = await asyncio.start_unix_server(serve, path)
        transport = IpcTransport(path, timeout_s=5)
        both = await asyncio.gather(*(transport.ask(("m", ())) for _ in range(2)), return_exceptions=True)
        assert [str(one) for one in both] == ["the socket: it ended"] * 2
        assert all(isinstance(one, LostConnectionError) for one in both)
        assert await transport.ask(("m", ())) == {"id": 2, "result": 2}
        await transport.close()
        server.close()


async def test_a_socket_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LostConnectionError, match="FileNotFoundError"):
        await IpcTransport(str(tmp_path / "none.ipc"), timeout_s=1).ask(("m", ()))
