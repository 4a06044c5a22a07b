"""The proxy does to a request what its plan says, and nothing else."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from scripts.faults.faulty_node import Fault, FaultyNode, once, seeded
from settlement.devnet import Anvil
from settlement.node import Node


async def ask(url: str, method: str) -> str:
    """One request over a connection of its own; what came back, empty if it was cut."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    try:
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.decode().lower().split("\r\n") if line.startswith("content-length"))
        return (await reader.readexactly(int(length.partition(":")[2]))).decode() or head.decode().split("\r\n")[0]
    except (OSError, asyncio.IncompleteReadError):
        return ""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("fault", "blocks", "answered"),
    [
        (Fault.NONE, 1, "result"),
        (Fault.LOSE_REQUEST, 0, ""),
        (Fault.LOSE_ANSWER, 1, ""),
        (Fault.DELAY, 1, "result"),
        (Fault.DELAY_ANSWER, 1, "result"),
        (Fault.DUPLICATE, 2, "result"),
        (Fault.REORDER, 1, "result"),
        (Fault.UNAVAILABLE, 0, "503 Service Unavailable"),
    ],
)
async def test_what_a_fault_does(anvil: Anvil, node: Node, fault: Fault, blocks: int, answered: str) -> None:
    async with FaultyNode(anvil.url, once(fault, "evm_mine")) as proxy:
        said = await ask(proxy.url, "evm_mine")
        assert answered in said
        assert bool(said) == bool(answered)
        assert proxy.passed == [(("evm_mine",), fault)]
    assert node.block_number() == blocks


async def test_a_stalled_request_is_never_answered_nor_heard(anvil: Anvil, node: Node) -> None:
    async with FaultyNode(anvil.url, once(Fault.STALL, "evm_mine")) as proxy:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(proxy.url, "evm_mine"), 0.2)
    assert node.block_number() == 0


async def test_a_reordered_request_arrives_after_the_next(anvil: Anvil, node: Node) -> None:
    async with FaultyNode(anvil.url, once(Fault.REORDER, "evm_mine")) as proxy:
        first = asyncio.create_task(ask(proxy.url, "evm_mine"))
        await asyncio.sleep(0.05)
        assert '"0x0"' in await ask(proxy.url, "eth_blockNumber")
        await first
        assert '"0x1"' in await ask(proxy.url, "eth_blockNumber")


async def test_nobody_gets_through_while_it_is_cut(anvil: Anvil) -> None:
    async with FaultyNode(anvil.url, is_cut=True) as proxy:
        assert await ask(proxy.url, "eth_chainId") == ""
        proxy.is_cut = False
        assert "0x7a69" in await ask(proxy.url, "eth_chainId")


def test_a_seed_repeats_its_faults_and_another_has_others() -> None:
    odds = {Fault.DELAY: 0.3, Fault.LOSE_ANSWER: 0.2}
    first, again, other = ([seeded(seed, odds)(("m",), n) for n in range(400)] for seed in (1, 1, 2))
    assert first == again != other
    assert 80 < first.count(Fault.DELAY) < 160
    assert 50 < first.count(Fault.LOSE_ANSWER) < 110
