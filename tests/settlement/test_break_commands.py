"""A break from the reconciliation that finds it to the transfer that clears it, by the commands alone."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custody.books import Books
from custody.database import Database, open_database
from custody.transfers import Reason, Transfer
from settlement.cli import main
from settlement.commands.break_telling import list_breaks
from settlement.contracts import Contracts
from settlement.devnet import Anvil
from tests.settlement.reconciling.ground import CHART, USDC, Ground, account, ground_on
from tests.settlement.sole_minter import PLENTY

HEDGER = account("hedger").id
BREAK = f"amount/compartment/{HEDGER}#1"
BY = ("--who", "auditor", "--why", "booked twice")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def database(place: Path) -> Iterator[Database]:
    with closing(open_database(place)) as opened:
        yield opened


@pytest.fixture
def ground(contracts: Contracts, database: Database) -> Ground:
    return ground_on(contracts, database)


@pytest.fixture
def reconcile(ground: Ground, place: Path, tmp_path: Path, anvil: Anvil) -> Callable[[], int]:
    file = ground.written(tmp_path, anvil.url)
    return lambda: main(["reconcile", str(file), "--database", str(place), "--record"])


@pytest.fixture
def breaks(place: Path) -> Callable[..., int]:
    return lambda *words: main(["breaks", *words, "--database", str(place)])


def booked_twice(ground: Ground) -> None:
    """A deposit of 5 that nobody made: neither vault nor compartment has it."""
    again = Transfer("again", CHART.vault().id, HEDGER, 5, Reason.DEPOSIT)
    assert ground.books.post([again], 1)[0].ok
    ground.database.close()


def units(place: Path, *accounts: str) -> list[int]:
    with closing(open_database(place, read_only=True)) as opened:
        return [Books(opened).balance(one) for one in accounts]


def test_a_break_is_found_set_aside_and_corrected(
    ground: Ground, reconcile: Callable[[], int], breaks: Callable[..., int], place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    booked_twice(ground)
    assert reconcile() == 1
    assert "opened, " in capsys.readouterr().out
    assert breaks("investigate", BREAK, *BY) == 0
    assert breaks("suspend", BREAK, *BY) == 0
    assert units(place, HEDGER, CHART.suspense().id) == [100, 5]
    assert reconcile() == 0, "suspense is not tokenised: the chain has what the books have now"
    assert breaks("correct", BREAK, "--to", CHART.vault().id, "--units", "4", *BY) == 1
    assert "suspense_is_not_empty" in capsys.readouterr().err
    assert breaks("correct", BREAK, "--to", CHART.vault().id, *BY) == 0
    assert units(place, HEDGER, CHART.suspense().id, CHART.vault().id) == [100, 0, -200]
    capsys.readouterr()
    assert breaks("show", BREAK, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["reason"]) == ("cleared", "booked twice")
    assert [(one["act"], one["who"]) for one in said["history"]] == [
        ("investigate", "auditor"), ("suspend", "auditor"), ("clear", "auditor"),
    ]  # fmt: skip
    assert breaks("explain", BREAK, *BY) == 1
    assert "break_is_closed" in capsys.readouterr().err


def test_what_lacks_in_the_books_is_set_aside_the_other_way(
    ground: Ground, reconcile: Callable[[], int], breaks: Callable[..., int], place: Path
) -> None:
    ground.contracts.credit(USDC, ground.holders["hedger"], ground.where.compartments[0].venue, 7, PLENTY)
    ground.database.close()
    assert reconcile() == 1
    assert breaks("investigate", BREAK, *BY) == 0
    assert breaks("suspend", BREAK, *BY) == 0
    assert units(place, HEDGER, CHART.suspense().id) == [107, -7]
    assert breaks("correct", BREAK, "--to", CHART.vault().id, *BY) == 0
    assert units(place, HEDGER, CHART.suspense().id, CHART.vault().id) == [107, 0, -207]
    assert reconcile() == 0


def test_a_break_of_no_account_has_nothing_to_move(
    ground: Ground, reconcile: Callable[[], int], breaks: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    booked_twice(ground)
    reconcile()
    assert breaks("investigate", "amount/token supply/USDC#1", *BY) == 0
    assert breaks("suspend", "amount/token supply/USDC#1", *BY) == 1
    assert "transfers_are_missing" in capsys.readouterr().err


def test_a_list_has_ages_and_deadlines_and_fails_on_one_that_is_past(
    ground: Ground, reconcile: Callable[[], int], breaks: Callable[..., int], place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert breaks("list") == 0
    assert capsys.readouterr().out == "0 open, 0 past their deadline\n"
    booked_twice(ground)
    reconcile()
    capsys.readouterr()
    assert breaks("list", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [BREAK, "amount/token supply/USDC#1"]
    assert all(row["due_at_s"] == row["opened_at_s"] + 4 * 3600 for row in rows)
    due_at_s = rows[0]["due_at_s"]
    assert list_breaks(str(place), due_at_s, as_json=False) == 0
    assert list_breaks(str(place), due_at_s + 1, as_json=False) == 1
    assert f"{BREAK}: opened, 14,401 s old, OVERDUE since" in capsys.readouterr().out


def test_no_break_of_that_id_is_told(
    ground: Ground, breaks: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    ground.database.close()
    assert breaks("show", "none") == 1
    assert "no break none is on record" in capsys.readouterr().err
    assert breaks("explain", "none", *BY) == 1
    assert "break_not_found" in capsys.readouterr().err
