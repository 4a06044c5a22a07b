"""A disk that runs full: the ledger says so, keeps what it had acknowledged, and goes on once there is room.

The disk's end is played by a limit on the size of files in a process of its own, small enough to stop the write-ahead
log itself, or large enough for the log to have been folded into the ledger's file a few times before.
"""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from custody.books import Books
from custody.database import open_database

ROOT = Path(__file__).resolve().parents[2]
SAID = ": the disk is full, at a limit, or failing ("
ADVICE = "make room, then post the rest again under the same ids"

LIMITED = """
import resource
import signal
import sys
from itertools import count

import numpy as np

from custody import sqlite
from custody.accounts import Chart
from custody.backup import BackupError, backup
from custody.books import Books
from custody.columns import Columns
from custody.database import DatabaseError, open_database
from custody.transfers import Reason, Transfer

CHART = Chart("USDC")
VAULT, FUND = CHART.vault(), CHART.available("fund")
REFERENCE = 300 * "."
sqlite._LOG_PAGES = 1_000  # as SQLite itself has it: the log is folded often


def limit(size_bytes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails, as on a full disk, and does not kill
"""

POSTER = (
    LIMITED
    + """
def post(ids):
    outcomes = books.post([Transfer(one, VAULT.id, FUND.id, 1, Reason.DEPOSIT, reference=REFERENCE) for one in ids], 9)
    assert all(outcome.ok and not outcome.repeated for outcome in outcomes)


def post_columns(ids):
    sides = (np.full(len(ids), key) for key in keys)
    ones = np.ones(len(ids), dtype=np.int64)
    codes = books.post_columns(Columns(ids, *sides, ones, Reason.DEPOSIT, references=REFERENCE), 9)
    assert not codes.any()


def open_accounts(ids):
    books.open_accounts([CHART.available(one.replace("/", "-")) for one in ids])


path, limit_bytes, way, size = sys.argv[1], int(sys.argv[2]), globals()[sys.argv[3]], int(sys.argv[4])
database = open_database(path)
books = Books(database)
books.open_accounts([VAULT, FUND])
keys = books.keys([VAULT.id, FUND.id]).tolist()
limit(limit_bytes)
done = 0
try:
    for number in count():
        ids = [f"d/{number * size + index}" for index in range(size)]
        way(ids)
        done += size
except DatabaseError as fault:
    print(fault)
print(done, books.head().position, books.balance(FUND.id), len(books.accounts()) - 2, books.verify())
limit(20_000)  # less than any ledger takes
try:
    backup(database, path + "-copy")
except BackupError as fault:
    print(fault)
limit(resource.RLIM_INFINITY)
way(ids)
print(books.head().position + len(books.accounts()) - 2, books.verify())
database.close()
"""
)


def ran(program: str, *arguments: object) -> list[str]:
    """What a process of its own says, line by line."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize(
    ("limit_bytes", "way", "size", "least"),
    [
        (300_000, "post", 1, 3),  # within the log
        (5_000_000, "post", 1, 100),
        (5_000_000, "post", 400, 2_000),
        (9_000_000, "post_columns", 4_000, 4_000),
        (2_000_000, "open_accounts", 200, 1_000),
    ],
)
def test_a_full_disk_is_named_and_loses_nothing(
    tmp_path: Path, limit_bytes: int, way: str, size: int, least: int
) -> None:
    path = tmp_path / "ledger.sqlite"
    fault, counted, copying, after = ran(POSTER, path, limit_bytes, way, size)
    assert fault.startswith(f"{path}{SAID}")
    assert fault.endswith(ADVICE)
    done = int(counted.split()[0])
    assert done >= least
    stored = f"0 0 {done}" if way == "open_accounts" else f"{done} {done} 0"
    assert counted == f"{done} {stored} []", "the ledger holds more or less than it acknowledged"
    assert "cannot be copied to" in copying
    assert list(tmp_path.glob("*-copy*")) == []
    assert after == f"{done + size} []", "it did not go on once there was room"
    with closing(open_database(path, create=False)) as database:
        books = Books(database)
        assert books.verify() == []
        posted = 0 if way == "open_accounts" else done + size
        assert [one.transfer.id for one in books.transfers(limit=10**6)] == [f"d/{index}" for index in range(posted)]


MAKER = (
    LIMITED
    + """
limit(int(sys.argv[2]))
try:
    open_database(sys.argv[1]).close()
except DatabaseError as fault:
    print(fault)
limit(resource.RLIM_INFINITY)
database = open_database(sys.argv[1])
books = Books(database)
books.open_accounts([VAULT, FUND])
print(books.post([Transfer("d", VAULT.id, FUND.id, 1, Reason.DEPOSIT)], 9)[0].ok, books.verify())
"""
)


@pytest.mark.parametrize("limit_bytes", [600, 4_096, 9_000, 20_000, 33_000])
def test_a_ledger_for_which_there_is_no_room_is_made_once_there_is(tmp_path: Path, limit_bytes: int) -> None:
    path = tmp_path / "ledger.sqlite"
    fault, made = ran(MAKER, path, limit_bytes)
    assert fault.startswith(f"{path}{SAID}")
    assert fault.endswith(ADVICE)
    assert made == "True []"
