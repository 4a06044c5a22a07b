"""Blocks that are taken back: what was in them is given to the node again, and counts only once it is deep enough."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from settlement.contracts import TOKEN
from settlement.engine.heads import Move
from settlement.node import Node
from tests.settlement.engine.conftest import GAS, Opening, mint

SOON_S = 10


async def next_move(moves: AsyncIterator[Move]) -> Move:
    async with asyncio.timeout(SOON_S):
        return await anext(moves)


@pytest.mark.parametrize("depth", [2, 4])
@pytest.mark.parametrize("reorganised", range(1, 7))
async def test_a_reorganisation_is_survived_whether_it_is_shallower_or_deeper_than_the_depth(
    opening: Opening, node: Node, token: str, depth: int, reorganised: int
) -> None:
    node.rpc("anvil_mine", hex(8))  # so that nothing of the deployment is taken back
    async with opening(depth=depth) as chain:
        sent = await chain.send(mint(token, 5, 0), GAS)
        node.rpc("anvil_mine", hex(depth - 1))
        first = await chain.confirmed(sent)
        moves = chain.heads()
        node.rpc("anvil_reorg", reorganised, [])
        move = await next_move(moves)
        assert len(move.unwound) == reorganised
        assert move.unwound[0].number == first.block + depth - 1
        is_unwound = first.block_hash in {header.hash for header in move.unwound}
        assert is_unwound == (reorganised >= depth)
        async with asyncio.timeout(SOON_S):
            while supply(node, token) != 5:  # it is given again at once: no other block comes before its own
                await asyncio.sleep(0.01)
        node.rpc("anvil_mine", hex(depth))
        again = await chain.confirmed(sent)
        assert (again.block_hash == first.block_hash) == (not is_unwound)
        assert again.tx_hash == first.tx_hash, "the same bytes"
        assert await chain.read(TOKEN, token, "totalSupply") == 5


@pytest.mark.parametrize("reorganised", range(3, 7))
async def test_a_block_taken_back_before_it_is_deep_enough_never_counts(
    opening: Opening, node: Node, token: str, reorganised: int
) -> None:
    """Three deep of seven, then gone: the receipt that counts is of the block that came instead."""
    node.rpc("anvil_mine", hex(8))
    async with opening(depth=7) as chain:
        sent = await chain.send(mint(token, 5, 0), GAS)
        waiting = asyncio.create_task(chain.confirmed(sent))
        node.rpc("anvil_mine", "0x2")
        moves = chain.heads()
        gone = node.rpc("eth_getTransactionReceipt", sent.tx_hashes[0])["blockHash"]
        async with asyncio.timeout(SOON_S):
            while chain.head.hash != node.rpc("eth_getBlockByNumber", "latest", False)["hash"]:
                await asyncio.sleep(0.01)
            node.rpc("anvil_reorg", reorganised, [])
            while not (await anext(moves)).unwound:
                pass
            while supply(node, token) != 5:
                await asyncio.sleep(0.01)
            assert not waiting.done()
            node.rpc("anvil_mine", "0x6")
            receipt = await waiting
    assert receipt.block_hash != gone
    assert node.rpc("eth_getBlockByHash", receipt.block_hash, False)["transactions"] == [receipt.tx_hash]


def supply(node: Node, token: str) -> int:
    return int(node.rpc("eth_call", {"to": token, "data": "0x" + TOKEN.call("totalSupply").hex()}, "latest"), 16)
