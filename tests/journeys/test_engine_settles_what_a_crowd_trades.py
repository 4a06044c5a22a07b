"""One engine end to end: a crowd trades, the chain mirrors, a threshold cuts off, and what is owed is paid, once.

Real anvil, real ledger on either database, a real receiver of webhooks; only the venue is simulated.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from custody.accounts import Chart
from custody.books import Books
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.cycle_states import State
from settlement.devnet import Anvil
from settlement.engine import cycle_store as store
from settlement.engine.api import Api
from settlement.engine.api_reading import Reading
from settlement.engine.cycle_store import Query
from settlement.engine.presenting import Presenter
from settlement.engine.serving import serve
from settlement.engine.simulation import USDC, VENUE, Scale, Simulation, staged
from settlement.engine.webhooks import Endpoint, register
from settlement.mirror import HOUSE
from settlement.node import Node
from settlement.records import DESK
from settlement.triggers import Thresholds
from settlement.webhook_signatures import is_genuine, secret_of
from tests.settlement.conftest import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]  # the fixtures, for pytest to find here too

pytestmark = pytest.mark.asyncio
WEBHOOK_KEY = b"w" * 32
EAGER = Thresholds(client_bps=1, cool_down_s=1)
"""One basis point of a client's collateral is enough."""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "l.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


@pytest.fixture
def world() -> Iterator[tuple[Node, str]]:
    """A chain that keeps the time of this machine."""
    with Anvil(genesis_s=int(time.time())) as anvil, Node.of_anvil(anvil) as node:
        yield node, anvil.url


