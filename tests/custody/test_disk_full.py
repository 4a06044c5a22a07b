"""A disk that runs full: the ledger says so, keeps what it had acknowledged, and goes on once there is room.

The disk's end is played by a limit on the size of files in a process of its own, small enough to stop the write-ahead
log itself, or large enough for the log to have been folded into the ledger's file a few times before.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from custody.books import Books
from custody.database import open_database

ROOT = Path(__file__).resolve().parents[2]

POSTER = """
import resource
import signal
import sys

from custody.accounts import Chart
from custody.backup import BackupError, backup
from custody.books import Books
from custody.database import DatabaseError, open_database
from custody.transfers import Reason, Transfer


def deposits(ids):
    return [Transfer(one, vault.id, fund.id, 1, Reason.DEPOSIT, reference=300 * ".") for one in ids]


path, limit_bytes, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
database = open_database(path)
books, chart = Books(database), Chart("USDC")
vault, fund = chart.vault(), chart.available("fund")
books.open_accounts([vault, fund])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails, as on a full disk, and does not kill
resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
posted = 0
try:
    while True:
        ids = [f"d/{posted + number}" for number in range(batch)]
        outcomes = books.post(deposits(ids), 9)
        assert all(outcome.ok and not outcome.repeated for outcome in outcomes)
        posted += batch
except DatabaseError as fault:
    print(fault)
print(posted, books.head().position, books.balance(fund.id), books.verify())
if batch > 1:
    try:
        backup(database, path + "-copy")
    except BackupError as fault:
        print(fault)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
books.post(deposits(ids), 9)
print(books.head().position)
"""


@pytest.mark.parametrize(("limit_bytes", "batch"), [(300_000, 1), (5_000_000, 400)])
def test_a_full_disk_is_named_and_loses_nothing(tmp_path: Path, limit_bytes: int, batch: int) -> None:
    path = tmp_path / "ledger.sqlite"
    command = [sys.executable, "-c", POSTER, str(path), str(limit_bytes), str(batch)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    fault, counted, *copying, after = ended.stdout.splitlines()
    assert fault.startswith(f"{path}: the disk is full, at a limit, or failing (")
    assert fault.endswith("make room, then post the rest again under the same ids")
    posted = int(counted.split()[0])
    assert posted >= 5 * batch
    assert counted == f"{posted} {posted} {posted} []", "the ledger holds more or less than it acknowledged"
    assert int(after) == posted + batch, "it did not go on once there was room"
    if batch > 1:
        assert "cannot be copied to" in copying[0]
    assert list(tmp_path.glob("*-copy*")) == []
    database = open_database(path, create=False)
    books = Books(database)
    assert books.verify() == []
    assert [one.transfer.id for one in books.transfers(limit=10**6)] == [f"d/{index}" for index in range(int(after))]
    database.close()
