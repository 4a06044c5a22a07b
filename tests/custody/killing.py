"""Kills a posting process at random moments, many times, and looks at the ledger after each: run as a script.

The killer is a process of its own that has imported everything and has no threads, so each victim is a quick fork.
Usage: killing.py PLACE ROUNDS SEED, the place being a folder for ledgers or the address of one on a server. Prints one
JSON object.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np

from custody.accounts import Chart
from custody.books import Books
from custody.columns import Columns, Whole
from custody.database import open_database
from custody.transfers import Reason, Transfer, linked

USDC = Chart("USDC")
ACCOUNTS = (USDC.vault(), USDC.available("maker"), USDC.available("taker"))
PER_LEDGER = 30
"""Kills before a new ledger is begun: checking a ledger costs more the longer it is."""
LONGEST_S = 0.08
LONGEST_ON_A_SERVER_S = 0.4
"""To connect takes longer than to open a file."""


def post_pair(books: Books, keys: Whole, number: int) -> None:
    """A deposit and a payment out of it in one post, both or none: as a chain, as two, and from arrays in turn."""
    vault, maker, taker = (account.id for account in ACCOUNTS)
    pair = (
        Transfer(f"{number}/in", vault, maker, 7, Reason.DEPOSIT),
        Transfer(f"{number}/out", maker, taker, 7, Reason.DEPOSIT),
    )
    if number % 3 == 2:
        columns = Columns(
            [one.id for one in pair], keys[:2], keys[1:], np.array([7, 7], dtype=np.int64), Reason.DEPOSIT
        )
        assert not books.post_columns(columns, 1).any()
    else:
        assert all(outcome.ok for outcome in books.post(linked(*pair) if number % 3 else pair, 1))


def post_until_killed(ledger: Path | str, first: int, told: int) -> NoReturn:
    """The victim: post pair after pair, and say each one's number only once the books have answered."""
    books = Books(open_database(ledger))
    books.open_accounts(ACCOUNTS)
    keys = books.keys([account.id for account in ACCOUNTS])
    number = first
    while True:
        post_pair(books, keys, number)
        os.write(told, f"{number}\n".encode())
        number += 1


def kill_one(ledger: Path | str, first: int, after_s: float) -> list[int]:
    """Start a victim, kill it after a while; the numbers that it had acknowledged."""
    heard, told = os.pipe()
    victim = os.fork()
    if victim == 0:
        os.close(heard)
        post_until_killed(ledger, first, told)
    os.close(told)
    time.sleep(after_s)
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    with os.fdopen(heard) as pipe:
        return [int(line) for line in pipe.read().split()]


def faults_after(ledger: Path | str, acknowledged: list[int]) -> tuple[list[str], int]:
    """What is wrong with a ledger after a kill, and how many pairs are in it."""
    database = open_database(ledger)
    try:
        books = Books(database)
        books.open_accounts(ACCOUNTS)
        faults = [str(fault) for fault in books.verify()]
        with database.snapshot() as reader:
            stored = {str(row[0]) for row in reader.exec_driver_sql("SELECT id FROM transfer")}
    finally:
        database.close()
    halves = {name.partition("/")[0] for name in stored if f"{name.partition('/')[0]}/in" not in stored}
    halves |= {name.partition("/")[0] for name in stored if f"{name.partition('/')[0]}/out" not in stored}
    faults += [f"half of {number} is there" for number in sorted(halves)]
    faults += [f"{number} was acknowledged and is gone" for number in acknowledged if f"{number}/in" not in stored]
    return faults, len(stored) // 2


def main(place: str, rounds: int, seed: int) -> dict[str, object]:
    """Kill so many times; the sums, and every fault with the round in which it was seen."""
    chance, faults = random.Random(seed), list[str]()
    kills = acknowledged_in_all = unacknowledged = before_any = 0
    while kills < rounds:
        is_server = "://" in place
        ledger = place if is_server else Path(place) / f"ledger-{kills}.sqlite"
        acknowledged, number = list[int](), 0
        for _ in range(rounds if is_server else min(PER_LEDGER, rounds - kills)):
            fresh = kill_one(ledger, number, chance.random() * (LONGEST_ON_A_SERVER_S if is_server else LONGEST_S))
            kills += 1
            before_any += not fresh
            acknowledged += fresh
            found, stored = faults_after(ledger, acknowledged)
            faults += [f"round {kills}: {fault}" for fault in found]
            number = stored
        acknowledged_in_all += len(acknowledged)
        unacknowledged += stored - len(acknowledged)
    return {
        "kills": kills,
        "acknowledged": acknowledged_in_all,
        "stored_but_unacknowledged": unacknowledged,
        "killed_before_any": before_any,
        "faults": faults,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + "\n")
