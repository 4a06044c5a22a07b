"""`bulkhead bench mirror`: from signed fills to confirmed positions, beside a plain client and beside the node alone.

A position is one party's net change in one instrument, as a batch tells it. Each round takes three fresh nodes in turn:
the engine's, with a database on disk; one that is sent the same batches, signed beforehand, back to back; and one that
a web3.py client sends one position a transaction, waiting for each.
"""

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from scripts.bench.measure import ROUNDS, Measure, figure
from scripts.bench.mirror_rivals import one_by_one, same_calldata
from scripts.bench.mirror_world import Ahead, World, reports, roster, world
from settlement.batch import MirrorBatch
from settlement.engine.engine import Engine, Settings
from settlement.engine.mirror_chain import NodeChain
from settlement.engine.packing import Limits
from settlement.engine.stored import Outgoing
from settlement.keys import signer_of

SIZES = {
    "fills": 65_536, "report": 4_096, "accounts": 10_000, "batch_gas": 200_000_000, "naive_positions": 60,
    "paced_report": 64, "pace_ms": 20, "memory_fills": int(environ.get("BULKHEAD_MIRROR_FILLS", "1000000")),
}  # fmt: skip
"""Of a round; `memory_fills` once. Ten million of them: BULKHEAD_MIRROR_FILLS=10000000."""

Say = Callable[[str], None]
NAIVE = "web3.py, one position a transaction, waited for"
ALONE = "anvil given the same calldata, signed beforehand"
GROWTH = (100, 1_000, 10_000, 100_000)


@dataclass(slots=True)
class Run:
    """What the engine did: batches with the time at which each was confirmed."""

    started_s: float = 0.0
    ended_s: float = 0.0
    batches: list[MirrorBatch] = field(default_factory=list)
    positions: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.positions / (self.ended_s - self.started_s)


def measures(say: Say) -> list[Measure]:
    """Run the whole benchmark; `say` is told what comes next."""
    say(f"vs_naive, share_of_anvil: {ROUNDS} rounds of {SIZES['fills']:,} fills")
    told = _against_both()
    say("latency")
    told += _latency()
    say(f"memory over {SIZES['memory_fills']:,} fills")
    told += _memory()
    say("within_2_24_gas")
    told.append(_capped())
    for accounts in GROWTH:
        say(f"{accounts:,} accounts")
        told.append(_with_accounts(accounts))
    return told


def _against_both() -> list[Measure]:
    ours, alone, naive = [], [], []
    for number in range(ROUNDS):
        with world() as place:
            run = mirrored(place, SIZES["fills"], SIZES["accounts"], seed=number)
        with world() as place:
            alone.append(run.positions / same_calldata(place, run.batches, SIZES["batch_gas"]))
        with world() as place:
            naive.append(SIZES["naive_positions"] / one_by_one(place, SIZES["naive_positions"]))
        ours.append(run.per_second)
    return [
        _ratio("vs_naive", ours, NAIVE, naive),
        _ratio("share_of_anvil", ours, ALONE, alone),
    ]


def _latency() -> list[Measure]:
    """Small reports at a steady pace, well below what the engine can do: what waits then is work, not a queue."""
    size, pace_s = SIZES["paced_report"], SIZES["pace_ms"] / 1000
    with world() as place:
        run = mirrored(place, 200 * size, 1_000, seed=2, pace=(size, pace_s))
    what = f"ms, fill in → confirmed, {size / pace_s:,.0f} fills a second"
    return [figure(f"latency_p{share}_ms", float(np.percentile(run.latencies_ms, share)), what) for share in (50, 99)]


def _ratio(name: str, ours: Sequence[float], baseline: str, others: Sequence[float]) -> Measure:
    ratios = [one / other for one, other in zip(ours, others, strict=True)]
    return Measure(
        name, median(ours), "positions per second", baseline, median(others), median(ratios), min(ratios), max(ratios)
    )


def _memory() -> list[Measure]:
    """The resident size that is reached in the first tenth of the fills, and at their end."""
    sizes: list[float] = []

    def seen(_: Outgoing) -> None:
        sizes.append(resident_mb())

    with world() as place:
        mirrored(place, SIZES["memory_fills"], 1_000, seed=0, on_confirmed=seen)
    early = sizes[len(sizes) // 10]
    return [
        figure("memory_mb", sizes[-1], f"MB resident after {SIZES['memory_fills']:,} fills"),
        figure("memory_growth_mb", sizes[-1] - early, "MB since a tenth of them"),
        figure("memory_peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB at the most"),
    ]


def _capped() -> Measure:
    """Batches as small as the Osaka rules want a transaction, from empty slots on: the dearest there are."""
    with world() as place:
        run = mirrored(place, SIZES["fills"] // 2, SIZES["accounts"], seed=1, gas=Limits().gas)
    return figure("within_2_24_gas", run.per_second, "positions per second, transactions of at most 2^24 gas")


def _with_accounts(accounts: int) -> Measure:
    with world() as place:
        run = mirrored(place, SIZES["fills"], accounts, seed=1)
    speed = SIZES["fills"] / (run.ended_s - run.started_s)
    return figure(f"accounts_{accounts}", speed, f"fills per second, {run.positions:,} positions told")


def resident_mb() -> float:
    """Of this process, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def mirrored(
    place: World,
    many: int,
    accounts: int,
    seed: int,
    on_confirmed: Callable[[Outgoing], None] | None = None,
    gas: int = SIZES["batch_gas"],
    pace: tuple[int, float] = (SIZES["report"], 0.0),
) -> Run:
    """Let an engine mirror so many fills, with a database on disk, until all are confirmed."""
    said = reports(many, pace[0], accounts, seed, place.domain)
    # Signing is the venue's work and is not timed, except where the fills would not fit into memory.
    feed = Ahead(said if on_confirmed else list(said), pace[1])
    parties = roster(accounts, place.contracts.listed)
    run = Run()
    with TemporaryDirectory() as folder:
        settings = Settings(f"{folder}/mirror.sqlite", place.domain, parties, limits=Limits(gas, 1 << 22), under_way=4)
        chain = NodeChain(place.node, signer_of("operator"), place.contracts.positions, gas)
        done = asyncio.Event()

        def confirmed(out: Outgoing) -> None:
            now_s = time.perf_counter()
            if on_confirmed is None:
                run.batches.append(out.batch)
            run.positions += out.positions
            reached = out.covers[feed.venue]
            known = [last for last in feed.taken_at_s if last <= reached]
            waited = [1000 * (now_s - feed.taken_at_s.pop(last)) for last in known]
            run.latencies_ms += waited if on_confirmed is None else []
            if on_confirmed is not None:
                on_confirmed(out)
            if reached == many:
                run.ended_s = now_s
                done.set()

        engine = Engine(settings, [feed], chain, lambda: int(time.time() * 1000), on_confirmed=confirmed)
        asyncio.run(_until(engine, done, run))
    return run


async def _until(engine: Engine, done: asyncio.Event, run: Run) -> None:
    run.started_s = time.perf_counter()
    task = asyncio.create_task(engine.run())
    waiting = asyncio.create_task(done.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
