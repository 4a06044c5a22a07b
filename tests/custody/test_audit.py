"""Whatever is done to the file behind the program's back, an audit names the row, seal, account or counter."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.books import Books, BooksError
from custody.database import open_database
from custody.faults import FaultKind
from custody.journal import START, Added, Head, Place, Seal, account_digest, checksum_of, encoded, seal_digest
from custody.tables import ACCOUNT, SEAL, TRANSFER
from custody.transfers import Kind, Reason, Transfer
from tests.custody.tampering import unguarded

ROOT = Path(__file__).resolve().parents[2]
CHART = Chart("USDC")
VAULT, FUND, HEDGER = CHART.vault().id, CHART.available("fund").id, CHART.available("hedger").id
VENUE, FEES, CLAIM = CHART.delegated("fund", "venue").id, CHART.fees().id, CHART.claim("fund", "venue")
HISTORY = (
    Transfer("t1", VAULT, FUND, 100, Reason.DEPOSIT, reference="wire"),
    Transfer("t2", VAULT, FUND, 50, Reason.DEPOSIT),
    Transfer("t3", FUND, VENUE, 30, Reason.DELEGATION, Kind.PENDING, occurred_at_s=2, expires_at_s=90),
    Transfer("t4", "", "", 20, Reason.DELEGATION, Kind.POST, "t3"),
    Transfer("t5", FUND, VENUE, 10, Reason.DELEGATION, Kind.PENDING),
    Transfer("t6", "", "", 0, Reason.DELEGATION, Kind.VOID, "t5"),
    Transfer("t7", VAULT, FUND, 1, Reason.DEPOSIT),
)
"""Sealed at 4, 6 and 7. Keys: vault 1, fund 2, hedger 3 (closed behind 6), venue 4, fees 5, other 6, claim 7."""

Tamper = Callable[..., None]
Told = tuple[str, str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger written once, of which every test has its own copy."""
    path = tmp_path_factory.mktemp("written") / "ledger.sqlite"
    with closing(open_database(path)) as database:
        books = Books(database)
        books.open_accounts([CHART.vault(), CHART.available("fund"), CHART.available("hedger")])
        books.open_accounts([CHART.delegated("fund", "venue"), CHART.fees(), Chart("BTC").available("fund")])
        assert all(outcome.ok for outcome in books.post(HISTORY[:4], 9) + books.post(HISTORY[4:6], 12))
        assert all(answer.ok for answer in books.close_accounts([HEDGER], 13))
        books.open_accounts([CLAIM])
        assert all(outcome.ok for outcome in books.post(HISTORY[6:], 14))
        assert books.verify() == []
    return path


@pytest.fixture
def kept(written: Path, tmp_path: Path) -> Iterator[Books]:
    shutil.copy(written, tmp_path / "ledger.sqlite")
    with closing(open_database(tmp_path / "ledger.sqlite")) as database:
        yield Books(database)


