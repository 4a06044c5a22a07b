"""Nothing is lost or half done when the machine stops: at every statement of every call, and by a real kill.

First every call of a day is broken off at each of its statements in turn: what was there stays as it
was, and the same call afterwards does everything. Then a process is killed in the middle of statements, again and again
from where it got to; whoever repeats its calls comes to the very same record as one that nobody killed.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from custody.answers import Answer
from custody.custodian_store import Listed, Told
from custody.instructions import Delegate, Move, Recall, Withdraw
from custody.journal import Head
from custody.movements import Said
from custody.parties import CUSTODIAN
from custody.speaking import CHAIN
from custody.states import Act
from tests.custody.custodian_cast import FUND, NORTH, PLACE, SOUTH, TERMS, Cast, cast_at, usdc

ROOT = Path(__file__).resolve().parents[2]
MOST_STATEMENTS = 200


class PowerCutError(Exception):
    """The machine stops."""


def day(cast: Cast) -> list[Callable[[], Answer | list[Answer]]]:
    """Every kind of call once or more; each may be made again and again."""
    submit, tell, now_s = cast.custodian.submit, cast.custodian.tell, cast.now_s
    delegation = cast.signed(Delegate, FUND, "g", venue="north", amount=usdc(60))
    move = cast.signed(Move, FUND, "m", from_venue="north", to_venue="south", amount=usdc(20))
    recall = cast.signed(Recall, FUND, "r", venue="north", amount=usdc(10))
    withdrawal = cast.signed(Withdraw, FUND, "w", destination=PLACE, amount=usdc(15))
    silent = cast.signed(Recall, FUND, "s", venue="south", amount=usdc(5))
    refused = cast.signed(Delegate, FUND, "no", venue="north", amount=usdc(1_000))
    later_s = now_s + TERMS.release_s
    return [
        lambda: cast.custodian.observe("d", FUND, "USDC", 100, "0xfeed", now_s),
        lambda: tell("d", Said(Act.CONFIRM, confirmations=1, by=CHAIN), now_s),
        lambda: tell("d", Said(Act.CONFIRM, confirmations=3, by=CHAIN), now_s),
        lambda: submit(delegation, now_s),
        lambda: tell("g", Said(Act.ACKNOWLEDGE, by=NORTH), now_s),
        lambda: submit(move, now_s),
        lambda: tell("m", Said(Act.RELEASE, by=NORTH), now_s),
        lambda: tell("m", Said(Act.ACKNOWLEDGE, by=SOUTH), now_s + TERMS.move_delay_s),
        lambda: submit(refused, now_s),
        lambda: submit(recall, now_s),
        lambda: tell("r", Said(Act.RELEASE, by=NORTH), now_s),
        lambda: submit(withdrawal, now_s),
        lambda: tell("w", Said(Act.SEND, "0xcafe", by=CUSTODIAN), now_s),
        lambda: submit(silent, now_s),
        lambda: cast.custodian.tick(later_s),
        lambda: tell("w", Said(Act.CONFIRM, "0xcafe", by=CHAIN), later_s),
    ]


def record(cast: Cast) -> tuple[Head, dict[str, Any], list[Listed], list[Told], list[tuple[Any, ...]]]:
    """Everything that is on record: books, movements, events, accepted instructions."""
    with cast.database.snapshot() as reader:
        accepted = [
            tuple(row) for row in reader.exec_driver_sql("SELECT * FROM accepted_instruction ORDER BY position")
        ]
    register = cast.register
    movements, events = register.movements(limit=1_000), register.events(limit=1_000)
    return cast.books.head(), cast.books.all_totals(), movements, events, accepted


@pytest.fixture
def cast(address: str) -> Iterator[Cast]:
    with cast_at(address) as opened:
        yield opened


@contextmanager
def power_cut_at(cast: Cast, statement: int) -> Iterator[list[int]]:
    """Stop before the statement with this number; what is counted in the list is how many there were."""
    seen = [0]

    def before(connection: Any, cursor: Any, text: str, *_rest: object) -> None:
        if not text.startswith(("BEGIN", "SELECT 1")):
            seen[0] += 1
            if seen[0] == statement:
                raise PowerCutError

    engine = cast.database._engine
    event.listen(engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", before)


def test_a_call_that_is_broken_off_at_any_statement_has_not_been_and_can_be_made_again(cast: Cast) -> None:
    cuts = 0
    for call in day(cast):
        before = record(cast)
        for statement in range(1, MOST_STATEMENTS):
            with power_cut_at(cast, statement), suppress(PowerCutError):
                call()
                break
            cuts += 1
            assert record(cast) == before
        assert record(cast) != before
    assert cuts >= 100
    assert cast.register.verify() == []
    assert cast.books.verify() == []


CLERK = """
import os, signal, sys
from sqlalchemy import event
from tests.custody.custodian_cast import cast_at
from tests.custody.test_custodian_crashes import day

place, last = sys.argv[1], int(sys.argv[2])
seen = 0

def count(*_rest):
    global seen
    seen += 1
    if seen == last:
        os.kill(os.getpid(), signal.SIGKILL)

with cast_at(place) as cast:
    event.listen(cast.database._engine, "after_cursor_execute", count)
    for call in day(cast):
        call()
print(seen)
"""


def clerk(place: Path, last: int) -> subprocess.CompletedProcess[str]:
    """A process that makes every call of the day, unless it is killed behind a statement."""
    command = [sys.executable, "-c", CLERK, str(place), str(last)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)


def test_a_process_that_is_killed_again_and_again_comes_to_the_same_record(tmp_path: Path) -> None:
    undisturbed = clerk(tmp_path / "whole.sqlite", 0)
    assert undisturbed.returncode == 0, undisturbed.stderr
    statements, kills, place = int(undisturbed.stdout), 0, tmp_path / "killed.sqlite"
    # What was done before is repeated, in fewer statements: so each new clerk gets further than the one before.
    for last in range(9, statements, statements // 8):
        killed = clerk(place, last)
        kills += killed.returncode == -signal.SIGKILL
        with cast_at(str(place)) as cast:
            assert cast.register.verify() == []
    assert kills >= 5
    assert clerk(place, 0).returncode == 0
    with cast_at(str(place)) as cast, cast_at(str(tmp_path / "whole.sqlite")) as whole:
        assert record(cast) == record(whole)
