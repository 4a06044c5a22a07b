"""What `bulkhead mirror` runs: the engine with its cycles, a crowd that trades, the API beside them; an orderly end."""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from settlement.commands.fields import InputError
from settlement.commands.node_opening import with_node
from settlement.commands.printing import print_line
from settlement.commands.running import DONE, FAILED, now_s
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.devnet import Anvil, DevnetError
from settlement.engine.api import Api
from settlement.engine.api_reading import Reading
from settlement.engine.presenting import Presenter
from settlement.engine.serving import serve
from settlement.engine.simulation import USDC, Scale, Simulation, staged
from settlement.engine.stored import Outgoing
from settlement.node import Node
from settlement.records import DESK
from settlement.triggers import Thresholds

EAGER = Thresholds(client_bps=1, cool_down_s=3)
"""A hundredth of a percent of a client's collateral: a cycle every few seconds of a lively crowd."""


def mirrored(place: str, rpc_url: str, simulate: bool, port: int | None, seconds: int, seed: int) -> int:
    """Run until a signal, or for so many seconds."""
    if not simulate:
        raise InputError("--simulate: expected, as a desk of real venues is run by `python -m settlement.engine FILE`")

    def work() -> int:
        with _node(rpc_url) as (node, url):
            simulation = staged(node, url, place, lambda: int(time.time() * 1000), Scale(seed=seed))
            simulation.thresholds, simulation.cycle_terms = EAGER, CycleTerms(confirmations=simulation.scale.depth)
            simulation.on_confirmed, simulation.on_state = _say_batch, _say_cycle
            _say(f"deployed on chain {simulation.chain_id}: positions {simulation.contracts.positions}")
            asyncio.run(_run(simulation, port, seconds))
        _say("stopped")
        return DONE

    try:
        return with_node("mirror", rpc_url, work)
    except DevnetError as why:
        sys.stderr.write(f"mirror: {why}\n")
        return FAILED


@contextmanager
def _node(rpc_url: str) -> Iterator[tuple[Node, str]]:
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
    try:
        await _any_of(tasks[0], asyncio.create_task(engine.leads.wait()))
        tasks += [asyncio.create_task(simulation.trade()), asyncio.create_task(_blocks(simulation))]
        if port is not None:
            tasks.append(asyncio.create_task(_api(simulation, port, stopped)))
        stopping = asyncio.create_task(stopped.wait())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds or None):
                await _any_of(*tasks, stopping)
        stopped.set()
        await stopping
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for fault in ended:
        if isinstance(fault, Exception):
            raise fault


async def _any_of(*tasks: "asyncio.Task[object]") -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


async def _blocks(simulation: Simulation) -> None:
    """A chain goes on by itself; this one is told to."""
    while True:
        await asyncio.to_thread(simulation.contracts.chain.node.rpc, "evm_mine")
        await asyncio.sleep(0.5)


async def _api(simulation: Simulation, port: int, stopped: asyncio.Event) -> None:
    """Read by a connection of its own, beside whoever writes."""
    schemas = (LEDGER, CUSTODIAN, DESK)
    with closing(open_database(simulation.place, read_only=True, schemas=schemas)) as database:
        reading = Reading(database, Presenter({USDC.symbol: USDC}))
        await serve(Api(reading, now_s), "127.0.0.1", port, lambda at: _say(f"listening on {at}"), stopped)


def _say_batch(out: Outgoing) -> None:
    told = ", ".join(f"{venue} up to entry {number}" for venue, number in out.covers.items())
    _say(f"batch {out.batch.sequence} mirrored: {out.positions} positions, {told}")


def _say_cycle(cycle: CycleRecord) -> None:
    _say(f"cycle {cycle.id} {cycle.state}" + (f" ({cycle.reason})" if cycle.reason else ""))


def _say(line: str) -> None:
    print_line(line)
    sys.stdout.flush()
