"""A copy is a ledger as it stood at one moment, whole or not there at all; what is not whole is named, not copied."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from custody.accounts import Chart, Totals
from custody.backup import BackupError, Copy, backup, restore
from custody.books import Books
from custody.database import Database, DatabaseError, LedgerInUseError, open_database
from custody.journal import Head, Recorded
from custody.soundness import DamagedError, require_sound
from custody.transfers import Reason, Transfer

if TYPE_CHECKING:
    from tests.custody.conftest import BookClerk

ROOT = Path(__file__).resolve().parents[2]
CHART = Chart("USDC")
VAULT, FUND = CHART.vault().id, CHART.available("fund").id

Contents = tuple[dict[str, Totals], list[Recorded], Head]


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Only a file is copied here."""
    return str(tmp_path / "ledger.sqlite")


def deposits(first: int, last: int) -> list[Transfer]:
    """Transfers `d-first` to `d-last` with long references, so that a few hundred take many pages."""
    return [
        Transfer(f"d-{number}", VAULT, FUND, number, Reason.DEPOSIT, reference=f"{number}:".ljust(300, "."))
        for number in range(first, last + 1)
    ]


def contents(books: Books) -> Contents:
    return books.all_totals(), books.transfers(limit=100_000), books.head()


def contents_of(path: Path) -> Contents:
    with closing(open_database(path, read_only=True)) as database:
        return contents(Books(database))


@pytest.fixture
def posted(books: Books) -> Books:
    """Books with 500 deposits, ten at a time."""
    for first in range(1, 500, 10):
        assert all(outcome.ok for outcome in books.post(deposits(first, first + 9), first))
    return books


@pytest.fixture
def copied(posted: Books, database: Database, tmp_path: Path) -> Path:
    """A backup of them."""
    return backup(database, tmp_path / "copy.sqlite").path


# -- backup ------------------------------------------------------------------------------------------------------------


