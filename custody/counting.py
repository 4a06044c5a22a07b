"""Stretches of a long journal counted by other processes, each of which takes the next one when it is done.

A process answers with counters, or that something is wrong. What it did not answer, because it could not be started or
died, is not counted; whoever asked walks that stretch.
"""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import fields
from queue import SimpleQueue

from custody.recount import Recount
from custody.stretches import Stretch, count, read_from

_Child = subprocess.Popen[str]


def count_elsewhere(uri: str, parts: Sequence[Stretch], processes: int) -> Iterator[tuple[Stretch, Recount | None]]:
    """The stretches of a SQLite file in order, each with what it did to the counters; None where it is not counted."""
    idle = SimpleQueue[_Child | None]()

    def ask(part: Stretch) -> Recount | None:
        child = idle.get()
        try:
            return _ask(child, part) if child else None
        finally:
            idle.put(child)

    with ExitStack() as stack:
        for _ in range(processes):
            idle.put(child := _started(uri))
            if child is not None:
                stack.callback(_end, child)
        pool = stack.enter_context(ThreadPoolExecutor(processes))
        yield from zip(parts, pool.map(ask, parts), strict=True)


def _started(uri: str) -> _Child | None:
    command, pipe = [sys.executable, "-m", "custody.counting", uri], subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, bufsize=1)
    except OSError:
        return None


def _ask(child: _Child, part: Stretch) -> Recount | None:
    if child.stdin is None or child.stdout is None:
        return None
    try:
        child.stdin.write(f"{part.first} {part.last}\n")
        told = json.loads(child.stdout.readline())
    except (OSError, ValueError):  # it is gone, before its answer or within it
        return None
    if told is None:
        return None
    return Recount(*(Counter({int(key): units for key, units in told[one.name].items()}) for one in fields(Recount)))


def _end(child: _Child) -> None:
    """Close its questions, by which it ends, and wait for that."""
    for pipe in (child.stdin, child.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:  # what was written to a process that has gone
            continue
    child.wait()


def _answer(uri: str) -> None:
    """Be such a process: each question is a line with where a stretch begins and ends, each answer a line of JSON."""
    with closing(sqlite3.connect(uri, uri=True)) as driver:
        driver.execute("PRAGMA mmap_size = 1073741824")  # rows are read once: no need to copy their pages
        for question in sys.stdin:
            first, last = map(int, question.split())
            counted = count(read_from(driver), Stretch(first, last))
            told = counted and {counter.name: getattr(counted, counter.name) for counter in fields(counted)}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    _answer(*sys.argv[1:])
