"""A schedule carried out: trading in rounds, something that happens after each, an end to all faults, and the verdict.

After the last round everything is well: the node answers, the venue tells what it withheld, and the engine has some
seconds to bring all to an end. One that does not get there in time has stranded something.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from custody.books import Books
from custody.database import LEDGER, open_database
from custody.transfers import Reason, Transfer
from scripts.faults.clearing import Clearing, pay_in
from scripts.faults.engines import CHART, Engines, Fuse, Processes, going
from scripts.faults.faulty_node import Fault as Line
from scripts.faults.faulty_node import FaultyNode, healthy, seeded
from scripts.faults.ground import EXPIRY_MS, REGISTRY, SIGNER, SPOT_E6, START_MS, Ground, process_file
from scripts.faults.nodes import Chains
from scripts.faults.schedule import Happening, Schedule, Silent, Step, Turn
from scripts.faults.silence import survived
from scripts.faults.verdict import Seen, unexplained, verdict
from settlement.engine.recorded_feed import record
from settlement.engine.threads import on_thread
from settlement.node import ChainError
from settlement.records import DESK
from settlement.reports import Report
from settlement.venues.crowd import Crowd
from settlement.venues.faulty import Fault as Feed
from settlement.venues.faulty import FaultyFeed, Rates
from settlement.venues.simulated import SimulatedVenue

END_S = 100.0
"""How long an engine may take to bring all to an end once all is well; a tenth of a second on an idle machine."""
BETWEEN_S = 0.04


@dataclass(frozen=True, slots=True)
class Outcome:
    """`happened` counts what did happen, by name; `wrong` is empty if the schedule was survived."""

    seed: int
    happened: Counter[str]
    seen: Seen | None
    wrong: tuple[str, ...]
    took_s: float


@dataclass(slots=True)
class World:
    """Everything that one schedule touches."""

    schedule: Schedule
    ground: Ground
    place: str
    chains: Chains
    proxy: FaultyNode
    folder: Path
    engine: Engines | Processes = field(init=False)
    venue: SimulatedVenue = field(init=False)
    crowd: Crowd = field(init=False)
    feed: FaultyFeed = field(init=False)
    clearing: Clearing | None = None
    now_ms: int = START_MS
    happened: Counter[str] = field(default_factory=Counter)
    _ahead_ms: int = 0
    _late: list[Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        schedule, ground = self.schedule, self.ground
        self.venue = SimulatedVenue(REGISTRY, SIGNER, ground.domain, most_entries=16)
        self.crowd = Crowd(self.venue, tuple(range(6)), dict(SPOT_E6), schedule.seed)
        liar = (SIGNER, ground.domain) if dict(schedule.feed).get(Feed.LIED) else None
        self.feed = FaultyFeed(self.venue, schedule.seed, Rates(dict(schedule.feed)), liar)
        if schedule.is_process:
            self.reports.mkdir()
            self._write_file(0)
            self.engine = Processes(self.folder / "engine.json")
        else:
            self.engine = Engines(ground, self.place, self.proxy.url, schedule.depth, [self.feed], Fuse())
        if schedule.has_cycles and isinstance(self.engine, Engines):
            engine = self.engine
            self.clearing = Clearing(
                ground, self.venue, engine.opens, lambda: self.chains.clock_s,
                lambda _: engine.fuse.at(Step.AFTER_A_CYCLES_STATE), schedule.silent,
            )  # fmt: skip
            engine.beside = self.clearing.beside

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def _write_file(self, ahead_ms: int) -> None:
        told = process_file(self.ground, self.place, self.proxy.url, self.reports, ahead_ms, self.schedule.depth)
        (self.folder / "engine.json").write_text(told)

    # -- trading -------------------------------------------------------------------------------------------------------

    def trade(self, orders: int) -> None:
        """A round: time passes, orders meet, marks move, and the venue says so."""
        self.now_ms += 40_000
        self.crowd.trade(orders, self.now_ms)
        self.crowd.turn(self.now_ms)
        self._publish()
        if self.clearing is not None:
            self.clearing.demand()

    def _publish(self) -> None:
        told = self.venue.publish()
        if self.schedule.is_process:
            # Every third report is late: those behind it are there before it.
            for report in told:
                if report.first // 16 % 3 == 1:
                    self._late.append(report)
                else:
                    record(report, self.reports)

    # -- what happens --------------------------------------------------------------------------------------------------

    async def happen(self, turn: Turn) -> None:
        """One happening, counted once it was there."""
        try:
            await self._happen(turn)
        except ChainError as why:
            self.happened[f"{turn.happening} could not be: {why}"] += 1
            return
        if turn.happening not in (Happening.CRASH, Happening.DATABASE_HELD):
            self.happened[turn.happening] += 1
        if turn.happening is Happening.REORGANISATION:
            self.happened[f"reorganisation of {turn.size}"] += 1

    async def _happen(self, turn: Turn) -> None:
        chains, part_s = self.chains, turn.size / 1_000
        match turn.happening:
            case Happening.NODE_RESTARTED | Happening.NODE_OLDER:
                await chains.restart(turn.happening is Happening.NODE_OLDER)
            case Happening.NODE_EMPTY:
                await chains.lose_all()
            case Happening.NODE_CUT_OFF:
                await chains.cut_off(part_s)
            case Happening.REORGANISATION:
                await chains.reorganise(turn.size)
            case Happening.GAS_SPIKE:
                await chains.spike(turn.size)
            case Happening.BLOCKS_FULL:
                await chains.fill_up(part_s)
            case _:
                await self._happen_to_the_engine(turn)

    async def _happen_to_the_engine(self, turn: Turn) -> None:
        engine, part_s = self.engine, turn.size / 1_000
        match turn.happening, engine:
            case Happening.CRASH, Engines():
                engine.fuse.set(turn.step, turn.size)
            case Happening.CLOCK_JUMP, Engines():
                engine.jumped_s += turn.size
                if self.clearing is not None:
                    self.clearing.jumped_s = engine.jumped_s
            case Happening.CLOCK_JUMP, Processes():
                self._ahead_ms += 1_000 * turn.size
                self._write_file(self._ahead_ms)
                await engine.kill()
                self.happened["clock_jump of a process"] += 1
            case Happening.PROCESS_KILLED, Processes():
                await asyncio.sleep(part_s)
                await engine.kill()
            case Happening.DATABASE_LOST, _:
                self.ground.lose_connections(self.place)
            case Happening.DATABASE_HELD, _:
                await self._hold(part_s)
            case _:
                raise ValueError(f"{turn.happening} cannot happen to this engine")

    async def _hold(self, seconds: float) -> None:
        """The engine ends at its next look at the chain, and finds its file in somebody else's hands."""
        if isinstance(self.engine, Processes):
            await self.engine.kill()
            await asyncio.sleep(0.01)
        else:
            self.engine.until.clear()
            self.engine.fuse.set(Step.AFTER_LOOKING, 1)
            while not self.engine.is_down:
                await asyncio.sleep(0.005)
        held = asyncio.Event()
        loop = asyncio.get_running_loop()
        holding = asyncio.create_task(asyncio.to_thread(_held, self.place, seconds, loop, held))
        await held.wait()
        if isinstance(self.engine, Engines):
            self.engine.until.set()
        self.happened[Happening.DATABASE_HELD] += await holding

    # -- the end -------------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Nothing goes wrong from here on, and the venue tells what it withheld."""
        self.proxy.plan, self.proxy.is_cut = healthy, False
        self.feed.rates = Rates()
        if isinstance(self.engine, Engines):
            self.engine.fuse.step = None
        if self.clearing is not None:
            self.chains.clock_s = max(self.chains.clock_s, self.clearing.heal())
        self.now_ms = max(self.now_ms, EXPIRY_MS)
        self.trade(5)
        for report in self._late:
            record(report, self.reports)

    async def ended(self, engine: "asyncio.Task[None]") -> None:
        """Wait until all that was said is confirmed, and the chain stands where the engine believes it to stand."""
        while not engine.done():
            with suppress(ChainError):
                if self.engine.covered >= self.venue.tape.last:
                    told = self.ground.rebound(self.chains.node).head()
                    if told[0] == self.engine.confirmed and await self._is_settled():
                        return
            await asyncio.sleep(0.02)
        await engine

    async def _is_settled(self) -> bool:
        """Whether everybody is paid and every cycle has ended; where not, a cut-off is asked for."""
        if self.clearing is None or await on_thread(self.clearing.is_settled, self.place):
            return True
        self.clearing.demand()
        return False


