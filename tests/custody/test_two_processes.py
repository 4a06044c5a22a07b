"""Two processes write one ledger on a server at the same time: as if one had written it, and neither hears of locks."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.database import open_database
from custody.transfers import Reason, Transfer
from scripts.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
CHART = Chart("USDC")
FUND, LEFT, RIGHT = CHART.available("fund"), CHART.delegated("fund", "left"), CHART.delegated("fund", "right")
FUNDED, TRIES = 300, 250

# Each sends payments of one unit from the same account, some under ids that the other uses too, and moves back and
# forth between two accounts in the opposite order of the other: where each locked what it touches, that would deadlock.
CLERK = """
import json, sys
from custody.accounts import Chart
from custody.books import Books
from custody.database import open_database
from custody.transfers import Reason, Transfer

address, me, other, tries = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
chart = Chart("USDC")
fund, mine, theirs = chart.available("fund").id, chart.delegated("fund", me).id, chart.delegated("fund", other).id
books = Books(open_database(address))
print("ready", flush=True)
sys.stdin.readline()
told = {"new": [], "repeated": [], "refused": []}
for number in range(tries):
    own = Transfer(f"{me}/{number}", fund, mine, 1, Reason.DELEGATION)
    shared = Transfer(f"shared/{number // 5}", fund, chart.delegated("fund", "left").id, 1, Reason.DELEGATION)
    across = Transfer(f"{me}/across/{number}", mine, theirs, 1, Reason.VENUE_MOVE)
    for outcome in books.post([own, shared, across], 7):
        kind = "repeated" if outcome.repeated else "new" if outcome.ok else "refused"
        told[kind].append(outcome.transfer_id)
print(json.dumps(told), flush=True)
"""


@pytest.fixture
def address(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.fresh(template="ledger")
    yield postgres.url(name)
    postgres.drop(name)


def run_together(address: str) -> list[dict[str, list[str]]]:
    pipe, pairs = subprocess.PIPE, (("left", "right"), ("right", "left"))
    clerks = [
        subprocess.Popen(
            [sys.executable, "-c", CLERK, address, *names, str(TRIES)],
            cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True,
        )
        for names in pairs
    ]  # fmt: skip
    for clerk in clerks:
        assert clerk.stdout is not None
        assert clerk.stdout.readline() == "ready\n"
    for clerk in clerks:
        assert clerk.stdin is not None
        clerk.stdin.write("go\n")
        clerk.stdin.flush()
    told = []
    for clerk in clerks:
        answer, complaint = clerk.communicate(timeout=120)
        assert (clerk.returncode, complaint) == (0, "")
        told.append(json.loads(answer))
    return told


def test_two_processes_post_against_the_same_accounts(address: str) -> None:
    with closing(open_database(address)) as database:
        books = Books(database)
        books.open_accounts([CHART.vault(), FUND, LEFT, RIGHT])
        assert books.post([Transfer("funds", CHART.vault().id, FUND.id, FUNDED, Reason.DEPOSIT)], 1)[0].ok
        left, right = run_together(address)
        journal = books.transfers(limit=10_000)
        ids = [entry.transfer.id for entry in journal]
        assert sorted([*left["new"], *right["new"], "funds"]) == sorted(ids), "acknowledged, and once"
        assert books.balance(FUND.id) == 0, "each process's payments alone would not have emptied it"
        assert books.balance(LEFT.id) + books.balance(RIGHT.id) == FUNDED
        assert books.verify() == []
        # A control: they met, in the journal, over ids and over money.
        turns = [name.split("/")[0] for name in ids if not name.startswith("shared")]
        assert sum(one != other for one, other in pairwise(turns)) > 10
        met = {*left["new"]} & {*right["repeated"]} | {*right["new"]} & {*left["repeated"]}
        assert any(name.startswith("shared") for name in met)
        assert left["refused"]
        assert right["refused"]


def test_the_journal_that_two_have_written_is_one_that_one_could_have(address: str, tmp_path: Path) -> None:
    with closing(open_database(address)) as database:
        books = Books(database)
        books.open_accounts([CHART.vault(), FUND, LEFT, RIGHT])
        books.post([Transfer("funds", CHART.vault().id, FUND.id, FUNDED, Reason.DEPOSIT)], 1)
        run_together(address)
        with closing(open_database(tmp_path / "replayed.sqlite")) as alone:
            replayed = Books(alone)
            replayed.open_accounts([CHART.vault(), FUND, LEFT, RIGHT])
            for entry in books.transfers(limit=10_000):
                assert replayed.post([entry.transfer], entry.recorded_at_s)[0].ok
            assert replayed.all_totals() == books.all_totals()
