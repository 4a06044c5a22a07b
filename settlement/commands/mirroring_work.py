"""What `bulkhead mirror --simulate` runs: a deployment, a crowd that trades, and the desk, all in one process."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from settlement.commands.mirroring_desk import served, until_any
from settlement.commands.mirroring_words import now_ms, say, say_batch, say_cycle
from settlement.commands.node_opening import with_node
from settlement.commands.running import DONE, FAILED, now_s
from settlement.cycle_record import CycleTerms
from settlement.devnet import Anvil, DevnetError
from settlement.engine.simulation import USDC, Scale, Simulation, staged
from settlement.node import Node
from settlement.triggers import Thresholds

EAGER = Thresholds(client_bps=1, cool_down_s=3)
"""A hundredth of a percent of a client's collateral: a cycle every few seconds of a lively crowd."""


def simulated(place: str, rpc_url: str, port: int | None, seconds: int, seed: int) -> int:
    """Run until a signal, or for so many seconds."""

    def work() -> int:
        with chain_at(rpc_url) as (node, url):
            simulation = staged(node, url, place, now_ms, Scale(seed=seed))
            simulation.thresholds, simulation.cycle_terms = EAGER, CycleTerms(confirmations=simulation.scale.depth)
            simulation.on_confirmed, simulation.on_state = say_batch, say_cycle
            say(f"deployed on chain {simulation.chain_id}: positions {simulation.contracts.positions}")
            asyncio.run(_run(simulation, port, seconds))
        say("stopped")
        return DONE

    try:
        return with_node("mirror", rpc_url, work)
    except DevnetError as why:
        sys.stderr.write(f"mirror: {why}\n")
        return FAILED


@contextmanager
def chain_at(rpc_url: str) -> Iterator[tuple[Node, str]]:
    """A node that runs already, or one of our own for as long as the context is open, with its URL."""
    if rpc_url:
        with Node.at_url(rpc_url) as node:
            yield node, rpc_url
    else:
        with Anvil(genesis_s=now_s()) as anvil, Node.of_anvil(anvil) as node:
            yield node, anvil.url


async def _run(simulation: Simulation, port: int | None, seconds: int) -> None:
    stopped = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    engine = simulation.engine()
    tasks = [asyncio.create_task(engine.run())]
    waiting = asyncio.create_task(engine.leads.wait())
    await asyncio.wait([tasks[0], waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    tasks += [asyncio.create_task(simulation.trade()), asyncio.create_task(mined(simulation.contracts.chain.node))]
    if port is not None:
        tasks.append(asyncio.create_task(served(simulation.place, USDC, port, stopped)))
    await until_any(tasks, stopped, seconds)


async def mined(node: Node) -> None:
    """A chain goes on by itself; this one is told to."""
    while True:
        await asyncio.to_thread(node.rpc, "evm_mine")
        await asyncio.sleep(0.5)