async def carried_out(schedule: Schedule, ground: Ground, folder: Path) -> Outcome:
    """Run a schedule, and judge."""
    began = time.monotonic()
    with ground.place(schedule.is_postgres, folder) as place:
        _pay_in(place, schedule)
        async with FaultyNode("", seeded(schedule.seed, dict(schedule.line))) as proxy:
            with _chains(proxy, folder, ground.state) as chains:
                world = World(schedule, ground, place, chains, proxy, folder)
                wrong = await _played(world)
                return _judged(world, wrong, began)


def _held(place: str, seconds: float, loop: asyncio.AbstractEventLoop, held: asyncio.Event) -> bool:
    """Keep everybody else out of a SQLite file for a while; whether that could be done."""
    with closing(sqlite3.connect(place, timeout=2, isolation_level=None)) as other:
        try:
            other.execute("BEGIN EXCLUSIVE")
            loop.call_soon_threadsafe(held.set)
            time.sleep(seconds)
            other.execute("ROLLBACK")
        except sqlite3.OperationalError:
            loop.call_soon_threadsafe(held.set)
            return False
    return True


async def _played(world: World) -> list[str]:
    try:
        async with going(world.chains.mine_on()), going(world.engine.run()) as engine:
            for turn in world.schedule.turns:
                world.trade(turn.orders)
                await asyncio.sleep(BETWEEN_S)
                await world.happen(turn)
                await asyncio.sleep(BETWEEN_S)
            world.heal()
            await world.chains.make_room()
            await asyncio.wait_for(world.ended(engine), END_S)
    except TimeoutError:
        return [f"stranded: {world.engine.covered} of {world.venue.tape.last} entries are confirmed"]
    except Exception as why:
        return [f"{type(why).__name__}: {why}; {getattr(why, 'exceptions', '')}"]
    return []


