"""A sender on a real anvil: what it sends happens once, and what it says about it is true."""

import asyncio

import pytest

from settlement.contracts import TOKEN
from settlement.engine.chain_client import ChainClient, Read
from settlement.engine.chain_errors import RevertedError
from settlement.keys import signer_of
from tests.settlement.engine.conftest import mint


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
