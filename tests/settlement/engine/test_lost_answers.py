"""A node behind a line that fails: what was sent happens once, whatever was lost of it on the way."""

import asyncio
import time

import pytest

from scripts.faults.faulty_node import Fault, FaultyNode, once, seeded
from settlement.contracts import TOKEN
from settlement.engine.chain_client import ChainClient
from settlement.engine.chain_errors import LostConnectionError
from settlement.keys import signer_of
from settlement.node import Node
from tests.settlement.engine.conftest import GAS, Opening, mint

SEND = "eth_sendRawTransaction"
SURVIVED = [one for one in Fault if one not in (Fault.NONE, Fault.STALL)]


def count(node: Node) -> int:
    return int(node.rpc("eth_getTransactionCount", signer_of("operator").address, "latest"), 16)


@pytest.mark.parametrize("fault", SURVIVED)
async def test_a_send_that_meets_a_fault_happens_once(
    opening: Opening, proxy: FaultyNode, node: Node, token: str, fault: Fault
) -> None:
    before = count(node)
    async with opening(proxy.url) as chain:
        proxy.plan = once(fault, SEND)
        sent = await chain.send(mint(token, 5, 0), GAS)
        receipt = await chain.confirmed(sent)
        assert proxy.count(SEND, fault) == 1, "or nothing was tried"
        assert receipt.tx_hash == sent.tx_hashes[0]
        assert await chain.read(TOKEN, token, "totalSupply") == 5
        assert count(node) == before + 1
        await chain.confirmed(await chain.send(mint(token, 1, 5), GAS))
        assert count(node) == before + 2, "and the next nonce was the next"


async def test_a_lost_answer_is_followed_by_the_same_bytes(opening: Opening, proxy: FaultyNode, token: str) -> None:
    """The node has mined it when it hears it again: its "nonce too low" is about ours."""
    async with opening(proxy.url) as chain:
        proxy.plan = once(Fault.LOSE_ANSWER, SEND)
        sent = await chain.send(mint(token, 5, 0), GAS)
        assert proxy.count(SEND) == 2
        assert len(sent.tx_hashes) == 1
        await chain.confirmed(sent)


async def test_a_node_that_never_answers_is_given_up_and_what_was_sent_is_tended(
    opening: Opening, proxy: FaultyNode, node: Node, token: str
) -> None:
    async with opening(proxy.url, timeout_s=0.2, give_up_s=0.5) as chain:
        proxy.is_cut = True
        with pytest.raises(LostConnectionError, match=f"no JSON-RPC answer from {proxy.url} to {SEND}"):
            await chain.send(mint(token, 5, 0), GAS)
        with pytest.raises(LostConnectionError, match="to eth_call"):
            await chain.read(TOKEN, token, "totalSupply")
        proxy.is_cut = False
        await reads(chain, token, 5)


async def reads(chain: ChainClient, token: str, supply: int) -> None:
    """Wait until the token's supply is this."""
    async with asyncio.timeout(5):
        while await chain.read(TOKEN, token, "totalSupply") != supply:
            await asyncio.sleep(0.01)


async def test_a_stalled_connection_is_left_after_the_time_out(opening: Opening, proxy: FaultyNode, token: str) -> None:
    async with opening(proxy.url, timeout_s=0.3) as chain:
        proxy.plan = once(Fault.STALL, "eth_call")
        began = time.monotonic()
        assert await chain.read(TOKEN, token, "totalSupply") == 0
        assert 0.3 <= time.monotonic() - began < 3


@pytest.mark.parametrize("seed", range(6))
async def test_twenty_sent_together_through_a_line_that_fails_half_the_time_all_happen_once_in_order(
    opening: Opening, proxy: FaultyNode, node: Node, token: str, seed: int
) -> None:
    before = count(node)
    async with opening(proxy.url) as chain:
        proxy.plan = seeded(seed, dict.fromkeys(SURVIVED, 0.5 / len(SURVIVED)))
        sent = await asyncio.gather(*(chain.send(mint(token, 1, believed), GAS) for believed in range(20)))
        done, waiting = await asyncio.wait([asyncio.create_task(chain.confirmed(one)) for one in sent], timeout=60)
        assert not waiting, [one.flight for one in sent if one.flight.place is None] or chain.head
        await asyncio.gather(*done)
        assert await chain.read(TOKEN, token, "totalSupply") == 20
    assert count(node) == before + 20
    assert {fault for _, fault in proxy.passed} >= set(SURVIVED), "or not everything was tried"
