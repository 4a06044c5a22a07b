"""A file that is not ours is refused untouched; a transaction is all or nothing and begins in one place."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.database import APPLICATION_ID, Database, DatabaseError, open_database


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


def test_writers_take_turns_whether_they_share_an_engine_or_only_the_file(database: Database, tmp_path: Path) -> None:
    other = open_database(tmp_path / "ledger.sqlite")
    with database.transaction() as tx:
        tx.exec_driver_sql("CREATE TABLE tally (count INTEGER)")
        tx.exec_driver_sql("INSERT INTO tally VALUES (0)")

    def count_up(opened: Database) -> None:
        for _ in range(10):
            with opened.transaction() as tx:
                count = tx.exec_driver_sql("SELECT count FROM tally").scalar_one()
                tx.exec_driver_sql("UPDATE tally SET count = ?", (count + 1,))

    threads = [threading.Thread(target=count_up, args=(opened,)) for opened in (database, database, other, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    with database.snapshot() as reader:
        assert reader.exec_driver_sql("SELECT count FROM tally").scalar_one() == 40
