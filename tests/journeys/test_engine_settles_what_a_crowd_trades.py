"""One engine end to end: a crowd trades, the chain mirrors, a threshold cuts off, and what is owed is paid, once.

Real anvil, real ledger on either database, a real receiver of webhooks; only the venue is simulated.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.cycle_states import State
from settlement.devnet import Anvil
from settlement.engine import cycle_store as store
from settlement.engine.cycle_store import Query
from settlement.engine.simulation import USDC, VENUE, Scale, Simulation, staged
from settlement.mirror import HOUSE
from settlement.node import Node
from settlement.records import DESK
from settlement.triggers import Thresholds
from tests.settlement.conftest import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]  # the fixtures, for pytest to find here too

pytestmark = pytest.mark.asyncio
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


async def test_what_a_crowd_trades_is_mirrored_cut_off_by_a_threshold_and_paid(
    world: tuple[Node, str], place: str
) -> None:
    simulation, seen = simulation_on(world, place), list[tuple[str, State]]()
    async with running(simulation, seen):
        traded(simulation)
        await until(simulation, seen, (f"{VENUE}/1", State.CONFIRMED))
    cycle = everything_agrees(simulation, f"{VENUE}/1")
    assert cycle.obligations
    made = {party: simulation.venue.books.profit_units(at) for at, party in enumerate(simulation.seats.parties)}
    assert {row.party: row.units for row in cycle.obligations} == {
        party: units for party, units in made.items() if units
    }
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
