"""A long journal is walked in stretches, by several processes where it is a file; the answer is that of one walk."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from custody import verification
from custody.accounts import Chart
from custody.audit import Walk
from custody.books import Books
from custody.database import Database, open_database
from custody.faults import Fault
from custody.recount import Recount
from custody.stretches import Read, Stretch
from custody.transfers import Kind, Reason, Transfer
from tests.custody.tampering import unguarded

CHART = Chart("USDC")
VAULT, FUND, HEDGER, VENUE = CHART.vault(), CHART.available("fund"), CHART.available("hedger"), CHART.claim("fund", "v")
END = 60
DEPOSIT = Transfer("t", VAULT.id, FUND.id, 5, Reason.DEPOSIT)
HOLD = Transfer("t", FUND.id, VENUE.id, 3, Reason.DELEGATION, Kind.PENDING)


def history() -> list[Transfer]:
    """Every fourth is held, to be posted or voided ten positions later: in another stretch."""
    made = [replace(DEPOSIT if index % 4 else HOLD, id=f"t{index}") for index in range(END + 1)]
    for index in range(4, END - 10, 4):
        kind = Kind.POST if index % 8 else Kind.VOID
        made[index + 10] = Transfer(f"t{index + 10}", "", "", 0, Reason.DELEGATION, kind, f"t{index}")
    return made[1:]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty transfers under twenty seals; an account is opened half-way, another closed."""
    path = tmp_path_factory.mktemp("long") / "ledger.sqlite"
    with closing(open_database(path)) as database:
        books = Books(database)
        books.open_accounts([VAULT, FUND, HEDGER, VENUE])
        for start in range(0, END, 3):
            assert all(outcome.ok for outcome in books.post(history()[start : start + 3], 100 + start))
            if start == 30:
                books.open_accounts([CHART.fees()])
                assert books.close_accounts([HEDGER.id], 131)[0].ok
    return path


@pytest.fixture
def database(ledger: Path, tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "ledger.sqlite").write_bytes(ledger.read_bytes())
    with closing(open_database(tmp_path / "ledger.sqlite")) as opened:
        yield opened


