"""A disk that refuses a write, a cut or a flush at any step: it is said, and nothing is lost or half done."""

import ctypes
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from custody.books import Books
from custody.database import open_database
from tests.custody.posting_on_a_faulty_disk import MAKER, SETS, SIZES, TAKER, VAULT, pair, single

ROOT = Path(__file__).resolve().parents[2]
SAID = ": the disk is full, at a limit, or failing ("
ADVICE = "); what was acknowledged is kept: make room, then post the rest again under the same ids"
STEPS_TO_MAKE = 30
"""Of the disk, at the least, until there is a ledger."""


@pytest.fixture(scope="module")
def _functions() -> None:
    import _sqlite3

    if not hasattr(ctypes.CDLL(_sqlite3.__file__), "sqlite3_vfs_register"):
        pytest.skip("this Python's SQLite is built into it without a way to put another disk before its own")


def rounds(folder: Path, way: str, first: int, last: int, stride: int) -> list[dict[str, Any]]:
    """What the script has to tell of each step at which the disk failed."""
    script = [sys.executable, str(Path(__file__).with_name("posting_on_a_faulty_disk.py")), str(folder), way]
    done = subprocess.run(
        [*script, str(first), str(last), str(stride)],
        capture_output=True, text=True, check=False, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sets_in(books: Books) -> list[int]:
    """The transfers of each set that are stored."""
    stored = Counter(int(one.transfer.id.partition("/")[0]) for one in books.transfers(limit=10**6))
    return [stored[number] for number in range(len(SETS))]


@pytest.mark.usefixtures("_functions")
@pytest.mark.parametrize(
    ("way", "first", "last", "stride"),
    [
        ("once", 1, 60, 1),
        ("for-good", 1, 60, 1),
        ("half", 1, 60, 1),
        ("once", 61, 4_900, 241),
        ("for-good", 130, 4_900, 463),
    ],
)
def test_a_fault_at_any_step_is_said_and_costs_no_more_than_the_set_at_hand(
    tmp_path: Path, way: str, first: int, last: int, stride: int
) -> None:
    told = rounds(tmp_path, way, first, last, stride)
    assert [one["at"] for one in told] == list(range(first, last + 1, stride))
    for one in told:
        acknowledged, path = one["acknowledged"], tmp_path / f"{way}-{one['at']}.sqlite"
        if one["fault"]:
            assert SAID in one["fault"]
            assert one["fault"].endswith(ADVICE)
            assert one["failed"]
        else:  # the log is folded into the file behind a commit: what fails there is done again the next time
            assert acknowledged == len(SETS)
        # While the disk fails and for who comes after: whole sets, the acknowledged ones and at most one more.
        ends = [sum(SIZES[:acknowledged]), sum(SIZES[: acknowledged + 1])]
        assert one["faults"] == []
        assert one["position"] in ends
        with closing(open_database(path, create=False)) as database:
            books = Books(database)
            assert books.verify() == [], one
            sizes = list(takewhile(bool, sets_in(books)))
            assert sizes == list(SIZES[: len(sizes)]), one
            assert sum(sizes) in ends, one
            assert books.head().position == sum(sizes)
            assert all(post(books, number) for number, post in enumerate(SETS[: acknowledged + 1]))
            assert books.verify() == []
        path.unlink()
    # The control: the disk did fail, and mostly in a commit.
    assert sum(bool(one["fault"]) for one in told) > len(told) * 3 // 4
    failed = Counter(step for one in told if one["fault"] for step in one["failed"][:1])
    assert failed["WRITE"] > 0
    assert failed["FLUSH"] > 0 or stride > 1


@pytest.mark.usefixtures("_functions")
def test_a_fault_at_any_step_of_making_a_ledger_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    told = rounds(tmp_path, "making", 1, 80, 1)
    faulty = [one for one in told if one["fault"]]
    assert [one["at"] for one in faulty] == list(range(1, len(faulty) + 1))
    assert len(faulty) > STEPS_TO_MAKE  # and then closing folds the log: what fails there is done again by the next
    assert {"WRITE", "CUT", "FLUSH"} == {step for one in faulty for step in one["failed"]}
    assert told[-1] == {"at": 80, "failed": [], "fault": ""}
    for one in told:
        if one["fault"]:
            assert SAID in one["fault"]
            assert one["fault"].endswith(ADVICE)
        with closing(open_database(tmp_path / f"making-{one['at']}.sqlite")) as database:
            books = Books(database)
            books.open_accounts([VAULT, MAKER, TAKER])
            assert single(books, 0)
            assert pair(books, 1)
            assert books.verify() == []


SHUT = """
import os
import sys

from custody.books import Books
from custody.database import DatabaseError, open_database
from tests.custody.posting_on_a_faulty_disk import EMPTY, MAKER, SETS, TAKER, VAULT

database = open_database(sys.argv[1])
books = Books(database)
books.open_accounts([VAULT, MAKER, TAKER, EMPTY])
for number, post in enumerate(SETS):
    logs = []
    if number == int(sys.argv[2]):
        links = {fd: os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}
        logs = [int(fd) for fd, link in links.items() if link.endswith("-wal")]
        for fd in logs:
            os.dup2(os.open(f"{database.path}-wal", os.O_RDONLY), fd)
    for _ in logs:  # each connection has one
        try:
            assert post(books, number)
            break
        except DatabaseError as fault:
            print(fault, books.head().position, books.verify())
    else:
        assert post(books, number)
database.close()
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list a process's files in /proc")
@pytest.mark.parametrize("at", range(len(SETS)))
def test_a_log_that_the_kernel_lets_nobody_write_to_is_named_and_left_alone(tmp_path: Path, at: int) -> None:
    path = tmp_path / "ledger.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", SHUT, str(path), str(at)],
        capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout
    for fault in done.stdout.splitlines():
        assert fault.startswith(f"{path}{SAID}")
        assert fault.endswith(f"{ADVICE} {sum(SIZES[:at])} []")
    with closing(open_database(path, create=False)) as database:
        assert Books(database).verify() == []
        assert sets_in(Books(database)) == list(SIZES)
