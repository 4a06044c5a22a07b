"""Transactions that are in no block: replaced by better offers, given again, reported; nonces in the way."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from settlement.chain import Chain
from settlement.contracts import ALL, TOKEN
from settlement.engine.chain_client import ChainClient, Sent
from settlement.engine.chain_errors import DroppedError, RefusedError, SharedKeyError
from settlement.engine.fees import FeePolicy
from settlement.keys import signer_of
from settlement.node import Node
from settlement.receipts import Call
from settlement.transaction import Transaction
from tests.settlement.engine.conftest import CHAIN_ID, GAS, POLICY, Opening, mint

GWEI = 10**9
IMPATIENT = FeePolicy(max_fee_cap_wei=100 * GWEI, patience_s=0.1, patience_blocks=10_000)
SOON_S = 20


@contextmanager
def unmined(node: Node) -> Iterator[None]:
    """No blocks, until it is left."""
    node.rpc("evm_setAutomine", False)
    yield
    node.rpc("evm_setAutomine", True)
    node.rpc("evm_mine")


def pool(node: Node) -> list[dict[str, Any]]:
    """What waits in the node, of all senders."""
    content = node.rpc("txpool_content")
    return [one for part in content.values() for by_nonce in part.values() for one in by_nonce.values()]


async def until_offered(sent: Sent, times: int) -> None:
    async with asyncio.timeout(SOON_S):
        while len(sent.tx_hashes) < times:
            await asyncio.sleep(0.01)


async def test_a_stuck_transaction_is_replaced_under_its_nonce_and_the_replacement_counts(
    opening: Opening, node: Node, token: str
) -> None:
    async with opening(policy=IMPATIENT) as chain:
        with unmined(node):
            sent = await chain.send(mint(token, 5, 0), GAS)
            await until_offered(sent, 3)
            waiting = pool(node)
        receipt = await chain.confirmed(sent)
    offers = [offer.fees for offer in sent.flight.offers]
    assert len(waiting) == 1, "one nonce, one transaction"
    assert waiting[0]["hash"] in sent.tx_hashes[2:]
    assert receipt.tx_hash in sent.tx_hashes[sent.tx_hashes.index(waiting[0]["hash"]) :], "this, or one still better"
    for one, two in pairwise(offers):
        assert two.max_fee_wei * 1000 >= one.max_fee_wei * 1125
        assert two.tip_wei * 1000 >= one.tip_wei * 1125


async def test_the_first_offer_counts_if_it_was_mined_after_all(opening: Opening, node: Node, token: str) -> None:
    """A replacement that the node never gets, because the first was in a block already."""
    async with opening(policy=IMPATIENT, poll_s=0.4) as chain:
        node.rpc("evm_setAutomine", False)
        sent = await chain.send(mint(token, 5, 0), GAS)
        await asyncio.sleep(0.15)
        node.rpc("evm_mine")
        receipt = await chain.confirmed(sent)
        node.rpc("evm_setAutomine", True)
        assert receipt.tx_hash == sent.tx_hashes[0]


async def test_offers_end_at_the_cap_and_the_last_is_waited_for(opening: Opening, node: Node, token: str) -> None:
    cap = GWEI
    capped = FeePolicy(max_fee_cap_wei=cap, patience_s=0.05, patience_blocks=10_000, bump_bps=2_500)
    async with opening(policy=capped) as chain:
        with unmined(node):
            sent = await chain.send(mint(token, 5, 0), GAS)
            await until_offered(sent, 2)
            await asyncio.sleep(1)
            offers = [offer.fees.max_fee_wei for offer in sent.flight.offers]
        assert offers[-1] <= cap < offers[-1] * 1.25, "the next step would have passed the cap"
        assert (await chain.confirmed(sent)).tx_hash == sent.tx_hashes[-1]


async def test_a_node_that_wants_more_for_a_replacement_gets_it(opening: Opening, node: Node, token: str) -> None:
    """Somebody replaced ours with better fees and our own key: ours must pay more than theirs."""
    async with opening(policy=IMPATIENT) as chain:
        with unmined(node):
            sent = await chain.send(mint(token, 5, 0), GAS)
            first = sent.flight.offers[0].transaction
            await until_offered(sent, 2)
            raised(node, first, sent.flight.offers[-1].fees.max_fee_wei * 2)
            await until_offered(sent, 9)
        with pytest.raises(SharedKeyError) if chain_has_not(node, sent) else no_error():
            await chain.confirmed(sent)


def chain_has_not(node: Node, sent: Sent) -> bool:
    return not any(node.rpc("eth_getTransactionReceipt", one) for one in sent.tx_hashes)


@contextmanager
def no_error() -> Iterator[None]:
    yield


def raised(node: Node, transaction: Transaction, max_fee_wei: int) -> str:
    """The same nonce by the same key, from elsewhere, doing nothing."""
    me = signer_of("operator")
    other = Transaction(CHAIN_ID, transaction.nonce, max_fee_wei, max_fee_wei, 21_000, me.address, b"")
    return str(node.rpc("eth_sendRawTransaction", "0x" + other.signed(me.sign_digest(other.digest())).hex()))


async def test_a_transaction_that_the_node_has_dropped_is_given_again(opening: Opening, node: Node, token: str) -> None:
    async with opening(policy=IMPATIENT) as chain:
        with unmined(node):
            sent = await chain.send(mint(token, 5, 0), GAS)
            node.rpc("anvil_dropTransaction", sent.tx_hashes[0])
            async with asyncio.timeout(SOON_S):
                while not sent.flight.resends:
                    await asyncio.sleep(0.01)
            assert [one["hash"] for one in pool(node)] == list(sent.tx_hashes)
        assert (await chain.confirmed(sent)).tx_hash in sent.tx_hashes


async def test_a_transaction_that_is_dropped_again_and_again_is_reported_and_its_nonce_is_free(
    opening: Opening, node: Node, token: str
) -> None:
    few = FeePolicy(max_fee_cap_wei=100 * GWEI, patience_s=0.05, patience_blocks=10_000, resends=2)
    async with opening(policy=few) as chain:
        with unmined(node):
            sent = await chain.send(mint(token, 5, 0), GAS)
            waiting = asyncio.create_task(chain.confirmed(sent))
            async with asyncio.timeout(SOON_S):
                while not waiting.done():
                    for tx_hash in sent.tx_hashes:
                        node.answer("anvil_dropTransaction", (tx_hash,))
                    await asyncio.sleep(0.005)
            with pytest.raises(
                DroppedError, match="claims minted: given to the node 2 times more, and lost every time"
            ):
                await waiting
            again = await chain.send(mint(token, 7, 0), GAS)
            assert again.nonce == sent.nonce
        await chain.confirmed(again)
        assert await chain.read(TOKEN, token, "totalSupply") == 7


async def test_a_refused_transaction_leaves_no_gap(opening: Opening, token: str) -> None:
    async with opening() as chain:
        with pytest.raises(RefusedError, match="claims minted: intrinsic gas too low"):
            await chain.send(mint(token, 5, 0), 20_000)
        await chain.confirmed(await chain.send(mint(token, 5, 0), GAS))


async def test_who_sends_and_who_tends_may_both_be_told_that_nobody_has_it(opening: Opening, token: str) -> None:
    """Schedule 33 of the faults: the second to be told gave the nonce back again, and the engine stopped."""
    async with opening() as chain:
        sent = await chain.send(mint(token, 5, 0), GAS)
        await chain.confirmed(sent)
        sender = chain._sender
        sender.free(sent.flight)
        sender.free(sent.flight)
        assert sender.nonces.gaps == []
        assert sender.nonces.following == sent.nonce


async def test_a_gap_below_others_is_filled_by_the_next(opening: Opening, token: str) -> None:
    greeting = Call(signer_of("operator").address, b"", "greeting")
    async with opening() as chain:
        first = await chain.send(greeting, GAS)
        refused, *others = await asyncio.gather(
            chain.send(greeting, 20_000), *(chain.send(greeting, GAS) for _ in range(4)), return_exceptions=True
        )
        assert isinstance(refused, RefusedError)
        sent = [first, *(one for one in others if isinstance(one, Sent)), await chain.send(greeting, GAS)]
        assert sorted(one.nonce for one in sent) == list(range(first.nonce, first.nonce + 6))
        async with asyncio.timeout(SOON_S):
            assert len({one.tx_hash for one in await asyncio.gather(*map(chain.confirmed, sent))}) == 6


async def test_a_gap_that_nobody_fills_is_filled_with_nothing(opening: Opening, node: Node, token: str) -> None:
    async with opening(policy=IMPATIENT) as chain:
        refused, behind = await asyncio.gather(
            chain.send(mint(token, 5, 0), 20_000), chain.send(mint(token, 5, 0), GAS), return_exceptions=True
        )
        assert isinstance(refused, RefusedError)
        assert isinstance(behind, Sent)
        async with asyncio.timeout(SOON_S):
            await chain.confirmed(behind)


async def test_two_senders_with_one_key_are_told_so(opening: Opening, node: Node, token: str) -> None:
    """The other one's transaction is in a block before ours is sent."""
    async with opening() as chain:
        Chain(node, signer_of("operator"), ALL).send(signer_of("operator").address, b"", "greeting")
        with pytest.raises(
            SharedKeyError, match=r"claims minted: nonce \d+ of 0x\w+ carries a transaction that is not"
        ):
            await chain.send(mint(token, 5, 0), GAS)
        await chain.confirmed(await chain.send(mint(token, 5, 0), GAS))


