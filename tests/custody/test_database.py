"""A file that is not ours is refused untouched; a transaction is all or nothing and begins in one place."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import APPLICATION_ID, Database, DatabaseError, open_database

if TYPE_CHECKING:
    from tests.custody.conftest import BookClerk


def pragmas(database: Database, *names: str) -> list[object]:
    with database.snapshot() as reader:
        return [reader.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]


def foreign_file(path: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path.read_bytes()


def test_a_new_ledger_is_durable_and_says_whose_it_is(database: Database) -> None:
    assert APPLICATION_ID.to_bytes(4, "big") == b"BULK"
    names = ("application_id", "user_version", "journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    assert pragmas(database, *names) == [APPLICATION_ID, 1, "wal", 2, 1, 10_000]


def test_a_ledger_opens_again_by_path_or_url(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for place in (path, str(path), f"sqlite:///{path}"):
        database = open_database(place)
        Books(database).open_accounts([Chart("USDC").fees()])
        assert len(Books(database).accounts()) == 1
        database.close()
    open_database(path, create=False).close()


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    open_database(tmp_path / "empty").close()
    open_database(tmp_path / "empty", create=False).close()


@pytest.mark.parametrize(
    ("statements", "advice"),
    [
        (["CREATE TABLE account (id TEXT)"], "belongs to another program; give another path"),
        (["PRAGMA application_id = 7"], "belongs to another program; give another path"),
        ([f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = 2"], "use the version that wrote it"),
    ],
)
def test_a_foreign_or_newer_file_is_refused_and_stays_as_it_was(
    tmp_path: Path, statements: list[str], advice: str
) -> None:
    path = tmp_path / "other.sqlite"
    before = foreign_file(path, *statements)
    with pytest.raises(DatabaseError, match=advice) as refusal:
        open_database(path)
    assert str(path) in str(refusal.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["other.sqlite"]


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database\n" * 100)
    with pytest.raises(DatabaseError, match="cannot be read as a ledger"):
        open_database(path)
    assert path.read_text() == "not a database\n" * 100


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("nowhere/ledger.sqlite", "directory does not exist; make it first"),
        (".", "is a directory; give the path of a file"),
        ("postgresql://localhost/ledger", "only SQLite is supported"),
        (":memory:", "kept in a file; give its path"),
        ("", "kept in a file; give its path"),
    ],
)
def test_a_place_without_room_for_a_ledger_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, advice: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseError, match=advice):
        open_database(place)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_ledger_is_only_made_on_demand(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no ledger here"):
        open_database(tmp_path / "absent", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_transaction_that_raises_leaves_nothing(database: Database, chart: Chart) -> None:
    books = Books(database)

    def open_and_fail() -> None:
        with database.transaction() as tx:
            books.open_accounts([chart.vault()], tx)
            assert books.accounts(tx) == (chart.vault(),)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        open_and_fail()
    assert books.accounts() == ()


def test_a_nested_transaction_is_refused_rather_than_waited_for(database: Database) -> None:
    with database.transaction(), pytest.raises(DatabaseError, match="pass it on"), database.transaction():
        pass
    with database.transaction():
        pass  # the refusal has not left the lock behind


def test_a_snapshot_neither_waits_for_a_writer_nor_sees_it(database: Database, chart: Chart) -> None:
    books = Books(database)
    with database.transaction() as tx:
        books.open_accounts([chart.vault()], tx)
        assert books.accounts() == ()
    assert books.accounts() == (chart.vault(),)


def test_what_the_database_refuses_is_a_fault_with_its_place(database: Database, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no such table") as fault, database.transaction() as tx:
        tx.exec_driver_sql("SELECT * FROM absent")
    assert str(tmp_path) in str(fault.value)


def test_writers_take_turns_whether_they_share_a_database_or_only_the_file(database: Database) -> None:
    with database.transaction() as tx:
        tx.exec_driver_sql("CREATE TABLE tally (count INTEGER)")
        tx.exec_driver_sql("INSERT INTO tally VALUES (0)")

    def count_up() -> None:
        for _ in range(10):
            with database.transaction() as tx:
                count = tx.exec_driver_sql("SELECT count FROM tally").scalar_one()
                tx.exec_driver_sql("UPDATE tally SET count = ?", (count + 1,))

    def count_up_by_hand() -> None:
        with closing(sqlite3.connect(database.path, isolation_level=None, timeout=10)) as other:
            for _ in range(10):
                other.execute("BEGIN IMMEDIATE")
                (count,) = other.execute("SELECT count FROM tally").fetchone()
                other.execute("UPDATE tally SET count = ?", (count + 1,))
                other.execute("COMMIT")

    threads = [threading.Thread(target=work) for work in (count_up, count_up, count_up_by_hand, count_up_by_hand)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.snapshot() as reader:
        assert reader.exec_driver_sql("SELECT count FROM tally").scalar_one() == 40


# -- read-only ---------------------------------------------------------------------------------------------------------


def test_a_reader_works_beside_a_writer_and_after_it_and_changes_nothing(
    database: Database, books: Books, cast: tuple[Account, ...]
) -> None:
    reader = open_database(database.path, read_only=True)
    assert set(Books(reader).accounts()) == set(cast)
    books.open_accounts([Chart("ETH").fees()])
    assert len(Books(reader).accounts()) == len(cast) + 1
    with pytest.raises(DatabaseError, match="opened read-only; open it for writing"), reader.transaction():
        pass
    with pytest.raises(DatabaseError, match="attempt to write a readonly database"), reader.snapshot() as tx:
        tx.exec_driver_sql("DELETE FROM account")
    database.close()
    before = database.path.read_bytes()
    late = open_database(f"sqlite:///{database.path}", read_only=True)
    assert len(Books(late).accounts()) == len(cast) + 1
    for opened in (reader, late):
        opened.close()
    assert database.path.read_bytes() == before


@pytest.mark.parametrize("name", ["absent", "empty", "touched"])
def test_where_there_is_no_ledger_a_reader_makes_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").touch()
    foreign_file(tmp_path / "touched", "PRAGMA user_version = 1")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(DatabaseError, match=r"there is no ledger here|belongs to another program"):
        open_database(tmp_path / name, read_only=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_reader_finds_what_a_killed_writer_had_acknowledged(
    tmp_path: Path, book_clerk: "Callable[[Path], BookClerk]"
) -> None:
    """Its last commits stand in the write-ahead log only; a reader takes them from there."""
    clerk = book_clerk(tmp_path / "ledger.sqlite")
    acknowledged = [clerk.next_line() for _ in range(20)]
    clerk.kill()
    reader = open_database(tmp_path / "ledger.sqlite", read_only=True)
    assert {line.split()[1] for line in acknowledged} <= {entry.transfer.id for entry in Books(reader).transfers()}
    assert Books(reader).verify() == []
    reader.close()


def test_a_closed_database_writes_no_more(database: Database, chart: Chart) -> None:
    database.close()
    with pytest.raises(DatabaseError, match="closed, or opened by the process that started this one"):
        Books(database).open_accounts([chart.vault()])
