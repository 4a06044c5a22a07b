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
    node.rpc("anvil_mine", hex(8))
    async with opening(depth=depth) as chain:
        sent = await chain.send(mint(token, 5, 0), GAS)
        node.rpc("anvil_mine", hex(depth - 1))
        first = await chain.confirmed(sent)
        moves = aiter(chain.heads())
        following = asyncio.create_task(next_move(moves))
        await asyncio.sleep(0)
        node.rpc("anvil_reorg", reorganised, [])
        move = await following
        assert len(move.unwound) == reorganised
        assert move.unwound[0].number == first.block + depth - 1
        is_unwound = first.block_hash in {header.hash for header in move.unwound}
        assert is_unwound == (reorganised >= depth)
        node.rpc("anvil_mine", hex(depth))
        if is_unwound:
            while chain.head.number < first.block + 2 * depth - 1 or not await supply(node, token):
                await asyncio.sleep(0.01)
            node.rpc("anvil_mine", hex(depth))
        again = await chain.confirmed(sent)
        assert (again.block_hash == first.block_hash) == (not is_unwound)
        assert again.tx_hash == first.tx_hash, "the same bytes"
        assert await chain.read(TOKEN, token, "totalSupply") == 5


async def supply(node: Node, token: str) -> int:
    return int(node.rpc("eth_call", {"to": token, "data": "0x" + TOKEN.call("totalSupply").hex()}, "latest"), 16)
