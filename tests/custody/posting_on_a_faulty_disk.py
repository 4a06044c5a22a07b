"""Posts to ledgers on a disk that fails at one step after another, and says what became of each: run as a script.

Usage: posting_on_a_faulty_disk.py FOLDER WAY FIRST LAST STRIDE, for the steps from FIRST to LAST. Prints a line of JSON
for each: what failed, what was said, what had been acknowledged. Each ledger stays in the folder as it was left when
the disk failed, to be looked at by a process whose disk works. WAY: once, for-good, half (of the write that fails is
done), making (of the ledger itself).
"""

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from custody import sqlite
from custody.accounts import Chart
from custody.books import Books
from custody.columns import Columns
from custody.database import DatabaseError, open_database
from custody.transfers import Reason, Transfer, linked
from tests.custody.faulty_disk import FaultyDisk

sqlite._LOG_PAGES = 1_000  # as SQLite itself has it: a few sets, and the log is folded into the file

USDC = Chart("USDC")
VAULT, MAKER, TAKER = USDC.vault(), USDC.available("maker"), USDC.available("taker")
EMPTY = USDC.available("empty")
BULK = 3_000
"""Transfers in a set of columns."""


def single(books: Books, number: int) -> bool:
    """One deposit."""
    (outcome,) = books.post([Transfer(f"{number}/1", VAULT.id, MAKER.id, 7, Reason.DEPOSIT)], number)
    return outcome.ok


def pair(books: Books, number: int) -> bool:
    """A deposit and a payment out of it: both or none."""
    both = linked(
        Transfer(f"{number}/1", VAULT.id, MAKER.id, 7, Reason.DEPOSIT),
        Transfer(f"{number}/2", MAKER.id, TAKER.id, 7, Reason.SETTLEMENT),
    )
    return all(outcome.ok for outcome in books.post(both, number))


def bulk(books: Books, number: int) -> bool:
    """A set of columns, with a text in each row that fills a few pages."""
    vault, taker = books.keys([VAULT.id, TAKER.id])
    ids = [f"{number}/{index}" for index in range(1, BULK + 1)]
    sides = (np.full(BULK, vault), np.full(BULK, taker))
    columns = Columns(ids, *sides, np.ones(BULK, dtype=np.int64), Reason.DEPOSIT, references=300 * ".")
    return bool(np.all(books.post_columns(columns, number) <= 0))


def opening(books: Books, number: int) -> bool:
    """An account more, and a deposit to it."""
    other = USDC.available(f"client-{number}")
    books.open_accounts([other])
    return books.post([Transfer(f"{number}/1", VAULT.id, other.id, 7, Reason.DEPOSIT)], number)[0].ok


def closing_one(books: Books, number: int) -> bool:
    """An account less, and a deposit behind that."""
    return books.close_accounts([EMPTY.id], 1)[0].ok and single(books, number)


SETS: tuple[Callable[[Books, int], bool], ...] = (single, pair, opening, bulk, single, closing_one, bulk, bulk)
SIZES = tuple({pair: 2, bulk: BULK}.get(post, 1) for post in SETS)
"""Their transfers. With the last set the log is longer than it may be: SQLite folds it into the ledger's file."""


def one_round(disk: FaultyDisk, path: Path, at: int, way: str) -> dict[str, object]:
    """Post set after set to a new ledger until the disk fails, go on once it works; what there was to tell."""
    acknowledged, fault = 0, ""
    with closing(open_database(path.with_name("working.sqlite"))) as database:
        books = Books(database)
        books.open_accounts([VAULT, MAKER, TAKER, EMPTY])
        disk.begin(at, for_good=way == "for-good", half=way == "half")
        try:
            for number, post in enumerate(SETS):
                assert post(books, number), number
                acknowledged = number + 1
        except DatabaseError as error:
            fault = str(error)
        failed = [step.name for step in disk.failed]
        # Where it fails for good, it still does: reading is to go on.
        faults = [str(one) for one in books.verify()]
        position = books.head().position
        for suffix in ("", "-wal"):
            shutil.copy(f"{database.path}{suffix}", f"{path}{suffix}")
        disk.mend()
        for number, post in enumerate(SETS[: acknowledged + 1]):
            assert post(books, number), f"set {number} was refused once the disk worked"
        assert books.head().position == sum(SIZES[: acknowledged + 1])
        assert books.verify() == []
    database.path.unlink()
    return {
        "at": at, "failed": failed, "fault": fault, "acknowledged": acknowledged, "faults": faults, "position": position
    }  # fmt: skip


def making(disk: FaultyDisk, path: Path, at: int) -> dict[str, object]:
    """Make a ledger on a disk that fails at a step for good."""
    fault = ""
    disk.begin(at, for_good=True)
    try:
        open_database(path).close()
    except DatabaseError as error:
        fault = str(error)
    failed = [step.name for step in disk.failed]
    disk.mend()
    return {"at": at, "failed": failed, "fault": fault}


def main(folder: Path, way: str, steps: range) -> None:
    """Fail at each of these steps, on a ledger of its own."""
    disk = FaultyDisk()
    disk.install()
    for at in steps:
        path = folder / f"{way}-{at}.sqlite"
        told = making(disk, path, at) if way == "making" else one_round(disk, path, at, way)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], range(int(sys.argv[3]), int(sys.argv[4]) + 1, int(sys.argv[5])))
