"""The engine with its cycles on a real node and a real ledger, in small: trades of round figures, short waits.

Time is this machine's, and the chain's with it; `ahead_s` puts the engine's clock ahead of the chain's.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from custody import liens
from custody.accounts import Chart
from custody.books import Books
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from custody.transfers import Kind, Reason, Transfer
from settlement.chain_hearing import TOPICS
from settlement.chain_hearing import Told as Now
from settlement.contracts import Contracts
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.cycle_states import State
from settlement.devnet import Anvil
from settlement.engine import cycle_store as store
from settlement.engine.cycle_store import Query
from settlement.engine.simulation import USDC, VENUE, Scale, Simulation, staged
from settlement.engine.telling import Told, told
from settlement.keys import holder_of
from settlement.mirror import HOUSE
from settlement.node import Node
from settlement.records import DESK
from settlement.reports import EntryKind
from settlement.reserve_attestation import Reserves
from settlement.triggers import Thresholds
from settlement.venues.entry import Entry
from settlement.venues.simulated import SimulatedVenue

HOUSE_ACCOUNT, HEDGER, MAKER, TREASURY = range(4)
USD = 10**6
START_UNITS = 1_000 * USD
BTC, BTC_E6 = 1, 60_000 * USD
ONLY_ON_DEMAND = Thresholds(schedule_s=10**9, client_bps=0, venue_bps=0, volatility_e6=0)
QUICK = CycleTerms(schedule_s=10**6, confirmations=2)


class CrashError(Exception):
    """The process ends here."""


@dataclass
class World:
    """One simulation and what was seen of its cycles. `crash_at`: states at whose showing the process ends."""

    simulation: Simulation
    node: Node
    ahead_s: int = 0
    seen: list[tuple[str, State]] = field(default_factory=list)
    crash_at: set[State] = field(default_factory=set)
    starts: int = 0

    def __post_init__(self) -> None:
        self.simulation.now_ms = lambda: int(1000 * time.time()) + 1000 * self.ahead_s
        self.simulation.on_state = self._show

    def _show(self, cycle: CycleRecord) -> None:
        self.seen.append((cycle.id, cycle.state))
        if cycle.state in self.crash_at:
            self.crash_at.discard(cycle.state)
            raise CrashError(cycle.state)

    def walked(self, number: int = 1) -> list[State]:
        """The states of a cycle in order, each as long as it lasted."""
        found = [state for name, state in self.seen if name == f"{VENUE}/{number}"]
        return [state for at, state in enumerate(found) if at == 0 or found[at - 1] is not state]

    # -- the market ----------------------------------------------------------------------------------------------------

    @property
    def venue(self) -> SimulatedVenue:
        return self.simulation.venue

    def marked(self, price_e6: int = BTC_E6) -> None:
        self.venue.mark(BTC, price_e6, self.simulation.now_ms())

    def filled(self, buyer: int, seller: int, lots: int, at_ms: int = 0, price_e6: int = BTC_E6) -> int:
        """A fill in BTC, whose lot is a thousandth of a coin; its number."""
        at_ms = at_ms or self.simulation.now_ms()
        return self.venue.report_fill(Entry(EntryKind.FILL, BTC, at_ms, lots, price_e6, buyer, seller))

    def moved(self, buyer: int, seller: int, usd: int) -> None:
        """The buyer gains so many dollars of the seller: a coin's price rises by a thousand, for as many lots."""
        self.marked()
        self.filled(buyer, seller, usd)
        self.marked(BTC_E6 + 1_000 * USD)
        self.venue.publish()

    # -- the engine ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The engine, begun anew wherever it crashes. Blocks come by themselves."""
        self.simulation.desk = None
        tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._mine())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            faults = [one for one in ended if isinstance(one, Exception)]
            assert not faults, faults

    async def _run(self) -> None:
        while True:
            self.starts += 1
            self.simulation.desk = None
            try:
                await self.simulation.engine().run()
            except* CrashError:
                await asyncio.sleep(0.01)

    async def _mine(self) -> None:
        while True:
            await asyncio.to_thread(self.node.rpc, "evm_mine")
            await asyncio.sleep(0.1)

    async def demanded(self) -> None:
        """Ask for a cut-off, once all that was published is taken in."""
        async with asyncio.timeout(20):
            while self.simulation.cycles is None or self._reached() < self.venue.tape.published:
                await asyncio.sleep(0.02)
        self.simulation.cycles.demanded.set()

    def _reached(self) -> int:
        cycles = self.simulation.cycles
        return 0 if cycles is None else cycles.led.writes.intake.book.reached.get(VENUE, 0)

    async def until(self, state: State, number: int = 1, seconds: float = 30) -> None:
        await self.until_so(lambda: (f"{VENUE}/{number}", state) in self.seen, seconds)

    async def until_so(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"it has not come to that: {self.seen[-8:]}, {self.cycle()}") from None

    # -- what there is -------------------------------------------------------------------------------------------------

    @contextmanager
    def opened(self, *, read_only: bool = True) -> Iterator[Database]:
        with closing(
            open_database(self.simulation.place, read_only=read_only, schemas=(LEDGER, CUSTODIAN, DESK))
        ) as at:
            yield at

    def liens(self) -> dict[str, int]:
        """Dollars that have to stay, by owner."""
        with self.opened() as database, database.snapshot() as reader:
            return {one.party: one.units // USD for one in liens.liens(reader, venue=VENUE)}

    def is_halted(self) -> bool:
        with self.opened() as database, database.snapshot() as reader:
            return liens.is_halted(reader, VENUE)

    def cycle(self, number: int = 1) -> CycleRecord:
        with self.opened() as database, database.snapshot() as reader:
            (listed,) = store.cycles(reader, Query(id=f"{VENUE}/{number}"), 0, 1)
        return listed.one

    def paid(self, number: int = 1) -> dict[str, int]:
        """What a cycle's obligations are, in dollars by party."""
        return {row.party: row.units // USD for row in self.cycle(number).obligations}

    def events(self, prefix: str = "") -> list[Told]:
        with self.opened() as database, database.snapshot() as reader:
            return [one for one in told(reader, 0, 10_000) if one.name.startswith(prefix)]

    @staticmethod
    def account(party: str) -> str:
        chart = Chart("USDC")
        return (chart.venue_collateral(VENUE) if party == HOUSE else chart.delegated(party, VENUE)).id

    def ledger(self) -> dict[str, int]:
        """Dollars in the books by party; raises where anything is pending or the journal does not verify."""
        with self.opened() as database:
            books = Books(database)
            totals = {party: books.totals(self.account(party)) for party in self.simulation.seats.parties}
            assert books.verify() == []
            assert not any(one.debits_pending for one in totals.values())
        return {party: one.balance // USD for party, one in totals.items()}

    def pending(self) -> dict[str, int]:
        """Dollars that the books hold for a cycle by party."""
        with self.opened() as database:
            totals = {party: Books(database).totals(self.account(party)) for party in self.simulation.seats.parties}
        return {party: one.debits_pending // USD for party, one in totals.items() if one.debits_pending}

    def blocks_since_proposal(self) -> int:
        """How many blocks, its own included, have come since the last proposal was mined."""
        asked = {"address": self.simulation.contracts.settlement, "topics": [list(TOPICS)], "fromBlock": "0x0"}
        mined = max(int(log["blockNumber"], 16) for log in self.node.rpc("eth_getLogs", asked)
                    if TOPICS[log["topics"][0]] is Now.PROPOSED)  # fmt: skip
        return self.node.block_number() - mined + 1

    def on_chain(self) -> dict[str, int]:
        """Dollars in the compartments by party."""
        venue, holders = self.simulation.edge.address, self.simulation.seats.holders
        return {
            party: self.simulation.contracts.compartment(USDC, holders[party], venue) // USD for party in holders
        }  # fmt: skip

    def funded(self, party: str, usd: int) -> None:
        """More collateral, in the books and on the chain; not while the engine runs, whose key it is."""
        contracts, venue = self._contracts(), self.simulation.edge.address
        plenty = Reserves(10**15, 2 + self.starts, bytes(32))
        contracts.credit(USDC, self.simulation.seats.holders[party], venue, usd * USD, plenty)
        self._posted(Chart("USDC").vault().id, self.account(party), usd, Reason.DEPOSIT)

    def left(self, party: str, usd: int) -> None:
        """Claims leave a compartment, and only the chain knows; not while the engine runs."""
        contracts, venue = self._contracts(), self.simulation.edge.address
        contracts.release(USDC, holder_of(party, VENUE), venue, usd * USD, 2**40)

    def booked_as_left(self, party: str, usd: int) -> None:
        """The books hear of what has left."""
        self._posted(self.account(party), Chart("USDC").vault().id, usd, Reason.WITHDRAWAL)

    def _contracts(self) -> Contracts:
        """With the operator's nonce asked for anew: the engine has the same key."""
        contracts = self.simulation.contracts
        return replace(contracts, chain=replace(contracts.chain, _nonce=-1))

    def _posted(self, debit: str, credit: str, usd: int, why: Reason) -> None:
        given = Transfer(f"{why.name}/{debit}/{credit}/{usd}", debit, credit, usd * USD, why, Kind.POSTED)
        given = replace(given, id=given.id[-64:])
        with self.opened(read_only=False) as database:
            (outcome,) = Books(database).post([given], self.simulation.now_s())
        assert outcome.ok, outcome


@contextmanager
def world_in(folder: Path, terms: CycleTerms = QUICK, **scale: int) -> Iterator[World]:
    """A world with a thousand dollars for each client and ten times as many for the house; cycles only on demand."""
    with Anvil(genesis_s=int(time.time())) as anvil, Node.of_anvil(anvil) as node:
        size = replace(Scale(start_units=START_UNITS, window_s=1, depth=1), **scale)
        simulation = staged(node, anvil.url, folder / "l.sqlite", lambda: int(time.time() * 1000), size)
        simulation.thresholds, simulation.cycle_terms = ONLY_ON_DEMAND, terms
        yield World(simulation, node)
