"""The mirror's sender over the chain client: it sees what is deep already, and a chain that nobody watches any more."""

import asyncio
from contextlib import ExitStack

import pytest

from scripts.faults.faulty_node import FaultyNode
from settlement.batch import MirrorBatch
from settlement.contracts import POSITIONS, Contracts
from settlement.devnet import Anvil
from settlement.engine.chain_errors import NodeLostStateError
from settlement.engine.client_chain import ClientChain
from settlement.engine.expected import Expected
from settlement.engine.mirror_chain import Look, Told
from settlement.engine.watch import WAKE_S, Watch, first_heads
from settlement.node import ChainError, Node
from tests.settlement.conftest import deployed
from tests.settlement.engine.conftest import CHAIN_ID, GAS, Opening, mint
from tests.settlement.engine.test_endpoint import endpoint_of
from tests.settlement.engine.test_node_restarted import running

SOON_S = 10


def mirrored(sequence: int, previous: bytes) -> MirrorBatch:
    """A batch in which nothing has changed."""
    return MirrorBatch(sequence, previous, 0, b"", b"")


@pytest.fixture
def mirror(opening: Opening, contracts: Contracts) -> ClientChain:
    book = contracts.positions
    return ClientChain(lambda: opening(depth=3, expect=Expected(CHAIN_ID, {book: POSITIONS})), book, GAS)


async def until(chain: ClientChain, wanted: Look) -> None:
    async with asyncio.timeout(SOON_S):
        while await chain.look() != wanted:
            await chain.turn()


async def test_what_is_deep_enough_already_is_seen_by_one_that_is_opened_now(mirror: ClientChain, node: Node) -> None:
    """After a restart no block need come for what was mirrored before it to be confirmed."""
    genesis = (await mirror.look()).latest
    first = mirrored(1, genesis.digest)
    await mirror.send(first)
    await until(mirror, Look(told := Told(1, first.digest()), genesis))
    node.rpc("evm_mine")
    await asyncio.sleep(0.1)
    assert (await mirror.look()).deep == genesis, "two blocks are not three"
    await mirror.forget()
    assert (await mirror.look()).deep == genesis
    await mirror.forget()
    node.rpc("evm_mine")
    assert await mirror.look() == Look(told, told)
    await mirror.forget()


async def test_a_chain_that_nobody_watches_any_more_is_noticed_by_whoever_looks(opening: Opening) -> None:
    """The node that answers now is another: without a look at the watch, its answers pass for those of the first. And
    what is wrong with the node is no objection to a batch, for which it would be refused for good."""
    async with FaultyNode("") as proxy:
        with ExitStack() as lives:
            (first, node), (second, other) = (lives.enter_context(running(None)) for _ in range(2))
            book = deployed(node).positions
            other.rpc("anvil_mine", hex(40))  # first, so that its blocks are others
            deployed(other)
            proxy.target = first.url
            expect = Expected(CHAIN_ID, {book: POSITIONS})
            mirror = ClientChain(lambda: opening(proxy.url, expect=expect), book, GAS)
            before = await mirror.look()
            node.rpc("evm_setAutomine", False)
            await mirror.send(batch := mirrored(1, before.latest.digest))
            assert await mirror.objection(batch) == "", "it waits"
            proxy.target = second.url
            with pytest.raises(NodeLostStateError):
                await until(mirror, Look(before.latest, Told(9, bytes(32))))
            with pytest.raises(NodeLostStateError):
                await mirror.objection(batch)
            await mirror.forget()
            assert await mirror.look() == before, "another client, on the node that there is"
            await mirror.forget()
            proxy.is_cut = True


async def test_whoever_waits_hears_that_the_client_was_closed(opening: Opening, node: Node, token: str) -> None:
    node.rpc("evm_setAutomine", False)
    async with opening() as chain:
        waiting = asyncio.create_task(chain.confirmed(await chain.send(mint(token, 5, 0), GAS)))
        await asyncio.sleep(0)
    with pytest.raises(ChainError, match="the connection to anvil has been closed"):
        async with asyncio.timeout(SOON_S):
            await waiting


async def test_whoever_waits_for_a_turn_that_never_comes_looks_for_itself(anvil: Anvil) -> None:
    async with endpoint_of(anvil) as endpoint:
        watch = Watch(endpoint, await first_heads(endpoint), 1)
        async with asyncio.timeout(2 * WAKE_S):
            await watch.wait(watch.turn)
