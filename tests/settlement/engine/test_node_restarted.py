"""A node that goes away and comes back, with its state, with an older one, or with none; and one that is another."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.faults.faulty_node import Fault, FaultyNode
from settlement.contracts import MINTER, TOKEN, Contracts
from settlement.devnet import Anvil
from settlement.engine.chain_errors import NodeLostStateError, NodeStoppedError, WrongNodeError
from settlement.engine.expected import Expected
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from tests.conftest import GENESIS_S
from tests.settlement.conftest import deployed
from tests.settlement.engine.conftest import CHAIN_ID, GAS, POLICY, Opening, mint

SOON_S = 20


@contextmanager
def running(state: Path | None) -> Iterator[tuple[Anvil, Node]]:
    with Anvil(genesis_s=GENESIS_S, state=state) as anvil, Node.of_anvil(anvil) as node:
        yield anvil, node


def token_of(contracts: Contracts) -> str:
    me, chain = contracts.chain.sender.address, contracts.chain
    created = chain.send("", TOKEN.creation(6, "claim", "C"), "deployment").contract
    chain.send(created, TOKEN.call("initialize", me, me), "deployment")
    return created


@pytest.mark.parametrize(("away_s", "patience_s"), [(0.1, 30), (0, 0.2)], ids=["noticed", "too fast to be noticed"])
async def test_a_node_restarted_with_its_state_goes_on_and_what_it_forgot_is_given_again(
    opening: Opening, tmp_path: Path, away_s: float, patience_s: float
) -> None:
    """The pool is not in the state: what waited there is gone. Who notices gives it again at once, else when late."""
    policy = replace(POLICY, patience_s=patience_s)
    state = tmp_path / "state.json"
    async with FaultyNode("") as proxy:
        with ExitStack() as lives:
            anvil, node = lives.enter_context(running(state))
            token = token_of(deployed(node))
            proxy.target = anvil.url
            client = opening(proxy.url, expect=Expected(CHAIN_ID, {token: TOKEN}), depth=2, policy=policy)
            chain = await client.__aenter__()
            before = await chain.send(mint(token, 5, 0), GAS)
            node.rpc("evm_mine")
            await chain.confirmed(before)
            node.rpc("evm_setAutomine", False)
            waiting = await chain.send(mint(token, 7, 5), GAS)
            proxy.is_cut = True
            await asyncio.sleep(away_s)
        with running(state) as (anvil, node):
            proxy.target, proxy.is_cut = anvil.url, False
            async with asyncio.timeout(SOON_S):
                while not node.rpc("eth_getTransactionReceipt", waiting.tx_hashes[0]):
                    await asyncio.sleep(0.01)
            node.rpc("evm_mine")
            assert (await chain.confirmed(waiting)).tx_hash == waiting.tx_hashes[0]
            assert await chain.read(TOKEN, token, "totalSupply") == 12
            await client.__aexit__(None, None, None)


@pytest.mark.parametrize("blocks", [0, 40])
async def test_a_node_restarted_without_its_state_is_said_to_have_lost_it(opening: Opening, blocks: int) -> None:
    """Whether its new chain is shorter than the one it told before, or longer."""
    async with FaultyNode("") as proxy:
        with ExitStack() as lives:
            anvil, node = lives.enter_context(running(None))
            token = token_of(deployed(node))
            proxy.target = anvil.url
            client = opening(proxy.url, expect=Expected(CHAIN_ID, {token: TOKEN}), depth=2)
            chain = await client.__aenter__()
            sent = await chain.send(mint(token, 5, 0), GAS)
            waiting = asyncio.create_task(chain.confirmed(sent))
            await asyncio.sleep(0.05)
            watching = asyncio.create_task(anext(aiter(chain.heads())))
            await asyncio.sleep(0)
            proxy.is_cut = True
        with running(None) as (anvil, node):
            node.rpc("anvil_mine", hex(blocks))
            proxy.target, proxy.is_cut = anvil.url, False
            for told in (waiting, watching):
                with pytest.raises(NodeLostStateError, match=f"{proxy.url} has lost its state: its blocks are others"):
                    async with asyncio.timeout(SOON_S):
                        await told
            with pytest.raises(NodeLostStateError):
                await chain.send(mint(token, 5, 0), GAS)
            await client.__aexit__(None, None, None)


async def test_a_node_set_back_to_before_our_contracts_has_lost_its_state(
    opening: Opening, anvil: Anvil, node: Node
) -> None:
    node.rpc("anvil_mine", "0x5")
    before = node.rpc("evm_snapshot")
    token = token_of(deployed(node))
    async with opening(expect=Expected(CHAIN_ID, {token: TOKEN})) as chain:
        sent = await chain.send(mint(token, 5, 0), GAS)
        await chain.confirmed(sent)
        node.rpc("evm_revert", before)
        with pytest.raises(NodeLostStateError, match=f"has lost its state: {token} on anvil has no code"):
            async with asyncio.timeout(SOON_S):
                await anext(aiter(chain.heads()))


async def test_a_node_set_back_to_before_a_transaction_is_given_it_again(
    opening: Opening, node: Node, token: str
) -> None:
    before = node.rpc("evm_snapshot")
    async with opening() as chain:
        first = await chain.confirmed(await chain.send(mint(token, 5, 0), GAS))
        sent = await chain.send(mint(token, 7, 5), GAS)
        await chain.confirmed(sent)
        node.rpc("evm_revert", before)
        async with asyncio.timeout(SOON_S):
            while int(node.rpc("eth_blockNumber"), 16) < first.block + 1:
                await asyncio.sleep(0.01)
            again = await chain.confirmed(sent)
        assert again.tx_hash == sent.tx_hashes[0]
        assert await chain.read(TOKEN, token, "totalSupply") == 12


async def test_an_anvil_of_our_own_that_dies_is_said_to_have_stopped(
    opening: Opening, anvil: Anvil, token: str
) -> None:
    async with opening() as chain:
        waiting = asyncio.create_task(anext(aiter(chain.heads())))
        await asyncio.sleep(0)
        os.kill(anvil.pid, signal.SIGKILL)
        with pytest.raises(NodeStoppedError, match="the node stopped by itself: "):
            async with asyncio.timeout(SOON_S):
                await waiting
        with pytest.raises(NodeStoppedError):
            await chain.send(mint(token, 5, 0), GAS)


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        (Expected(1), "is on chain 31337, not on 1"),
        (Expected(CHAIN_ID, {signer_of("operator").address: None}), "0x[0-9A-Fa-f]{40} on .* has no code"),
        (Expected(CHAIN_ID, {"TOKEN": MINTER}), "has code that is no build of AttestedMinter"),
    ],
)
async def test_the_wrong_node_is_found_out_before_anything_is_written(
    opening: Opening, anvil: Anvil, node: Node, token: str, expect: Expected, told: str
) -> None:
    code = {token if address == "TOKEN" else address: artifact for address, artifact in expect.code.items()}
    before = node.block_number()
    with pytest.raises(WrongNodeError, match=told):
        async with opening(expect=Expected(expect.chain_id, code)):
            pass
    assert node.block_number() == before


async def test_nobody_at_the_url_is_said(opening: Opening) -> None:
    async with FaultyNode("") as gone:
        url = gone.url
    with pytest.raises(ChainError, match=f"no JSON-RPC answer from {url} to eth_chainId"):
        async with opening(url, give_up_s=0.2):
            pass


async def test_a_depth_that_is_not_kept_is_a_mistake(opening: Opening) -> None:
    with pytest.raises(ValueError, match="a depth is 1 to 8 blocks, not 9"):
        async with opening(depth=9, kept=8):
            pass


async def test_whoever_sends_hears_of_a_node_that_was_lost_while_it_answered(
    opening: Opening, token: str, proxy: FaultyNode
) -> None:
    """Found by schedule 25: the answer asked for patience, and whoever had it waited for blocks that nobody watched."""
    with running(None) as (other, node):
        node.rpc("anvil_setBalance", signer_of("operator").address, hex(10**24))
        node.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**13))
        node.rpc("evm_mine")

        def another_answers(methods: Sequence[str], number: int) -> Fault:
            if "eth_sendRawTransaction" not in methods:
                return Fault.NONE
            proxy.target = other.url
            return Fault.DELAY_ANSWER

        async with opening(proxy.url) as chain:
            proxy.plan = another_answers
            async with asyncio.timeout(SOON_S):
                with pytest.raises(NodeLostStateError):
                    await chain.send(mint(token, 5, 0), GAS)