@pytest.fixture
def file(kept: Books, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The file in the hands of someone who also knows how to switch its guards off."""
    assert kept.head().position == len(HISTORY)
    with closing(unguarded(tmp_path / "ledger.sqlite")) as connection:
        yield connection


@pytest.fixture
def tamper(file: sqlite3.Connection) -> Tamper:
    def execute(*statements: str) -> None:
        for statement in statements:
            assert file.execute(statement).rowcount > 0, f"changed nothing: {statement}"

    return execute


def found(books: Books, trusted: Head | None = None) -> list[Told]:
    return [(fault.kind.value, fault.where) for fault in books.verify(trusted)]


def without_counters(books: Books) -> list[Told]:
    """What is said of rows, seals and definitions: whatever moves the sums is told once more of each counter."""
    return [told for told in found(books) if told[0] != "counter_changed"]


def broken(position: int, behind: int) -> Told:
    return "seal_broken", f"the seal at position {position}, behind position {behind}"


# -- transfers ---------------------------------------------------------------------------------------------------------

CHANGES = {
    "id": ["'other'", "x'00'", "CAST(x'ff' AS TEXT)"],
    "debit_account": ["5", "77", "'x'"],
    "credit_account": ["5", "77", "0.5"],
    "amount": ["amount + 1", "0", "amount + 0.5", "'x'", "x'00'", "1e30"],
    "reason": ["5", "99", "300", "0.5"],
    "kind": ["5 - kind", "9", "'x'"],
    "pending_position": ["2", "0", "99", "'x'"],
    "linked": ["1", "2", "'x'"],
    "reference": ["'x'", "x'00'", "CAST(x'ff' AS TEXT)"],
    "occurred_at_s": ["1", "-1", "0.5"],
    "expires_at_s": ["91", "'x'"],
    "checksum": ["checksum + 1", "-1", "checksum + 4294967296", "0.5", "'x'", "x'00'"],
}
"""Other values of each column, among them those that a CHECK or a type would refuse."""

UNKNOWN = "77"  # no account's key


def test_every_column_of_a_transfer_is_among_the_changes() -> None:
    assert CHANGES.keys() == set(TRANSFER.columns.keys()) - {"position"}


@pytest.mark.parametrize("position", [1, 4, 5, 7])
@pytest.mark.parametrize(("column", "value"), [(name, value) for name, values in CHANGES.items() for value in values])
def test_a_changed_row_is_named_alone(kept: Books, tamper: Tamper, column: str, value: str, position: int) -> None:
    tamper(f"UPDATE transfer SET {column} = {value} WHERE position = {position}")
    told = without_counters(kept)
    if value == UNKNOWN:
        told.remove(("account_missing", "account key 77"))
    assert {kind for kind, _where in told} <= {"row_changed", "resolves_nothing"}
    named = {where.split()[1] for _kind, where in told}
    # Where a pending transfer is no longer what it was, what ends it may have nothing left to end.
    assert named - ({"6"} if position == 5 else set()) == {str(position)}


@pytest.mark.parametrize(("column", "value"), [(name, values[0]) for name, values in CHANGES.items()])
def test_a_changed_row_is_named_among_many_under_one_seal(kept: Books, tamper: Tamper, column: str, value: str) -> None:
    many = [replace(HISTORY[6], id=f"many/{index}", amount=index + 1) for index in range(100)]
    assert all(outcome.ok for outcome in kept.post(many, 15))
    tamper(f"UPDATE transfer SET {column} = {value} WHERE position = 60")
    assert {where.partition(" (")[0] for _kind, where in without_counters(kept)} == {"position 60"}


def test_a_changed_amount_shows_in_the_row_and_in_both_counters(kept: Books, tamper: Tamper) -> None:
    checksum = kept.transfers()[1].checksum
    tamper("UPDATE transfer SET amount = 51 WHERE id = 't2'")
    assert [(fault.kind.value, fault.where, fault.expected, fault.found) for fault in kept.verify()] == [
        ("row_changed", "position 2 (t2)", f"content with checksum {checksum:08x}", "other content"),
        ("counter_changed", f"{FUND} credits_posted", "152", "151"),
        ("counter_changed", f"{VAULT} debits_posted", "152", "151"),
    ]


@pytest.mark.parametrize(
    ("condition", "where"),
    [("= 1", "position 1"), ("= 2", "position 2"), ("IN (2, 3)", "positions 2 to 3"), (">= 5", "positions 5 to 6"),
     ("= 7", "position 7")],
)  # fmt: skip
def test_a_removed_row_is_named(kept: Books, tamper: Tamper, condition: str, where: str) -> None:
    tamper(f"DELETE FROM transfer WHERE position {condition}")
    told = without_counters(kept)
    missing = [one for one in told if one[0] == "row_missing"]
    assert missing[0] == ("row_missing", where)
    assert missing[1:] == ([("row_missing", "position 7")] if condition == ">= 5" else [])
    assert {kind for kind, _where in told} <= {"row_missing", "resolves_nothing"}


def test_a_removed_row_is_found_though_the_rest_closes_ranks(kept: Books, tamper: Tamper) -> None:
    close_ranks = [f"UPDATE transfer SET position = {place} WHERE position = {place + 1}" for place in range(2, 7)]
    tamper("DELETE FROM transfer WHERE position = 2", *close_ranks)
    told = found(kept)
    assert ("row_missing", "position 7") in told
    assert {("row_out_of_order", f"position {place} (t{place + 1})") for place in (3, 4, 5)} < set(told)
    assert ("row_out_of_order", "position 6 (t7)") in told
    assert ("counter_changed", f"{FUND} credits_posted") in told


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 7), (5, 7), (3, 4)])
def test_rows_that_changed_places_are_told_from_changed_rows(kept: Books, tamper: Tamper, one: int, other: int) -> None:
    """Within one seal, over several, and a POST with what it ends."""
    tamper(
        f"UPDATE transfer SET position = 99 WHERE position = {one}",
        f"UPDATE transfer SET position = {one} WHERE position = {other}",
        f"UPDATE transfer SET position = {other} WHERE position = 99",
    )
    told = [(fault.where, fault.expected) for fault in kept.verify() if fault.kind is FaultKind.ROW_OUT_OF_ORDER]
    assert told == [
        (f"position {one} (t{other})", f"position {other}"),
        (f"position {other} (t{one})", f"position {one}"),
    ]
    assert {kind for kind, _where in without_counters(kept)} <= {"row_out_of_order", "resolves_nothing"}


@pytest.mark.parametrize("place", [-1, 0, 8, 99])
def test_a_row_moved_out_of_the_journal_leaves_a_gap(kept: Books, tamper: Tamper, place: int) -> None:
    tamper(f"UPDATE transfer SET position = {place} WHERE position = 2")
    assert ("row_missing", "position 2") in found(kept)


COPIED = ", ".join(column.name for column in TRANSFER.columns if column.name not in {"position", "id"})


@pytest.mark.parametrize("place", [-1, 0, 8, 9])
def test_an_added_row_is_named_wherever_it_stands(kept: Books, tamper: Tamper, place: int) -> None:
    copied = f"SELECT {place}, 'forged', {COPIED} FROM transfer WHERE position = 7"
    tamper(f"INSERT INTO transfer (position, id, {COPIED}) {copied}")
    assert [where for _kind, where in found(kept)] == [f"position {place} (forged)"]


def test_a_row_pushed_in_between_is_found_by_what_it_pushed_aside(
    kept: Books, file: sqlite3.Connection, tamper: Tamper
) -> None:
    tamper(*(f"UPDATE transfer SET position = {place + 1} WHERE position = {place}" for place in range(7, 1, -1)))
    tamper(
        f"INSERT INTO transfer (position, id, {COPIED}) SELECT 2, 'forged', {COPIED} FROM transfer WHERE position = 1"
    )
    forged = replace(HISTORY[0], id="forged")
    checksum = checksum_of(encoded(forged, Place(2, 1, 2)))
    file.execute("UPDATE transfer SET checksum = ? WHERE position = 2", (checksum,))
    told = without_counters(kept)
    assert {where for _kind, where in told} >= {f"position {place} (t{place - 1})" for place in range(3, 9)}


def test_a_row_forged_with_its_checksum_and_counters_breaks_the_seal_over_it(
    kept: Books, file: sqlite3.Connection, tamper: Tamper
) -> None:
    checksum = checksum_of(encoded(replace(HISTORY[1], amount=500), Place(2, 1, 2)))
    file.execute("UPDATE transfer SET amount = 500, checksum = ? WHERE position = 2", (checksum,))
    tamper(
        "UPDATE account SET credits_posted = credits_posted + 450 WHERE key = 2",
        "UPDATE account SET debits_posted = debits_posted + 450 WHERE key = 1",
    )
    assert found(kept) == [broken(4, 0)]


def test_a_resolution_without_its_pending_transfer_is_named(kept: Books, tamper: Tamper) -> None:
    tamper("UPDATE transfer SET kind = 1, expires_at_s = 0 WHERE id = 't3'")
    assert ("resolves_nothing", "position 4 (t4)") in found(kept)


# -- seals -------------------------------------------------------------------------------------------------------------

SEAL_CHANGES = {
    "position": ["position - 1", "99", "0", "-1"],
    "accounts": ["accounts + 1", "accounts - 1", "0", "0.5", "'x'"],
    "recorded_at_s": ["recorded_at_s + 1", "0", "0.5", "'x'"],
    "digest": ["zeroblob(32)", "zeroblob(31)", "'0123456789abcdef0123456789abcdef'"],
}


def test_every_column_of_a_seal_is_among_the_changes() -> None:
    assert SEAL_CHANGES.keys() == set(SEAL.columns.keys())


@pytest.mark.parametrize("position", [4, 7])
@pytest.mark.parametrize(
    ("column", "value"), [(name, value) for name, values in SEAL_CHANGES.items() for value in values]
)
def test_a_changed_seal_is_found(
    kept: Books, file: sqlite3.Connection, tamper: Tamper, column: str, value: str, position: int
) -> None:
    if (column, value, position) == ("position", "position - 1", 7):
        value = "8"  # at 6 there is another
    tamper(f"UPDATE seal SET {column} = {value} WHERE position = {position}")
    told = without_counters(kept)
    assert {kind for kind, _where in told} & {"seal_broken", "row_missing", "row_not_sealed", "account_missing"}
    assert not {kind for kind, _where in told} & {"row_changed", "row_out_of_order", "account_changed"}
    if column != "position":
        assert told[0] in {broken(position, {4: 0, 7: 6}[position]), ("account_missing", "account key 8")}


AUDITOR = """
import resource
import sys

from custody.books import Books
from custody.database import open_database

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
print([fault.kind.value for fault in Books(open_database(sys.argv[1], read_only=True)).verify()][0])
"""


@pytest.mark.parametrize("column", ["position", "accounts"])
def test_a_seal_that_claims_more_than_any_memory_holds_is_told_all_the_same(
    tamper: Tamper, tmp_path: Path, column: str
) -> None:
    tamper(f"UPDATE seal SET {column} = {10**15} WHERE position = 7")
    command = [sys.executable, "-c", AUDITOR, str(tmp_path / "ledger.sqlite")]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr[-300:]
    assert ended.stdout.strip() in {"seal_broken", "row_missing", "account_missing"}


def test_a_removed_seal_breaks_the_next_or_leaves_rows_unsealed(kept: Books, tamper: Tamper) -> None:
    tamper("DELETE FROM seal WHERE position = 6")
    assert found(kept) == [broken(7, 4), ("account_changed", HEDGER)]  # it was closed behind that seal
    tamper("DELETE FROM seal WHERE position = 7")
    unsealed = [where for kind, where in found(kept) if kind == "row_not_sealed"]
    assert unsealed == [f"position {place} (t{place})" for place in (5, 6, 7)]
    tamper("DELETE FROM seal")
    assert [kind for kind, _where in found(kept)].count("row_not_sealed") == 7


def test_seals_that_changed_places_are_found(kept: Books, tamper: Tamper) -> None:
    tamper(
        "UPDATE seal SET position = 99 WHERE position = 4",
        "UPDATE seal SET position = 4 WHERE position = 6",
        "UPDATE seal SET position = 6 WHERE position = 99",
    )
    assert found(kept)[:2] == [broken(4, 0), broken(6, 4)]


@pytest.mark.parametrize("place", [-1, 0, 1, 5, 8])
def test_an_added_seal_is_found(kept: Books, tamper: Tamper, place: int) -> None:
    tamper(f"INSERT INTO seal SELECT {place}, accounts, recorded_at_s, digest FROM seal WHERE position = 4")
    told = found(kept)
    assert told != []
    assert {kind for kind, _where in told} <= {"seal_broken", "row_missing"}


# -- accounts ----------------------------------------------------------------------------------------------------------

ACCOUNT_CHANGES = {
    "id": ["'USDC/other'", "x'00'", "CAST(x'ff' AS TEXT)"],
    "asset": ["'BTC'", "x'00'", "CAST(x'ff' AS TEXT)"],
    "code": ["9", "99", "0.5", "'x'"],
    "limit_rule": ["1 - limit_rule", "9", "'x'"],
    "digest": ["zeroblob(32)", "zeroblob(31)", "'0123456789abcdef0123456789abcdef'"],
}
COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


def test_every_column_of_an_account_is_among_the_changes() -> None:
    assert {*ACCOUNT_CHANGES, *COUNTERS, "key", "closed_after", "closed_at_s"} == set(ACCOUNT.columns.keys())


@pytest.mark.parametrize("key", [1, 4, 7])
@pytest.mark.parametrize(
    ("column", "value"), [(name, value) for name, values in ACCOUNT_CHANGES.items() for value in values]
)
def test_a_changed_definition_is_named(kept: Books, tamper: Tamper, column: str, value: str, key: int) -> None:
    name = {1: VAULT, 4: VENUE, 7: CLAIM.id}[key]
    tamper(f"UPDATE account SET {column} = {value} WHERE key = {key}")
    told = found(kept)
    assert [kind for kind, where in told if where == name or column == "id"] == ["account_changed"]
    assert {kind for kind, _where in told} <= {"account_changed", "seal_broken"}


def test_an_account_forged_with_its_digest_breaks_the_seal_that_opened_it(
    kept: Books, file: sqlite3.Connection
) -> None:
    for key, account, seal_told in ((1, CHART.vault(), broken(4, 0)), (7, CLAIM, broken(7, 6))):
        forged = replace(account, code=CHART.pool("venue").code)
        true = account_digest(key, account)
        file.execute("UPDATE account SET code = 10, digest = ? WHERE key = ?", (account_digest(key, forged), key))
        assert found(kept) == [seal_told]
        file.execute("UPDATE account SET code = ?, digest = ? WHERE key = ?", (int(account.code), true, key))
    assert kept.verify() == []


@pytest.mark.parametrize("key", [1, 3, 4, 7])
def test_a_removed_account_is_named(kept: Books, tamper: Tamper, key: int) -> None:
    tamper(f"DELETE FROM account WHERE key = {key}")
    assert ("account_missing", f"account key {key}") in found(kept)
    assert {kind for kind, _where in without_counters(kept)} <= {"account_missing", "seal_broken"}


def test_accounts_that_changed_places_are_named(kept: Books, tamper: Tamper) -> None:
    tamper(*(f"UPDATE account SET key = {new} WHERE key = {old}" for old, new in ((2, 99), (3, 2), (99, 3))))
    told = without_counters(kept)
    assert {("account_changed", FUND), ("account_changed", HEDGER), broken(4, 0)} <= set(told)


@pytest.mark.parametrize("key", [-1, 0, 99])
def test_an_added_account_that_no_opening_could_leave_is_named(kept: Books, file: sqlite3.Connection, key: int) -> None:
    """At key 8 it is what an opening leaves until the next seal; anywhere else keys would not count from 1."""
    forged = CHART.claim("hedger", "venue")
    file.execute(
        "INSERT INTO account (key, id, asset, code, limit_rule, debits_pending, debits_posted, credits_pending,"
        " credits_posted, digest) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, ?)",
        (key, forged.id, forged.asset, int(forged.code), int(forged.limit), account_digest(key, forged)),
    )
    assert found(kept) != []


@pytest.mark.parametrize("change", ["+ 1", "+ 0.5", "|| 'x'"])
@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize(("key", "name"), [(1, VAULT), (2, FUND), (4, VENUE), (3, HEDGER)])
def test_a_changed_counter_is_named_with_what_it_should_be(
    kept: Books, tamper: Tamper, key: int, name: str, counter: str, change: str
) -> None:
    true = getattr(kept.totals(name), counter)
    tamper(f"UPDATE account SET {counter} = {counter} {change} WHERE key = {key}")
    (fault,) = kept.verify()
    assert (fault.kind, fault.where, fault.expected) == ("counter_changed", f"{name} {counter}", str(true))
    assert fault.found != fault.expected
    if counter.endswith("posted"):
        with pytest.raises(BooksError, match=name):
            kept.trial_balance()


# -- closing marks -----------------------------------------------------------------------------------------------------

UNMARKED, LAST = "closed_after = NULL, closed_at_s = NULL", "closed_after = 7"


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        (UNMARKED, [broken(7, 6)]),
        ("closed_at_s = 12", [broken(7, 6)]),
        ("closed_at_s = 12.5", [broken(7, 6)]),
        ("closed_at_s = 'x'", [broken(7, 6)]),
        ("closed_at_s = NULL", [broken(7, 6)]),
        ("closed_after = 4", [broken(6, 4), broken(7, 6)]),
        ("closed_after = 5", [broken(7, 6)]),
        ("closed_after = 7", [broken(7, 6)]),
        ("closed_after = 99", [broken(7, 6)]),
        ("closed_after = 'x'", [broken(7, 6)]),
        ("closed_after = NULL", [broken(7, 6)]),
    ],
)
def test_a_changed_mark_breaks_the_seals_that_it_was_or_is_under(
    kept: Books, tamper: Tamper, marks: str, told: list[Told]
) -> None:
    tamper(f"UPDATE account SET {marks} WHERE key = 3")
    assert [one for one in found(kept) if one[0] == "seal_broken"] == told


@pytest.mark.parametrize("after", ["4", "6"])
def test_a_closing_forged_under_a_seal_breaks_it(kept: Books, tamper: Tamper, after: str) -> None:
    tamper(f"UPDATE account SET closed_after = {after}, closed_at_s = 11 WHERE key = 5")
    assert found(kept) == [broken(6, 4) if after == "4" else broken(7, 6)]


@pytest.mark.parametrize("marks", [(5, 11), (99, 11), (-1, 11), (6.5, 11), ("NULL", 11), (7, "NULL")])
def test_a_closing_that_no_seal_will_ever_cover_is_found(
    kept: Books, tamper: Tamper, marks: tuple[object, object]
) -> None:
    """Behind the last seal it is what a closing leaves until the next one; anywhere else nothing would ever tell."""
    tamper(f"UPDATE account SET closed_after = {marks[0]}, closed_at_s = {marks[1]} WHERE key = 5")
    assert found(kept) != []


def test_a_closing_taken_back_before_it_was_sealed_shows_once_it_should_have_been(
    kept: Books, file: sqlite3.Connection, tamper: Tamper
) -> None:
    """What is in hand knows of it: the seal covers the closing although the mark is gone."""
    assert kept.close_accounts([FEES], 15)[0].ok
    held = file.execute("SELECT closed_after, closed_at_s FROM account WHERE key = 5").fetchall()
    assert held == [(7, 15)]
    assert kept.verify() == []
    assert kept.post([replace(HISTORY[6], id="t8")], 16)[0].ok
    assert kept.verify() == []
    tamper(f"UPDATE account SET {UNMARKED} WHERE key = 5")
    assert found(kept) == [broken(8, 7)]


# -- a history rewritten whole -----------------------------------------------------------------------------------------


def recheck(file: sqlite3.Connection) -> dict[int, bytes]:
    """Make every checksum anew over what the rows say now; the transfers as they are encoded, by position."""
    transfers = {}
    for row in file.execute("SELECT * FROM transfer").fetchall():
        at, name, debit, credit, amount, reason, kind, pending, linked, reference, occurred, expires, _checksum = row
        said = Transfer(name, "", "", amount, Reason(reason), Kind(kind), "", linked, reference, occurred, expires)
        transfers[at] = encoded(said, Place(at, debit, credit, pending or 0))
        file.execute("UPDATE transfer SET checksum = ? WHERE position = ?", (checksum_of(transfers[at]), at))
    return transfers


def reseal(file: sqlite3.Connection) -> None:
    """Make every checksum and seal anew over what the rows say now, as someone would who knows the encoding."""
    last, transfers = START, recheck(file)
    for position, accounts, recorded_at_s in file.execute(
        "SELECT position, accounts, recorded_at_s FROM seal"
    ).fetchall():
        after, up_to = (last.position, last.accounts), (position, accounts)
        opened = file.execute(
            "SELECT digest FROM account WHERE key > ? AND key <= ? ORDER BY key", (after[1], up_to[1])
        )
        closed = file.execute("SELECT key, closed_at_s FROM account WHERE closed_after = ? ORDER BY key", after[:1])
        under = [transfers[at] for at in range(after[0] + 1, up_to[0] + 1)]
        added = Added([row[0] for row in opened], closed.fetchall(), under)
        digest = seal_digest(last, added, position, accounts, recorded_at_s)
        last = Seal(position, accounts, recorded_at_s, digest)
        file.execute("UPDATE seal SET digest = ? WHERE position = ?", (digest, position))


def forge(file: sqlite3.Connection, tamper: Tamper) -> None:
    tamper("UPDATE transfer SET reason = 4 WHERE position = 5")
    reseal(file)


def heads(file: sqlite3.Connection) -> dict[int, Head]:
    rows = file.execute("SELECT position, accounts, recorded_at_s, digest FROM seal ORDER BY position").fetchall()
    return {row[0]: Seal(*row).head for row in rows}


def test_making_every_seal_anew_over_honest_rows_changes_none(kept: Books, file: sqlite3.Connection) -> None:
    """A control: without it a forgery could be found because it was not forged well enough."""
    before = heads(file)
    reseal(file)
    assert heads(file) == before


def test_a_history_rewritten_whole_is_found_only_by_whoever_kept_a_head(
    kept: Books, file: sqlite3.Connection, tamper: Tamper
) -> None:
    trusted = heads(file)
    forge(file, tamper)
    forged = heads(file)
    assert found(kept) == []
    assert kept.verify(trusted[4]) == []  # up to there it is still the old history
    for position in (6, 7):
        (fault,) = kept.verify(trusted[position])
        assert (fault.kind, fault.where) == ("history_rewritten", f"position {position}")
        assert (fault.expected, fault.found) == (trusted[position].digest.hex(), forged[position].digest.hex())


@pytest.mark.parametrize(
    ("changes", "position"),
    [
        (["amount = 31 WHERE position = 4"], 4),
        (["debit_account = 5 WHERE position = 4"], 4),
        (["credit_account = 5 WHERE position = 6"], 6),
        (["pending_position = 1 WHERE position = 4"], 4),
        (
            [
                "pending_position = NULL WHERE position = 6",
                "amount = 10, pending_position = 5 WHERE position = 4",
                "pending_position = 3 WHERE position = 6",
            ],
            4,
        ),
    ],
)
def test_an_ending_of_what_it_cannot_end_is_found_however_well_it_is_sealed(
    kept: Books, file: sqlite3.Connection, tamper: Tamper, changes: list[str], position: int
) -> None:
    """More than was held, other accounts, what was never held, and what is only held after it."""
    tamper(*(f"UPDATE transfer SET {change}" for change in changes))
    reseal(file)
    assert without_counters(kept) == [("resolves_nothing", f"position {position} (t{position})")]


@pytest.mark.parametrize("change", ["recorded_at_s = 8", "accounts = 5", "accounts = 0"])
def test_a_history_that_no_posting_could_have_written_is_found_however_well_it_is_sealed(
    kept: Books, file: sqlite3.Connection, tamper: Tamper, change: str
) -> None:
    """Along the seals neither time nor the number of accounts ever falls."""
    tamper(f"UPDATE seal SET {change} WHERE position = 6")
    reseal(file)
    assert found(kept) != []


def test_a_history_cut_short_with_its_seal_is_found_only_by_whoever_kept_a_head(kept: Books, tamper: Tamper) -> None:
    trusted = kept.head()
    tamper("DELETE FROM transfer WHERE position = 7")
    assert ("row_missing", "position 7") in found(kept)
    tamper(
        "DELETE FROM seal WHERE position = 7",
        "UPDATE account SET credits_posted = credits_posted - 1 WHERE key = 2",
        "UPDATE account SET debits_posted = debits_posted - 1 WHERE key = 1",
    )
    assert found(kept) == []
    (fault,) = kept.verify(trusted)
    assert (fault.kind, fault.where, fault.found) == (
        "history_rewritten", "position 7", "a journal that ends at position 6",
    )  # fmt: skip


def test_a_tail_whose_seal_alone_was_cut_is_named_row_by_row(kept: Books, tamper: Tamper) -> None:
    trusted = kept.head()
    tamper("DELETE FROM seal WHERE position = 7")
    assert without_counters(kept) == [("row_not_sealed", "position 7 (t7)")]
    assert found(kept, trusted)[-1] == ("history_rewritten", "position 7")


def test_a_head_that_names_no_seal_is_not_taken_for_one(kept: Books) -> None:
    (fault,) = kept.verify(Head(5, kept.head().digest))
    assert (fault.kind, fault.where, fault.found) == ("history_rewritten", "position 5", "no seal")
    assert kept.verify(Head(0, bytes(32))) == []