async def test_a_nonce_that_another_has_waiting_is_told_so(opening: Opening, node: Node, token: str) -> None:
    async with opening() as chain:
        first = await chain.send(mint(token, 1, 0), GAS)
        await chain.confirmed(first)
        with unmined(node):
            other = Transaction(CHAIN_ID, first.nonce, 10**12, 10**12, 0, token, b"")
            raised(node, Transaction(CHAIN_ID, first.nonce + 1, 1, 1, 0, token, b""), other.max_fee_wei * 2)
            with pytest.raises(SharedKeyError):
                await chain.send(mint(token, 5, 1), GAS)
            sent = await chain.send(mint(token, 5, 1), GAS)
            assert sent.nonce == first.nonce + 2
        await chain.confirmed(sent)


async def test_a_spike_of_fees_above_the_cap_is_waited_out(opening: Opening, node: Node, token: str) -> None:
    modest = FeePolicy(max_fee_cap_wei=5 * GWEI)
    async with opening(policy=modest) as chain:
        node.rpc("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
        node.rpc("evm_mine")
        sending = asyncio.create_task(chain.send(mint(token, 5, 0), GAS))
        await asyncio.sleep(0.1)
        assert not sending.done()
        node.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        node.rpc("evm_mine")
        async with asyncio.timeout(SOON_S):
            await chain.confirmed(await sending)


async def test_more_than_a_block_holds_is_mined_in_several(opening: Opening, node: Node) -> None:
    creation = Call("", TOKEN.creation(6, "claim", "C"), "deployment")
    async with opening(policy=POLICY) as chain:
        with unmined(node):
            sent = [await chain.send(creation, 5_000_000) for _ in range(30)]
        receipts = await asyncio.gather(*map(chain.confirmed, sent))
    assert len({one.contract for one in receipts}) == 30
    assert len({one.block for one in receipts}) > 1


async def test_what_a_full_block_left_out_is_not_forgotten(chain: ChainClient, node: Node) -> None:
    """An anvil that mines by itself makes no block for it."""
    creation = Call("", TOKEN.creation(6, "claim", "C"), "deployment")
    node.rpc("evm_setAutomine", False)
    sent = await asyncio.gather(*(chain.send(creation, 14_000_000) for _ in range(30)))
    node.rpc("evm_setAutomine", True)
    time.sleep(0.5)  # the loop stands still, so that nobody asks for a block
    left_out = len(pool(node))
    async with asyncio.timeout(SOON_S):
        receipts = await asyncio.gather(*map(chain.confirmed, sent))
    assert 0 < left_out < 30
    assert len({one.block for one in receipts}) > 1