def _judged(world: World, wrong: list[str], began: float) -> Outcome:
    happened = world.happened
    faults = [(methods, what) for methods, what in world.proxy.passed if what is not Line.NONE]
    happened.update(f"line: {what}" for _, what in faults)
    happened.update(f"transaction: {what}" for methods, what in faults if any("sendRaw" in one for one in methods))
    happened.update({f"venue: {what}": count for what, count in world.feed.happened.items() if count})
    if isinstance(world.engine, Engines):
        happened.update({f"crash: {step}": count for step, count in world.engine.fuse.blown.items()})
    seen = None
    try:
        has_fees = isinstance(world.engine, Engines)
        seen = verdict(world.ground, world.chains.node, world.place, world.venue.tape.entries(), has_fees)
        lied = sum(world.feed.happened[one] for one in (Feed.LIED, Feed.FETCH_LIED))
        happened["the node lost logs"] += seen.logs_lost
        wrong = [*wrong, *seen.wrong, *unexplained(seen, world.feed.happened[Feed.FORGED], lied)]
    except Exception as why:
        wrong = [*wrong, f"no verdict: {type(why).__name__}: {why}"]
    if world.clearing is not None:
        happened.update(world.clearing.came_to(world.place))
        if world.schedule.silent is not Silent.NOBODY:
            happened[f"silent: {world.schedule.silent}"] += 1
    elif world.schedule.has_silent_custodian and not wrong:
        contracts = world.ground.rebound(world.chains.node)
        who, wrong = survived(contracts, world.place, Random(world.schedule.seed))
        happened[f"silent: {who}"] += 1
    if world.chains.written_to_empty:
        wrong.append("a node without our contracts was written to")
    return Outcome(world.schedule.seed, happened, seen, tuple(wrong), time.monotonic() - began)


@contextmanager
def _chains(proxy: FaultyNode, folder: Path, start: Path) -> Iterator[Chains]:
    chains = Chains(proxy, folder, start)
    try:
        yield chains
    finally:
        chains.close()


def _pay_in(place: str, schedule: Schedule) -> None:
    """What fees are paid from, and what cycles settle."""
    with closing(open_database(place, schemas=(LEDGER, DESK))) as database:
        books = Books(database)
        books.open_accounts([CHART.vault(), CHART.available("fund"), CHART.fees()])
        books.post([Transfer("in", CHART.vault().id, CHART.available("fund").id, 10**6, Reason.DEPOSIT)], 1)
        if schedule.has_cycles:
            pay_in(database)


def run(schedule: Schedule, ground: Ground) -> Outcome:
    """A schedule in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        return asyncio.run(carried_out(schedule, ground, Path(folder)))
