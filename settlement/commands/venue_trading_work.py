"""What `bulkhead venue` runs: a deployment, a crowd that trades at a simulated venue, and that venue's server.

The desk is another process: what it has to know is written to its settings file, with keys that everybody knows.
"""

import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from settlement.commands.fields import InputError
from settlement.commands.mirroring_desk import until_any
from settlement.commands.mirroring_words import now_ms, say
from settlement.commands.mirroring_work import EAGER, chain_at, mined
from settlement.commands.node_opening import with_node
from settlement.commands.running import DONE, FAILED
from settlement.devnet import DevnetError
from settlement.engine.simulation import USDC, VENUE, Scale, Simulation, staged
from settlement.venues.venue_server import VenueServer


def traded(place: str, file: Path, rpc_url: str, port: int, seconds: int, seed: int) -> int:
    """Run until a signal, or for so many seconds."""
    if file.exists():
        raise InputError(f"--settings: {file} is there already; the settings of a new deployment take a new file")

    def work() -> int:
        with chain_at(rpc_url) as (node, url):
            simulation = staged(node, url, place, now_ms, Scale(seed=seed))
            say(f"deployed on chain {simulation.chain_id} at {url}: positions {simulation.contracts.positions}")
            asyncio.run(_run(simulation, file, port, seconds))
        say("stopped")
        return DONE

    try:
        return with_node("venue", rpc_url, work)
    except DevnetError as why:
        sys.stderr.write(f"venue: {why}\n")
        return FAILED


async def _run(simulation: Simulation, file: Path, port: int, seconds: int) -> None:
    stopped = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    server = VenueServer(simulation.venue, simulation.edge, simulation.contracts.settlement_domain)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        file.write_text(settings_text(simulation, url), encoding="utf-8")
        say(f"venue {VENUE} listening on {url}; settings of its desk in {file}")
        tasks = [asyncio.create_task(simulation.trade()), asyncio.create_task(mined(simulation.contracts.chain.node))]
        await until_any(tasks, stopped, seconds)
    finally:
        await runner.cleanup()


def settings_text(simulation: Simulation, url: str) -> str:
    """The settings of a desk for this deployment."""
    at = simulation.contracts
    keys = {"operator": "operator", "payer": "custodian", "custodian": "custodian"}
    lines = [
        f'rpc_url = "{simulation.url}"', f"chain_id = {simulation.chain_id}", f"depth = {simulation.scale.depth}", "",
        "[asset]", f'symbol = "{USDC.symbol}"', f"scale = {USDC.scale}", "",
        "[contracts]", f'positions = "{at.positions}"', f'settlement = "{at.settlement}"', f'vault = "{at.vault}"',
        f'minter = "{at.minter}"', f'token = "{at.tokens[USDC.symbol]}"', "",
        "# Keys that everybody knows. In their place: keystore and password_file, or token, library, key and pin_file.",
        *(f'[keys.{role}]\ndemonstration = "{name}"' for role, name in keys.items()), "",
        "[cycles]", f"client_bps = {EAGER.client_bps}", f"cool_down_s = {EAGER.cool_down_s}", "",
        "[terms]", f"confirmations = {simulation.scale.depth}", "",
        "[[venue]]", f'name = "{VENUE}"', f'url = "{url}"', f'signer = "{simulation.edge.address}"',
    ]  # fmt: skip
    for party in simulation.seats.parties:
        lines += ["", "[[venue.party]]", f'name = "{party}"', f'holder = "{simulation.seats.holders[party]}"']
    registry = simulation.venue.registry
    for number, one in registry.by_number.items():
        lines += ["", "[[venue.instrument]]", f"number = {number}", f'name = "{one.symbol}"',
                  f'asset = "{registry.assets[number]}"', f"lots_per_coin = {one.lots_per_coin}",
                  f"tick_e6 = {one.tick_e6}", f"listed = {at.listed[number]}"]  # fmt: skip
    return "\n".join(lines) + "\n"
