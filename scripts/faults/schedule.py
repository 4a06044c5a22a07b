"""A schedule of faults as a value, drawn from a seed: what goes wrong, in which round of trading, and how badly.

With cycles no node comes back with the state from before the first batch: what the chain has paid deeper than its
confirmations is final by the contract's terms, and a chain that forgets it is a break for a person.

The same seed is the same schedule; how the machine interleaves it is the machine's. Nothing here runs anything.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any

from scripts.faults.faulty_node import Fault as Line
from settlement.venues.faulty import Fault as Feed

DEEPEST_REORGANISATION = 6


class Happening(StrEnum):
    """What happens between two rounds. `size` of a `Turn` means what is said here."""

    CRASH = "crash"  # the engine ends at the size-th step from now, and starts again
    PROCESS_KILLED = "process_killed"  # SIGKILL, size ms later
    NODE_RESTARTED = "node_restarted"  # with its state, but what waited in its pool is gone
    NODE_OLDER = "node_older"  # with the state from before the first batch
    NODE_EMPTY = "node_empty"  # with nothing, for a while; then with its state
    NODE_CUT_OFF = "node_cut_off"  # nobody gets through for size ms
    REORGANISATION = "reorganisation"  # size blocks are taken back, with what was in them
    GAS_SPIKE = "gas_spike"  # the next block's base fee is size gwei
    BLOCKS_FULL = "blocks_full"  # no block has room for anything, for size ms
    DATABASE_LOST = "database_lost"  # PostgreSQL ends every connection
    DATABASE_HELD = "database_held"  # a crash, after which another has the database for size ms
    CLOCK_JUMP = "clock_jump"  # our clock moves by size seconds, either way


class Step(StrEnum):
    """Where an engine can end: before, within and after each of its effects."""

    BEFORE_WRITING = "before_writing"
    WITHIN_WRITING = "within_writing"
    AFTER_LOOKING = "after_looking"
    BEFORE_SENDING = "before_sending"
    AFTER_SENDING = "after_sending"
    AFTER_CONFIRMING = "after_confirming"
    AFTER_A_CYCLES_STATE = "after_a_cycles_state"


class Silent(StrEnum):
    """Who says nothing in the cycles of a schedule, until all is well."""

    NOBODY = "nobody"
    VENUE = "venue"
    CUSTODIAN = "custodian"


@dataclass(frozen=True, slots=True)
class Turn:
    """A round of trading, and what happens after it. `step`: of a crash."""

    orders: int
    happening: Happening
    size: int = 0
    step: Step = Step.BEFORE_SENDING


@dataclass(frozen=True, slots=True)
class Schedule:
    """`has_cycles`: what is traded is settled meanwhile.

    `line`: odds of each fault for a request to the node; `feed`: in 1e-6 of the reports.
    """

    seed: int
    is_process: bool
    is_postgres: bool
    has_silent_custodian: bool
    has_cycles: bool
    silent: Silent
    depth: int
    line: tuple[tuple[Line, float], ...]
    feed: tuple[tuple[Feed, int], ...]
    turns: tuple[Turn, ...]


_ANYWHERE = (
    Happening.NODE_RESTARTED, Happening.NODE_OLDER, Happening.NODE_EMPTY, Happening.NODE_CUT_OFF,
    Happening.REORGANISATION, Happening.REORGANISATION, Happening.REORGANISATION, Happening.GAS_SPIKE,
    Happening.BLOCKS_FULL,
)  # fmt: skip
_SIZES = {
    Happening.CRASH: (1, 2),
    Happening.PROCESS_KILLED: (0, 80),
    Happening.NODE_CUT_OFF: (20, 150),
    Happening.REORGANISATION: (1, DEEPEST_REORGANISATION),
    Happening.GAS_SPIKE: (100, 400),
    Happening.BLOCKS_FULL: (30, 120),
    Happening.DATABASE_HELD: (20, 150),
    Happening.CLOCK_JUMP: (-86_400, 86_400),
}
_LINE = (Line.LOSE_REQUEST, Line.LOSE_ANSWER, Line.DELAY, Line.DELAY_ANSWER, Line.DUPLICATE, Line.UNAVAILABLE,
         Line.REORDER, Line.STALL)  # fmt: skip
_STALLS = 0.004
"""Whoever stalls is waited for until patience ends: once or twice a schedule is enough."""
_FEED = (Feed.OMITTED, Feed.REPEATED, Feed.REORDERED, Feed.DELAYED, Feed.FORGED, Feed.FETCH_OMITTED)
_LIES = (Feed.LIED, Feed.FETCH_LIED)
PROCESSES_PERCENT, POSTGRES_PERCENT, LIARS_PERCENT, SILENT_PERCENT, CYCLES_PERCENT = 10, 25, 15, 15, 60


def drawn(seed: int) -> Schedule:
    """The schedule of a seed."""
    draw = Random(f"schedule {seed}")
    is_process, is_postgres = (draw.randrange(100) < one for one in (PROCESSES_PERCENT, POSTGRES_PERCENT))
    line = [(fault, _STALLS if fault is Line.STALL else draw.choice((0.02, 0.06))) for fault in _LINE
            if draw.random() < 0.4]  # fmt: skip
    feed = [(fault, draw.choice((80_000, 250_000))) for fault in _FEED if draw.random() < 0.5]
    lies = draw.randrange(100) < LIARS_PERCENT
    if lies:
        feed += [(fault, 150_000) for fault in _LIES]
    silent = draw.randrange(100) < SILENT_PERCENT
    has_cycles = not is_process and not lies and draw.randrange(100) < CYCLES_PERCENT
    who = draw.choice((Silent.VENUE, Silent.CUSTODIAN)) if silent and has_cycles else Silent.NOBODY
    one = Schedule(
        seed, is_process, is_postgres, silent, has_cycles, who, draw.randint(1, 4), tuple(line), tuple(feed), ()
    )
    return replace(one, turns=tuple(_turn(draw, one) for _ in range(draw.randint(3, 6))))


def _turn(draw: Random, of: Schedule) -> Turn:
    anywhere = [one for one in _ANYWHERE if not (of.has_cycles and one is Happening.NODE_OLDER)]
    of_the_engine = [Happening.PROCESS_KILLED] if of.is_process else [Happening.CRASH] * 4
    of_the_database = Happening.DATABASE_LOST if of.is_postgres else Happening.DATABASE_HELD
    happening = draw.choice([*anywhere, *of_the_engine * 2, Happening.CLOCK_JUMP, of_the_database])
    steps = [step for step in Step if of.has_cycles or step is not Step.AFTER_A_CYCLES_STATE]
    size = draw.randint(*_SIZES.get(happening, (0, 0)))
    return Turn(draw.randint(10, 60), happening, size, draw.choice(steps))


def simpler(schedule: Schedule) -> list[Schedule]:
    """The schedules with one thing less: for whoever looks for the smallest that still fails."""
    fewer = [replace(schedule, turns=_without(schedule.turns, at)) for at in range(len(schedule.turns))]
    fewer += [replace(schedule, line=_without(schedule.line, at)) for at in range(len(schedule.line))]
    return fewer + [replace(schedule, feed=_without(schedule.feed, at)) for at in range(len(schedule.feed))]


def _without(of: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    return of[:at] + of[at + 1 :]
