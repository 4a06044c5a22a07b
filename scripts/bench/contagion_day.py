"""The whole crash day in two regimes, each in a process of its own; what is timed, and what must come out equal."""

import calendar
import multiprocessing
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from time import perf_counter

import numba

from margin.contagion.assumption_file import packaged
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, begun, run
from margin.contagion.laws import draw_population
from margin.contagion.path import Path
from margin.contagion.regimes import regime_of
from margin.contagion.scenario_path import cut
from margin.contagion.trial import made, trial
from margin.scenarios.scenario import packaged as scenario

REGIMES = ("pooled_instant", "segregated_grace")
START_S = calendar.timegm((2026, 2, 5, 12, 0, 0))
WARM_ACCOUNTS = 2_000

_held: list[Inputs] = []
"""What a process was made ready with."""


def crash_path(steps: int) -> Path:
    return cut(scenario("feb_2026"), packaged(), 1, start_s=START_S, steps=steps)


@contextmanager
def processes(count: int) -> Iterator[list[ProcessPoolExecutor]]:
    """Pools of one process each, with one thread: a process whose loops have run on threads must not be forked."""
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        asked = (ProcessPoolExecutor(1, spawn, numba.set_num_threads, (1,)) for _ in range(count))
        yield [stack.enter_context(pool) for pool in asked]


@dataclass(frozen=True, slots=True)
class Day:
    """Both regimes: seconds until the later one is done; by regime everything that was liquidated, as a digest, and
    how many accounts."""

    took_s: float
    digests: tuple[str, ...]
    closed: tuple[int, ...]


class Days:
    """Two processes that hold the population. Drawing it is not timed; opening books and the first look at all are."""

    def __init__(self, accounts: int, steps: int, pools: list[ProcessPoolExecutor]) -> None:
        self._pools = dict(zip(REGIMES, pools, strict=True))
        for pending in [pool.submit(_prepare, name, accounts, steps) for name, pool in self._pools.items()]:
            pending.result()

    def lived(self, *, plain: bool) -> Day:
        """The day in both regimes, event-driven or by a full scan at every look."""
        started = perf_counter()
        pending = [pool.submit(_live, name, plain) for name, pool in self._pools.items()]
        told = [one.result() for one in pending]
        took_s = perf_counter() - started
        return Day(took_s, tuple(digest for digest, _ in told), tuple(count for _, count in told))


def _asked(name: str, accounts: int, steps: int) -> Inputs:
    a = packaged()
    return Inputs(a, draw_population(a, 1, accounts), crash_path(steps), regime_of(name), Channels.ALL, 1)


def _prepare(name: str, accounts: int, steps: int) -> None:
    """Draw the population, and live a small day in both ways, which compiles."""
    small = _asked(name, WARM_ACCOUNTS, steps)
    for plain in (False, True):
        run(small, plain=plain)
    _held.append(_asked(name, accounts, steps))


def _live(name: str, plain: bool) -> tuple[str, int]:
    (asked,) = (one for one in _held if one.regime == regime_of(name))
    done = run(asked, plain=plain)
    books = done.books.rows
    parts = (done.tally.liquidated, done.tally.liquidated_usd, done.tally.price_units, books.lots, books.realised)
    return sha256(b"".join(part.tobytes() for part in parts)).hexdigest(), int(done.tally.liquidated.sum())


def crowd(accounts: int, steps: int) -> tuple[float, float, float]:
    """In a process of its own: draw so many, run so many steps; the most memory it held (GiB), seconds to draw and a
    step."""
    with processes(1) as (pool,):
        return pool.submit(_crowd, accounts, steps).result()


def _crowd(accounts: int, steps: int) -> tuple[float, float, float]:
    started = perf_counter()
    asked = _asked(REGIMES[0], accounts, steps)
    drawn_s = perf_counter() - started
    under_way = begun(asked)
    under_way.advance()
    started = perf_counter()
    for _ in range(steps - 1):
        under_way.advance()
    step_s = (perf_counter() - started) / (steps - 1)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30, drawn_s, step_s


class Sweep:
    """The same trials, dealt out over one process or over all."""

    def __init__(self, trials: int, accounts: int, steps: int, pools: list[ProcessPoolExecutor]) -> None:
        self._pools, self._path, self._trials = pools, crash_path(steps), trials
        self._accounts = accounts
        self.over(len(pools))

    def over(self, count: int) -> tuple[float, list[dict[str, float]]]:
        """Seconds, and every record in order."""
        started = perf_counter()
        pending = [
            self._pools[seed % count].submit(_trial, seed, self._accounts, self._path) for seed in range(self._trials)
        ]
        records = [one.result() for one in pending]
        return perf_counter() - started, records


def _trial(seed: int, accounts: int, path: Path) -> dict[str, float]:
    return made(trial({}, path, packaged(), regime=REGIMES[0], seed=seed, accounts=accounts), path, packaged())
