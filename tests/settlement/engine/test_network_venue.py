"""A venue over real sockets: it goes away, comes back, lies, is silent; and what it said is mirrored once."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from custody.database import LEDGER, open_database
from settlement.cycle_record import CycleTerms
from settlement.cycle_states import State
from settlement.devnet import Anvil
from settlement.engine import stored
from settlement.engine.desk import Desk
from settlement.engine.simulation import VENUE, Scale, Simulation, staged
from settlement.node import Node
from settlement.records import DESK
from settlement.reports import Report
from settlement.triggers import Thresholds
from settlement.venues.venue_client import NetworkVenue, VenueLineError
from settlement.venues.venue_server import VenueServer
from tests.settlement.venues.listing import DOMAIN, ETH, SIGNER, START_MS, venue

EAGER = Thresholds(client_bps=1, cool_down_s=1)


@asynccontextmanager
async def listening(app: web.Application, port: int = 0) -> AsyncIterator[int]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def server_of(simulation: Simulation) -> VenueServer:
    return VenueServer(simulation.venue, simulation.edge, simulation.contracts.settlement_domain)


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    with Anvil(genesis_s=int(time.time())) as anvil, Node.of_anvil(anvil) as node:
        made = staged(node, anvil.url, tmp_path / "l.sqlite", lambda: int(time.time() * 1000), Scale(window_s=1))
        made.thresholds, made.cycle_terms = EAGER, CycleTerms(confirmations=2)
        yield made


def over_the_network(simulation: Simulation, at: NetworkVenue, seen: list[tuple[str, State]]) -> Desk:
    """The simulation's desk, with the venue behind its server."""
    simulation.engine()
    assert simulation.desk is not None
    desk = simulation.desk
    (here,) = desk.venues
    desk.venues = [type(here)(at, here.seats, here.signer, here.instruments, at)]
    desk.on_state = lambda cycle: seen.append((cycle.id, cycle.state))
    return desk


def trade(simulation: Simulation) -> None:
    for _ in range(20):
        simulation.crowd.turn(simulation.now_ms())
        simulation.crowd.trade(20, simulation.now_ms())
    simulation.venue.publish()


async def until_settled(simulation: Simulation, seen: list[tuple[str, State]], cycle_id: str) -> None:
    async with asyncio.timeout(60):
        while (cycle_id, State.CONFIRMED) not in seen:
            await asyncio.to_thread(simulation.contracts.chain.node.rpc, "evm_mine")
            await asyncio.sleep(0.05)


async def test_a_venue_that_goes_away_and_comes_back_is_mirrored_once_and_settled(simulation: Simulation) -> None:
    seen: list[tuple[str, State]] = []
    async with listening(server_of(simulation).app()) as port:
        at = NetworkVenue(VENUE, simulation.edge.address, f"http://127.0.0.1:{port}")
        engine = asyncio.create_task(over_the_network(simulation, at, seen).engine().run())
        trade(simulation)
        await until_settled(simulation, seen, f"{VENUE}/1")
    trade(simulation)  # nobody hears it
    await asyncio.sleep(0.3)
    async with listening(server_of(simulation).app(), port):
        trade(simulation)
        async with asyncio.timeout(30):
            while taken(simulation) < simulation.venue.tape.last:
                await asyncio.sleep(0.05)
        await until_settled(simulation, seen, f"{VENUE}/2")
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)
        await at.close()
    assert at.complaints, "a control: it was away"
    assert [report.first for report in reports(simulation)] == sorted({one.first for one in reports(simulation)})


def reports(simulation: Simulation) -> list[Report]:
    schemas = (LEDGER, DESK)
    with closing(open_database(simulation.place, read_only=True, schemas=schemas)) as base, base.snapshot() as tx:
        return [one.report for one in stored.reports_after(tx, VENUE, 0)]


def taken(simulation: Simulation) -> int:
    return max((one.last for one in reports(simulation)), default=0)


# -- the line by itself ------------------------------------------------------------------------------------------------


async def test_fetched_reports_are_those_of_the_venue_and_a_stream_begins_where_it_is_asked_to() -> None:
    made = venue(most_entries=1)
    for minute in range(4):
        made.mark(ETH, 3_000_000_000, START_MS + minute)
    made.publish()
    async with served(VenueServer(made, Silent(), bytes(32))) as at:
        assert [(one.first, one.last) for one in await at.fetch(2, 3)] == [(2, 2), (3, 3)]
        made.close()
        line = at.listen(2)
        heard = [await anext(line), await anext(line)]
        assert [one.first for one in heard] == [3, 4]
        with pytest.raises(VenueLineError, match="the line has ended"):
            await anext(line)
        assert all(one.is_signed_by(DOMAIN, SIGNER.address) for one in heard)
        assert await at.stated(4) is None


@pytest.mark.parametrize(
    ("said", "why"),
    [(b"no frame", "no report: "), ("words", "sends words where reports belong")],
)
async def test_a_line_on_which_something_else_is_said_ends(said: bytes | str, why: str) -> None:
    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await (socket.send_bytes(said) if isinstance(said, bytes) else socket.send_str(said))
        async for _ in socket:
            pass
        return socket

    app = web.Application()
    app.router.add_get("/v1/stream", stream)
    async with listening(app) as port:
        at = NetworkVenue("harbour", SIGNER.address, f"http://127.0.0.1:{port}")
        with pytest.raises(VenueLineError, match=why):
            await anext(at.listen(0))
        await at.close()


@pytest.mark.parametrize("path", ["reports?first=1", "reports?first=x&last=2", "stream?after=-1", "statement"])
async def test_a_question_without_numbers_is_refused_with_what_was_expected(path: str) -> None:
    made = venue()
    server = VenueServer(made, Silent(), bytes(32))
    async with served(server) as at, ClientSession() as session, session.get(f"{at.url}/v1/{path}") as answer:
        assert (answer.status, "expected the number of an entry" in await answer.text()) == (400, True)


class Silent:
    """A venue that never answers."""

    venue, address = "harbour", SIGNER.address

    async def stated(self, last: int) -> None:
        return None

    async def standing(self, last: int) -> None:
        return None

    async def sign(self, cycle: object, digest: bytes) -> None:
        return None


@asynccontextmanager
async def served(server: VenueServer) -> AsyncIterator[NetworkVenue]:
    async with listening(server.app()) as port:
        at = NetworkVenue("harbour", SIGNER.address, f"http://127.0.0.1:{port}")
        yield at
        await at.close()
