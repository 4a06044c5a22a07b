"""A schedule of faults as a value, drawn from a seed: what goes wrong, in which round of trading, and how badly.

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


@dataclass(frozen=True, slots=True)
class Turn:
    """A round of trading, and what happens after it. `step`: of a crash."""

    orders: int
    happening: Happening
    size: int = 0
    step: Step = Step.BEFORE_SENDING


@dataclass(frozen=True, slots=True)
class Schedule:
    """`line`: odds of each fault for a request to the node; `feed`: in 1e-6 of the reports."""

    seed: int
    is_process: bool
    is_postgres: bool
    has_silent_custodian: bool
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
    Happening.CRASH: (1, 4),
    Happening.PROCESS_KILLED: (0, 80),
    Happening.NODE_CUT_OFF: (20, 150),
    Happening.REORGANISATION: (1, DEEPEST_REORGANISATION),
    Happening.GAS_SPIKE: (100, 400),
    Happening.BLOCKS_FULL: (30, 120),
    Happening.DATABASE_HELD: (20, 150),
    Happening.CLOCK_JUMP: (-86_400, 86_400),
}
_LINE = (Line.LOSE_REQUEST, Line.LOSE_ANSWER, Line.DELAY, Line.DELAY_ANSWER, Line.DUPLICATE, Line.UNAVAILABLE,
         Line.REORDER)  # fmt: skip
_FEED = (Feed.OMITTED, Feed.REPEATED, Feed.REORDERED, Feed.DELAYED, Feed.FORGED, Feed.FETCH_OMITTED)
_LIES = (Feed.LIED, Feed.FETCH_LIED)
PROCESSES_PERCENT, POSTGRES_PERCENT, LIARS_PERCENT, SILENT_PERCENT = 10, 25, 15, 15


def drawn(seed: int) -> Schedule:
    """The schedule of a seed."""
    draw = Random(f"schedule {seed}")
    is_process, is_postgres = (draw.randrange(100) < one for one in (PROCESSES_PERCENT, POSTGRES_PERCENT))
    line = [(fault, draw.choice((0.02, 0.06))) for fault in _LINE if draw.random() < 0.4]
    feed = [(fault, draw.choice((80_000, 250_000))) for fault in _FEED if draw.random() < 0.5]
    if draw.randrange(100) < LIARS_PERCENT:
        feed += [(fault, 150_000) for fault in _LIES]
    silent = draw.randrange(100) < SILENT_PERCENT
    turns = tuple(_turn(draw, is_process, is_postgres) for _ in range(draw.randint(3, 6)))
    return Schedule(seed, is_process, is_postgres, silent, draw.randint(1, 4), tuple(line), tuple(feed), turns)


def _turn(draw: Random, is_process: bool, is_postgres: bool) -> Turn:
    of_the_engine = [Happening.PROCESS_KILLED] if is_process else [Happening.CRASH] * 2 + [Happening.CLOCK_JUMP]
    of_the_database = Happening.DATABASE_LOST if is_postgres else Happening.DATABASE_HELD
    happening = draw.choice([*_ANYWHERE, *of_the_engine * 2, of_the_database])
    size = draw.randint(*_SIZES.get(happening, (0, 0)))
    return Turn(draw.randint(10, 60), happening, size, draw.choice([*Step]))


def simpler(schedule: Schedule) -> list[Schedule]:
    """The schedules with one thing less: for whoever looks for the smallest that still fails."""
    fewer = [replace(schedule, turns=_without(schedule.turns, at)) for at in range(len(schedule.turns))]
    fewer += [replace(schedule, line=_without(schedule.line, at)) for at in range(len(schedule.line))]
    return fewer + [replace(schedule, feed=_without(schedule.feed, at)) for at in range(len(schedule.feed))]


def _without(of: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    return of[:at] + of[at + 1 :]