class Walks:
    """How a verification was done in this process: stretches counted, stretches walked for what is wrong, progress."""

    def __init__(self, patch: pytest.MonkeyPatch, database: Database) -> None:
        self.patch, self.database = patch, database
        self.counted: list[Stretch] = []
        self.walked: list[Stretch] = []
        self.told: list[tuple[int, int]] = []
        self.true_count, self.true_walk = verification.count, verification.walk
        patch.setattr(verification, "count", self.count)
        patch.setattr(verification, "walk", self.walk)

    def count(self, read: Read, stretch: Stretch) -> Recount | None:
        self.counted.append(stretch)
        return self.true_count(read, stretch)

    def walk(self, read: Read, stretch: Stretch) -> Walk:
        self.walked.append(stretch)
        return self.true_walk(read, stretch)

    def verify(self, *, stretch: int, processes: int) -> list[Fault]:
        for noted in (self.counted, self.walked, self.told):
            noted.clear()
        self.patch.setattr(verification, "_STRETCH", stretch)
        self.patch.setattr(verification, "_LONG", 1 if processes > 1 else END + 1)
        self.patch.setattr(os, "cpu_count", lambda: processes)
        return verification.verify(self.database, None, lambda done, total: self.told.append((done, total)))

    def verify_without_counting(self) -> list[Fault]:
        """By the careful walk alone, as if nothing could be counted."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verification, "count", lambda _read, _stretch: None)
            return [fault for fault in self.verify(stretch=10, processes=1) if fault.expected != COUNTABLE]


COUNTABLE = "what can be counted"
"""What is expected of a stretch in which the walk names nothing, though it could not be counted."""
STRETCHES = [Stretch(first, first + 12) for first in range(0, END, 12)]


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch, database: Database) -> Walks:
    return Walks(monkeypatch, database)


def tamper(database: Database, *statements: str) -> None:
    with closing(unguarded(database.path)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, f"changed nothing: {statement}"


def test_the_history_has_a_pending_transfer_over_every_bound() -> None:
    """A control: what the stretches must add up rightly is there."""
    assert {one.kind for one in history()} == set(Kind)
    held = {one.id: place for place, one in enumerate(history(), 1) if one.kind is Kind.PENDING}
    ended = {place: held[one.pending_id] for place, one in enumerate(history(), 1) if one.pending_id}
    for bound in range(12, END, 12):
        assert any(start <= bound < end for end, start in ended.items())


def test_one_process_counts_each_stretch_from_seal_to_seal(walks: Walks) -> None:
    assert walks.verify(stretch=10, processes=1) == []
    assert (walks.counted, walks.walked) == (STRETCHES, [])
    assert walks.told == [(stretch.last, END) for stretch in STRETCHES]
    assert walks.verify(stretch=1_000, processes=1) == []
    assert (walks.counted, walks.walked) == ([Stretch(0, END)], [])


def test_the_careful_walk_finds_nothing_in_sound_books_either(walks: Walks) -> None:
    assert walks.verify_without_counting() == []
    assert walks.walked == STRETCHES


def test_several_processes_count_sound_books_and_nothing_is_done_here(walks: Walks) -> None:
    assert walks.verify(stretch=10, processes=2) == []
    assert (walks.counted, walks.walked) == ([], [])
    assert sorted(walks.told) == [(done, END) for done in range(12, END + 1, 12)]


TAMPERINGS = [
    ["UPDATE transfer SET amount = amount + 1 WHERE position = 1"],
    ["UPDATE transfer SET amount = amount + 1 WHERE position = 24"],
    ["UPDATE transfer SET reference = 'x' WHERE position IN (13, 60)"],
    ["UPDATE transfer SET kind = 1 WHERE position = 8"],
    ["DELETE FROM transfer WHERE position = 36"],
    ["DELETE FROM transfer WHERE position BETWEEN 20 AND 40"],
    [
        "UPDATE transfer SET position = 99 WHERE position = 5",
        "UPDATE transfer SET position = 5 WHERE position = 50",
        "UPDATE transfer SET position = 50 WHERE position = 99",
    ],
    ["UPDATE seal SET recorded_at_s = recorded_at_s + 1 WHERE position = 12"],
    ["UPDATE seal SET digest = zeroblob(32) WHERE position = 24"],
    ["DELETE FROM seal WHERE position = 36"],
    ["DELETE FROM seal WHERE position > 50"],
    ["UPDATE account SET credits_posted = credits_posted + 1 WHERE key = 2"],
    ["UPDATE account SET code = 10 WHERE key = 5"],
    ["UPDATE account SET digest = zeroblob(32) WHERE key = 5"],
    ["UPDATE account SET closed_at_s = 130 WHERE key = 3"],
    ["UPDATE account SET closed_after = NULL, closed_at_s = NULL WHERE key = 3"],
    ["DELETE FROM account WHERE key = 5"],
    ["DELETE FROM account WHERE key = 4"],
]


@pytest.mark.parametrize("statements", TAMPERINGS, ids=lambda statements: statements[0][:60])
def test_however_the_journal_is_walked_the_faults_are_the_same(walks: Walks, statements: list[str]) -> None:
    tamper(walks.database, *statements)
    whole = walks.verify(stretch=1_000, processes=1)
    assert whole != []
    assert all(fault.expected != COUNTABLE for fault in whole)
    in_turn = walks.verify(stretch=10, processes=1)
    together = walks.verify(stretch=10, processes=3)
    assert sorted(in_turn, key=str) == sorted(whole, key=str)
    assert together == in_turn
    assert sorted(walks.verify_without_counting(), key=str) == sorted(whole, key=str)


def test_only_the_stretch_with_the_fault_is_walked_again(walks: Walks) -> None:
    tamper(walks.database, "UPDATE transfer SET amount = amount + 1 WHERE position = 30")
    faults = walks.verify(stretch=10, processes=2)
    assert [fault.where for fault in faults if fault.kind.value == "row_changed"] == ["position 30 (t30)"]
    assert (walks.counted, walks.walked) == ([], [Stretch(24, 36)])


DYING = {
    "killed at once": "#!/bin/sh\nkill -9 $$\n",
    "killed within its answer": '#!/bin/sh\nprintf \'{"debits_pending": {"1": \'\nkill -9 $$\n',
    "gone without a word": "#!/bin/sh\nexit 0\n",
}


@pytest.mark.parametrize("words", DYING.values(), ids=DYING.keys())
@pytest.mark.parametrize("statements", [[], TAMPERINGS[1]], ids=["sound", "changed"])
def test_a_process_that_dies_leads_to_a_walk_here_and_to_no_other_answer(
    walks: Walks, tmp_path: Path, words: str, statements: list[str]
) -> None:
    tamper(walks.database, *statements)
    expected = walks.verify(stretch=10, processes=1)
    executable = tmp_path / "dying"
    executable.write_text(words)
    executable.chmod(0o755)
    walks.patch.setattr(sys, "executable", str(executable))
    assert walks.verify(stretch=10, processes=2) == expected
    assert walks.walked == STRETCHES
    assert max(walks.told) == (END, END)


def test_where_no_process_can_be_started_the_walk_is_done_here(walks: Walks, tmp_path: Path) -> None:
    walks.patch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert walks.verify(stretch=10, processes=2) == []
    assert walks.walked == STRETCHES


def test_what_is_posted_during_a_verification_is_not_part_of_it(walks: Walks) -> None:
    """Children open the file anew, and see more than the snapshot that the counters are compared in."""
    writer = Books(walks.database)

    def post_more(done: int, _total: int) -> None:
        assert writer.post([replace(DEPOSIT, id=f"more/{done}")], 1_000)[0].ok

    walks.patch.setattr(verification, "_STRETCH", 10)
    for longest, processes in ((1, 2), (END * 2, 1)):
        walks.patch.setattr(verification, "_LONG", longest)
        walks.patch.setattr(os, "cpu_count", lambda processes=processes: processes)
        with closing(open_database(walks.database.path, read_only=True)) as watching:
            before = writer.head().position
            assert verification.verify(watching, None, post_more if longest == 1 else None) == []
            assert writer.head().position >= before
    assert writer.head().position == END + 5
    assert writer.verify() == []
