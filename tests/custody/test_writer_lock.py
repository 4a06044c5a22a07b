"""One process writes a ledger; the next is told who does, and gets its turn the moment that one has ended."""

import fcntl
import json
import multiprocessing
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from custody.books import Books
from custody.database import Database, DatabaseError, LedgerInUseError, open_database
from custody.writer_lock import UNNAMED, Holder, WriterLock, lock_of, take_lock

if TYPE_CHECKING:
    from tests.custody.conftest import BookClerk

    Send = Callable[[Path], BookClerk]


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Only a file is locked so."""
    return str(tmp_path / "ledger.sqlite")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def taken(ledger: Path) -> WriterLock:
    answer = take_lock(ledger)
    assert isinstance(answer, WriterLock), answer
    return answer


def test_a_second_process_is_refused_with_the_name_of_the_first(database: Database, book_clerk: "Send") -> None:
    refusal = book_clerk(database.path).refusal()
    assert refusal.startswith(f"{database.path}: open for writing by ")
    assert f", process {os.getpid()} on {socket.gethostname()} since 2" in refusal
    assert refusal.endswith("wait for it to end, or open it read-only")
    assert Books(database).accounts() == ()


def test_this_process_is_refused_while_another_writes_and_may_read(ledger: Path, book_clerk: "Send") -> None:
    clerk = book_clerk(ledger)
    clerk.next_line()
    with pytest.raises(LedgerInUseError) as refusal:
        open_database(ledger)
    holder = refusal.value.holder
    assert (holder.host, holder.pid) == (socket.gethostname(), clerk.process.pid)
    assert not holder.is_this_process
    reader = open_database(ledger, read_only=True)
    assert Books(reader).head().position >= 1
    reader.close()
    clerk.next_line()


def test_a_killed_holder_leaves_the_lock_free_at_once(ledger: Path, book_clerk: "Send") -> None:
    for round_ in range(3):
        clerk = book_clerk(ledger)
        clerk.next_line()
        last = clerk.kill()[-1:]
        assert lock_of(ledger).exists(), f"in round {round_} the dead holder's words should be there still"
        database = open_database(ledger)
        assert json.loads(lock_of(ledger).read_text())["pid"] == os.getpid()
        stored = [entry.transfer.id for entry in Books(database).transfers(limit=100_000)]
        assert all(line.split()[1] in stored for line in last)
        assert Books(database).verify() == []
        database.close()


def test_the_same_process_is_told_to_share_what_it_has(database: Database) -> None:
    with pytest.raises(LedgerInUseError, match="already in this process; pass that Database on") as refusal:
        open_database(database.path)
    assert refusal.value.holder.is_this_process


def test_a_link_to_the_ledger_is_the_ledger(database: Database, tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to(database.path)
    with pytest.raises(LedgerInUseError):
        open_database(tmp_path / "link.sqlite")


def test_closing_frees_the_lock_and_takes_its_file_away(ledger: Path) -> None:
    for _ in range(2):
        database = open_database(ledger)
        assert lock_of(ledger).exists()
        database.close()
        database.close()
        assert not lock_of(ledger).exists()


def test_a_database_that_nobody_refers_to_any_more_holds_nothing(ledger: Path) -> None:
    lock = taken(ledger)
    assert isinstance(take_lock(ledger), Holder)
    del lock
    taken(ledger).release()


def test_a_refused_file_is_left_without_a_lock(ledger: Path) -> None:
    ledger.write_text("not a database\n" * 100)
    with pytest.raises(DatabaseError, match="cannot be read as a ledger"):
        open_database(ledger)
    assert not lock_of(ledger).exists()
    taken(ledger).release()


@pytest.mark.parametrize(
    "words", ["", "[]", "{", '{"pid": 7}', '{"host": "h", "pid": "x", "program": "", "since": ""}']
)
def test_a_holder_who_has_not_signed_is_still_a_holder(ledger: Path, words: str) -> None:
    lock = taken(ledger)
    lock_of(ledger).write_text(words)
    assert take_lock(ledger) == UNNAMED
    assert str(UNNAMED) == "a process that has not said its name"
    lock.release()


def test_a_lock_on_a_file_that_was_taken_away_keeps_nobody_out_and_is_not_given(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner leaves, file and all, after the next one has opened that file and before it locks it."""
    owner, flock = taken(ledger), fcntl.flock

    def lock_late(descriptor: int, operation: int) -> None:
        owner.release()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    following = taken(ledger)
    assert lock_of(ledger).exists()
    assert isinstance(take_lock(ledger), Holder), "two have the lock"
    following.release()


def test_of_many_who_ask_one_has_the_lock_at_a_time(ledger: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def take_turns() -> None:
        turns = 0
        while turns < 100:
            answer = take_lock(ledger)
            if isinstance(answer, WriterLock):
                inside.append(turns)
                most.append(len(inside))
                inside.pop()
                answer.release()
                turns += 1

    threads = [threading.Thread(target=take_turns) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 400


def write_after_fork(database: Database, answers: "multiprocessing.SimpleQueue[str]") -> None:
    try:
        with database.transaction():
            answers.put("it wrote")
    except DatabaseError as refused:
        answers.put(str(refused))
    database.close()


def test_a_forked_child_neither_writes_nor_keeps_the_lock(database: Database) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=write_after_fork, args=(database, answers))
    child.start()
    assert "opened by the process that started this one" in answers.get()
    child.join()
    assert lock_of(database.path).exists(), "the child has taken its parent's file away"
    with pytest.raises(LedgerInUseError):
        open_database(database.path)


def wait_to_be_told(started: "multiprocessing.SimpleQueue[str]", told: "multiprocessing.SimpleQueue[str]") -> None:
    started.put("started")
    told.get()


def test_a_child_that_outlives_the_holder_does_not_hold_the_lock(ledger: Path) -> None:
    context = multiprocessing.get_context("fork")
    started, told = context.SimpleQueue(), context.SimpleQueue()
    lock = taken(ledger)
    child = context.Process(target=wait_to_be_told, args=(started, told))
    child.start()
    started.get()
    del lock  # closed and not released, as by a process that has ended
    try:
        taken(ledger).release()
    finally:
        told.put("end")
        child.join()