@asynccontextmanager
async def running(simulation: Simulation, seen: list[tuple[str, State]]) -> AsyncIterator[None]:
    simulation.on_state = lambda cycle: seen.append((cycle.id, cycle.state))
    tasks = [asyncio.create_task(simulation.engine().run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        faults = [one for one in ended if isinstance(one, Exception)]
        assert not faults, faults


async def until(simulation: Simulation, seen: list[tuple[str, State]], wanted: tuple[str, State]) -> None:
    """Trade until a cycle has come to a state; blocks go on."""
    async with asyncio.timeout(60):
        while wanted not in seen:
            simulation.contracts.chain.node.rpc("evm_mine")
            await asyncio.sleep(0.1)


def simulation_on(world: tuple[Node, str], place: str) -> Simulation:
    found = staged(*world, place, lambda: int(time.time() * 1000), Scale(window_s=1))
    found.thresholds, found.cycle_terms = EAGER, CycleTerms(confirmations=2)
    return found


def traded(simulation: Simulation, rounds: int = 20) -> None:
    for _ in range(rounds):
        simulation.crowd.turn(simulation.now_ms())
        simulation.crowd.trade(20, simulation.now_ms())
    simulation.venue.publish()


def opened(place: str) -> Database:
    return open_database(place, read_only=True, schemas=(LEDGER, CUSTODIAN, DESK))


def everything_agrees(simulation: Simulation, cycle_id: str) -> CycleRecord:
    """Ledger, chain and venue say the same; the cycle as it ended."""
    chart, venue = Chart("USDC"), simulation.edge.address
    with closing(opened(simulation.place)) as database, database.snapshot() as reader:
        books = Books(database)
        (listed,) = store.cycles(reader, Query(id=cycle_id), 0, 1)
        accounts = {
            party: (chart.venue_collateral(VENUE) if party == HOUSE else chart.delegated(party, VENUE)).id
            for party in simulation.seats.parties
        }
        ledger = {party: books.totals(account, reader).balance for party, account in accounts.items()}
        assert books.verify() == []
    holders = simulation.seats.holders
    assert ledger == {party: simulation.contracts.compartment(USDC, holders[party], venue) for party in ledger}
    lots = simulation.venue.books.lots
    pairs = [(account, number) for number in (1, 2) for account in range(len(simulation.seats.parties))]
    on_chain = simulation.contracts.positions_of(
        (holders[simulation.seats.parties[account]], number) for account, number in pairs
    )
    assert on_chain == [lots[pair] for pair in pairs]
    return listed.one


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, list[str]]]:
    """A URL on loopback, and the ids of the events that came there, in order; every signature is checked."""
    heard: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        secret = secret_of(WEBHOOK_KEY, "desk")
        assert is_genuine(request.headers["Bulkhead-Signature"], secret, body, int(time.time()))
        heard.append(json.loads(body)["id"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", heard
    await runner.cleanup()


async def balance_shown(simulation: Simulation, party: str) -> dict[str, object]:
    """What the API says of a client while the engine runs."""
    stopped, at = asyncio.Event(), asyncio.get_running_loop().create_future()
    with closing(opened(simulation.place)) as database:
        api = Api(Reading(database, Presenter({"USDC": USDC})), simulation.now_s)
        serving = asyncio.create_task(serve(api, "127.0.0.1", 0, at.set_result, stopped))
        async with aiohttp.ClientSession() as session, session.get(f"{await at}/v1/balances?party={party}") as answer:
            told = await answer.json()
        stopped.set()
        await serving
    (shown,) = told["items"]
    return dict(shown)


async def test_what_a_crowd_trades_is_mirrored_cut_off_by_a_threshold_and_paid(
    world: tuple[Node, str], place: str, receiver: tuple[str, list[str]]
) -> None:
    simulation, seen = simulation_on(world, place), list[tuple[str, State]]()
    simulation.webhook_key, (url, heard) = WEBHOOK_KEY, receiver
    with closing(open_database(place, schemas=(LEDGER, CUSTODIAN, DESK))) as database, database.transaction() as tx:
        assert register(tx, Endpoint("desk", "client/hedger", url), simulation.now_s()) is None
    async with running(simulation, seen):
        traded(simulation)
        await until(simulation, seen, (f"{VENUE}/1", State.CONFIRMED))
        async with asyncio.timeout(20):
            while f"{VENUE}/1#8" not in heard:
                await asyncio.sleep(0.05)
        shown = await balance_shown(simulation, "client/hedger")
    assert [one for one in heard if one.startswith(f"{VENUE}/1#")] == [f"{VENUE}/1#{number}" for number in range(1, 9)]
    cycle = everything_agrees(simulation, f"{VENUE}/1")
    assert cycle.obligations
    made = {party: simulation.venue.books.profit_units(at) for at, party in enumerate(simulation.seats.parties)}
    assert {row.party: row.units for row in cycle.obligations} == {
        party: units for party, units in made.items() if units
    }
    held = simulation.contracts.compartment(USDC, simulation.seats.holders["hedger"], simulation.edge.address)
    assert shown["amount"] == {"amount": f"{held // 10**6}.{held % 10**6:06}", "asset": "USDC", "scale": 6}
    walked = [state for name, state in seen if name == cycle.id]
    assert walked == [
        State.OPEN, State.CUT_OFF, State.COMPUTED, State.PROPOSED, State.AGREED, State.WINDOW, State.FINAL, State.PAID,
        State.CONFIRMED,
    ]  # fmt: skip


async def test_a_lying_venue_is_disputed_and_the_undisputed_part_pays(world: tuple[Node, str], tmp_path: Path) -> None:
    simulation, seen = simulation_on(world, str(tmp_path / "l.sqlite")), list[tuple[str, State]]()
    simulation.edge.lies_about = "maker"
    async with running(simulation, seen):
        traded(simulation)
        await until(simulation, seen, (f"{VENUE}/1", State.PARTIALLY_COMPLETED))
    cycle = everything_agrees(simulation, f"{VENUE}/1")
    assert "maker" in cycle.excluded
    assert {row.party for row in cycle.obligations}.isdisjoint(cycle.excluded)
    assert (cycle.id, State.DISPUTED) in seen
