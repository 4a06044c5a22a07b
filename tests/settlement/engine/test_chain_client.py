"""A sender on a real anvil: what it sends happens once, and what it says about it is true."""

import asyncio

import pytest

from settlement.contracts import ALL, POSITIONS, TOKEN
from settlement.devnet import Anvil
from settlement.engine.chain_client import ChainClient, Read
from settlement.engine.chain_errors import RevertedError
from settlement.engine.expected import Expected
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from tests.settlement.engine.conftest import GAS, POLICY, Opening, mint


async def test_what_is_sent_is_confirmed(chain: ChainClient, token: str) -> None:
    receipt = await chain.confirmed(await chain.send(mint(token, 5, 0)))
    assert receipt.block_hash == chain.head.hash
    assert await chain.read(TOKEN, token, "totalSupply") == 5


async def test_many_are_sent_without_waiting_and_happen_in_their_order(chain: ChainClient, token: str) -> None:
    sent = [await chain.send(mint(token, 1, believed), 200_000) for believed in range(20)]
    receipts = await asyncio.gather(*map(chain.confirmed, sent))
    assert [one.nonce for one in sent] == list(range(sent[0].nonce, sent[0].nonce + 20))
    assert [one.block for one in receipts] == sorted(one.block for one in receipts)
    assert await chain.read(TOKEN, token, "totalSupply") == 20


async def test_a_revert_found_by_the_estimate_is_a_sentence_and_nothing_is_sent(chain: ChainClient, token: str) -> None:
    before = chain.head
    with pytest.raises(RevertedError) as told:
        await chain.send(mint(token, 5, 77))
    assert str(told.value) == "claims minted: supply mismatch (actualSupply 0, estimatedSupply 77)"
    assert told.value.tx_hash == "", "nothing was sent"
    assert (await chain.confirmed(await chain.send(mint(token, 5, 0)))).block == before.number + 1


async def test_a_revert_in_a_block_is_the_same_sentence(chain: ChainClient, token: str) -> None:
    sent = await chain.send(mint(token, 5, 77), 200_000)
    with pytest.raises(RevertedError) as told:
        await chain.confirmed(sent)
    assert str(told.value) == "claims minted: supply mismatch (actualSupply 0, estimatedSupply 77)"
    assert told.value.tx_hash == sent.tx_hashes[0]


async def test_many_reads_are_of_one_block(chain: ChainClient, token: str) -> None:
    await chain.confirmed(await chain.send(mint(token, 5, 0)))
    before = chain.head
    holder = signer_of("holder").address
    reads = [Read(TOKEN, token, "totalSupply"), Read(TOKEN, token, "balanceOf", (holder,))]
    await chain.confirmed(await chain.send(mint(token, 2, 5)))
    assert (await chain.read_many(reads)).values == (7, 7)
    then = await chain.read_many(reads, before.hash)
    assert (then.values, then.block) == ((5, 5), before)


class Broken:
    """A token that fails to sign, once."""

    def __init__(self) -> None:
        self.failures, self._key = 1, signer_of("operator")
        self.address = self._key.address

    def sign_digest(self, digest: bytes) -> bytes:
        self.failures -= 1
        if self.failures >= 0:
            raise OSError("the token is locked")
        return self._key.sign_digest(digest)


async def test_a_signer_that_fails_leaves_no_gap(anvil: Anvil, expect: Expected, token: str) -> None:
    opened = ChainClient.open(anvil, Broken(), ALL, policy=POLICY, depth=1, expect=expect)
    async with opened as chain:
        with pytest.raises(OSError, match="the token is locked"):
            await chain.send(mint(token, 5, 0), GAS)
        async with asyncio.timeout(10):
            await chain.confirmed(await chain.send(mint(token, 5, 0), GAS))


async def test_a_failed_read_is_a_sentence(chain: ChainClient, token: str) -> None:
    with pytest.raises(ChainError) as told:
        await chain.read(POSITIONS, token, "head")
    assert str(told.value) == "PositionBook.head: reverted without a reason"
    with pytest.raises(ChainError, match="has no block 0x11"):
        await chain.read_many([Read(TOKEN, token, "totalSupply")], "0x" + "11" * 32)


async def test_receipts_count_at_their_depth_and_not_before(opening: Opening, node: Node, token: str) -> None:
    async with opening(depth=3) as chain:
        waiting = asyncio.create_task(chain.confirmed(await chain.send(mint(token, 5, 0), GAS)))
        for _ in range(2):
            await asyncio.sleep(0.1)
            assert not waiting.done()
            node.rpc("evm_mine")
        async with asyncio.timeout(10):
            assert chain.head.number <= (await waiting).block + 2