def test_a_backup_is_one_file_with_all_that_was_posted(posted: Books, database: Database, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "copy.sqlite"
    told: list[tuple[int, int]] = []
    made = backup(database, path, progress=lambda done, total: told.append((done, total)))
    assert made == Copy(path, posted.head(), path.stat().st_size)
    assert contents_of(path) == contents(posted)
    assert [file.name for file in path.parent.iterdir()] == ["copy.sqlite"]
    assert told[-1] == (made.size_bytes // 2_048, made.size_bytes // 2_048)


def test_an_empty_ledger_can_be_backed_up_by_its_path(database: Database, tmp_path: Path) -> None:
    made = backup(f"sqlite:///{database.path}", f"sqlite:///{tmp_path / 'copy'}")
    assert made.head == Head(0, bytes(32))
    assert contents_of(tmp_path / "copy") == ({}, [], made.head)


def test_a_backup_keeps_the_ledgers_permissions(posted: Books, database: Database, tmp_path: Path) -> None:
    database.path.chmod(0o600)
    assert backup(database, tmp_path / "copy").path.stat().st_mode & 0o777 == 0o600


def test_a_backup_under_load_is_what_the_ledger_was_at_one_moment(
    posted: Books, database: Database, tmp_path: Path
) -> None:
    """Postings go on between the steps of every copy, and each copy must end at a head that the ledger once had."""
    heads, stop, written = {posted.head()}, threading.Event(), threading.Semaphore(0)

    def post_on() -> None:
        number = 501
        while not stop.is_set():
            posted.post(deposits(number, number + 2), number)
            heads.add(posted.head())
            number += 3
            written.release()

    def wait_for_one(_done: int, _total: int) -> None:
        while written.acquire(blocking=False):
            pass
        assert written.acquire(timeout=30), "no transfer could be posted while a backup was being made"

    poster = threading.Thread(target=post_on)
    poster.start()
    try:
        made = [backup(database, tmp_path / f"copy-{index}", progress=wait_for_one) for index in range(5)]
    finally:
        stop.set()
        poster.join()
    journal = posted.transfers(limit=100_000)
    assert len({copy.head for copy in made}) > 1, "nothing was posted between the backups: this proves nothing"
    for copy in made:
        assert copy.head in heads
        totals, prefix, head = contents_of(copy.path)
        assert (head, prefix) == (copy.head, journal[: head.position])
        assert totals[FUND].credits_posted == sum(entry.transfer.amount for entry in prefix)


def test_another_process_is_backed_up_while_it_writes(
    tmp_path: Path, book_clerk: "Callable[[Path], BookClerk]"
) -> None:
    clerk = book_clerk(tmp_path / "ledger.sqlite")
    said = [clerk.next_line() for _ in range(5)]
    made = backup(tmp_path / "ledger.sqlite", tmp_path / "copy.sqlite")
    said += [clerk.next_line() for _ in range(5)]
    said += clerk.kill()
    heads = [line.split()[2] for line in said]
    assert heads.index(made.head.digest.hex()) == made.head.position - 1
    assert 5 <= made.head.position < len(contents_of(tmp_path / "ledger.sqlite")[1])


def test_a_file_at_the_target_is_refused_unless_it_may_be_replaced(
    posted: Books, database: Database, copied: Path
) -> None:
    before = copied.read_bytes()
    posted.post(deposits(501, 501), 501)
    with pytest.raises(BackupError, match="there is a file already; give another path"):
        backup(database, copied)
    assert copied.read_bytes() == before
    assert backup(database, copied, replace=True).head == posted.head() == contents_of(copied)[2]


def test_neither_a_ledger_nor_one_in_use_is_overwritten(posted: Books, database: Database, copied: Path) -> None:
    with pytest.raises(BackupError, match="cannot be copied onto itself"):
        backup(database, database.path, replace=True)
    other = open_database(copied)
    with pytest.raises(LedgerInUseError):
        backup(database, copied, replace=True)
    other.close()
    assert contents_of(copied) == contents(posted)


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
@pytest.mark.parametrize("act", [backup, restore])
def test_what_sqlite_would_play_onto_the_copy_is_refused(
    copied: Path, tmp_path: Path, suffix: str, act: Callable[[Path, Path], Copy]
) -> None:
    left = tmp_path / f"new.sqlite{suffix}"
    left.write_text("left by a crash")
    with pytest.raises(BackupError, match="belongs to another ledger of that name"):
        act(copied, tmp_path / "new.sqlite")
    assert not (tmp_path / "new.sqlite").exists()
    left.write_bytes(b"")
    act(copied, tmp_path / "new.sqlite")


CUT_SHORT = """
import os
import signal
import sys

from custody.backup import backup

backup(sys.argv[1], sys.argv[2], progress=lambda _done, _total: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_backup_that_was_killed_leaves_no_copy_and_is_not_in_the_way(
    posted: Books, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "copy"
    command = [sys.executable, "-c", CUT_SHORT, str(database.path), str(path)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == -signal.SIGKILL
    left = {file.name for file in tmp_path.glob("copy*")}
    assert "copy.partial" in left
    assert "copy" not in left
    backup(database, path)
    assert contents_of(path) == contents(posted)
    assert [file.name for file in tmp_path.glob("copy*")] == ["copy"]


def test_an_interrupted_backup_leaves_nothing(posted: Books, database: Database, tmp_path: Path) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(database, tmp_path / "copy", progress=interrupt)
    assert list(tmp_path.glob("copy*")) == []


def test_a_ledger_that_was_tampered_with_is_not_backed_up(posted: Books, database: Database, tmp_path: Path) -> None:
    with database.transaction() as tx:
        tx.exec_driver_sql("UPDATE transfer SET amount = amount + 1 WHERE position = 7")
    with pytest.raises(BackupError, match=r"position 7 \(d-7\): row_changed, .*; verify it") as refusal:
        backup(database, tmp_path / "copy")
    assert str(refusal.value).startswith(f"{database.path}: its copy is not sound")
    assert list(tmp_path.glob("copy*")) == []


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("absent", "copy", "there is no ledger here"),
        ("notes", "copy", "cannot be read as a ledger"),
        ("ledger.sqlite", "nowhere/copy", "directory does not exist; make it first"),
        ("ledger.sqlite", ".", "this is a directory"),
        ("ledger.sqlite", "postgresql://localhost/copy", "only SQLite is supported"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused(
    posted: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes").write_text("not a database\n" * 100)
    before = set(tmp_path.iterdir())
    for act in (backup, restore):
        with pytest.raises(DatabaseError, match=words):
            act(source, target)
    assert set(tmp_path.iterdir()) == before


# -- restore -----------------------------------------------------------------------------------------------------------


def test_a_restored_ledger_goes_on_where_the_backup_ended(posted: Books, copied: Path, tmp_path: Path) -> None:
    made = restore(copied, tmp_path / "restored.sqlite")
    assert made.head == posted.head()
    database = open_database(made.path, create=False)
    books = Books(database)
    assert books.post(deposits(500, 500), 9)[0].repeated
    assert books.post(deposits(501, 501), 9) == posted.post(deposits(501, 501), 9)
    assert contents(books) == contents(posted)
    assert books.verify(made.head) == []
    database.close()


def test_a_restore_never_overwrites(posted: Books, database: Database, copied: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("dear to someone")
    for target in (database.path, copied, tmp_path / "file"):
        before = target.read_bytes()
        with pytest.raises(BackupError, match="there is a file already"):
            restore(copied, target)
        assert target.read_bytes() == before


def test_a_backup_that_was_cut_off_is_named_as_damaged(copied: Path, tmp_path: Path) -> None:
    os.truncate(copied, copied.stat().st_size // 2)
    with pytest.raises(DatabaseError, match=r"copy\.sqlite: damaged: .*; restore it from another copy"):
        restore(copied, tmp_path / "restored")
    assert list(tmp_path.glob("restored*")) == []


def test_a_page_of_nothing_is_named_as_damage(copied: Path, tmp_path: Path) -> None:
    with copied.open("r+b") as file:
        file.seek(20 * 2_048)
        file.write(bytes(2_048))
    with pytest.raises(DamagedError, match="damaged"):
        restore(copied, tmp_path / "restored")


def test_more_than_three_faults_are_counted(copied: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(copied)) as tampered:
        tampered.execute("UPDATE transfer SET reference = 'other' WHERE position <= 10")
        tampered.commit()
    with pytest.raises(DamagedError, match=r"position 1 \(d-1\): row_changed, .*position 3 .*; and 7 more; restore it"):
        restore(copied, tmp_path / "restored")


def what_is_wrong(path: Path) -> str:
    try:
        require_sound(path)
    except DatabaseError as fault:
        return str(fault)
    return ""


def test_a_changed_byte_is_found_or_has_changed_nothing_that_is_posted(copied: Path, tmp_path: Path) -> None:
    sound, bad = copied.read_bytes(), tmp_path / "bad.sqlite"
    before = contents_of(copied)
    random = Random(3)
    found = 0
    for _ in range(60):
        place = random.randrange(len(sound))
        bad.write_bytes(sound[:place] + bytes([sound[place] ^ random.randrange(1, 256)]) + sound[place + 1 :])
        if wrong := what_is_wrong(bad):
            assert wrong.startswith(f"{bad}: ")
            found += 1
        else:
            assert contents_of(bad) == before, f"byte {place} was changed unnoticed"
    assert found > 30


def test_a_trusted_head_tells_another_ledger_from_this_one(copied: Path) -> None:
    head = require_sound(copied)
    assert require_sound(copied, head) == head
    for other in (Head(head.position, bytes(32)), Head(head.position + 1, head.digest)):
        with pytest.raises(DamagedError, match="history_rewritten"):
            require_sound(copied, other)


def test_a_backup_is_read_where_nothing_can_be_written_beside_it(copied: Path, tmp_path: Path) -> None:
    folder = tmp_path / "medium"
    folder.mkdir()
    path = shutil.copy(copied, folder)
    require_sound(Path(path))
    assert [file.name for file in folder.iterdir()] == ["copy.sqlite"]
