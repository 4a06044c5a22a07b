"""A place that is not ours is refused untouched; a transaction is all or nothing and begins in one place.

What holds on both databases runs on both; what only a file or only a server can do is in the second half, and in
test_postgres.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from custody.books import Books
from custody.database import APPLICATION_ID, Database, DatabaseError, open_database
from custody.tables import ACCOUNT

if TYPE_CHECKING:
    from tests.custody.conftest import BookClerk

INSERT = (
    "INSERT INTO account (key, id, asset, code, limit_rule, debits_pending, debits_posted, credits_pending,"
    " credits_posted, digest) VALUES ({}, '{}', 'USDC', 1, 0, 0, 0, 0, 0, {})"
)
ZEROS = {"sqlite": "zeroblob(32)", "postgresql": "decode(repeat('00', 32), 'hex')"}


def opened_in(tx: Any, key: int, name: str) -> None:
    """A row by hand, through SQLAlchemy's connection or a driver's."""
    execute = tx.exec_driver_sql if isinstance(tx, Connection) else tx.execute
    is_file = isinstance(tx, sqlite3.Connection) or (isinstance(tx, Connection) and tx.dialect.name == "sqlite")
    execute(INSERT.format(key, name, ZEROS["sqlite" if is_file else "postgresql"]))


def names(database: Database) -> list[str]:
    with database.snapshot() as reader:
        return list(reader.scalars(ACCOUNT.select().with_only_columns(ACCOUNT.c.id).order_by(ACCOUNT.c.id)))


Begin = Callable[[Database], AbstractContextManager[Any]]
TRANSACTIONS: dict[str, Begin] = {"transaction": Database.transaction, "writing": Database.writing}


@pytest.fixture(params=TRANSACTIONS)
def begin(request: pytest.FixtureRequest) -> Begin:
    """Each of the two ways to write."""
    return TRANSACTIONS[request.param]


@contextmanager
def another(database: Database) -> Iterator[Any]:
    """A stranger's connection to the same ledger, in autocommit."""
    if database.dialect == "sqlite":
        with closing(sqlite3.connect(database.path, isolation_level=None, timeout=10)) as connection:
            yield connection
    else:
        with psycopg.connect(database.place, autocommit=True) as connection:
            yield connection


LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN; LOCK TABLE ledger_version IN EXCLUSIVE MODE"}
IMPATIENT = {"sqlite": "PRAGMA busy_timeout = 50", "postgresql": "SET lock_timeout = 50"}


# -- opening -----------------------------------------------------------------------------------------------------------


def test_a_ledger_opens_again_and_holds_what_it_held(place: str) -> None:
    with closing(open_database(place)) as database, database.transaction() as tx:
        opened_in(tx, 1, "kept")
    for again in ({}, {"create": False}, {"read_only": True}):
        with closing(open_database(place, **again)) as database:
            assert names(database) == ["kept"]


@pytest.mark.parametrize("how", [{"create": False}, {"read_only": True}])
def test_a_missing_ledger_is_only_made_on_demand(place: str, how: dict[str, bool], tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(DatabaseError, match="there is no ledger here; check the"):
            open_database(place, **how)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("nowhere/ledger.sqlite", "directory does not exist; make it first"),
        (".", "is a directory; give the path of a file"),
        (":memory:", "kept in a file; give its path"),
        ("", "kept in a file; give its path"),
        ("mysql://clerk:s3cret@localhost/ledger", "mysql://…: only SQLite and PostgreSQL are supported; give"),
        ("postgresql+asyncpg://clerk:s3cret@localhost/ledger", "only SQLite and PostgreSQL are supported"),
    ],
)
def test_a_place_without_room_for_a_ledger_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, advice: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseError, match=advice) as refusal:
        open_database(place)
    assert "s3cret" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


# -- writing -----------------------------------------------------------------------------------------------------------


def test_the_drivers_own_connection_is_what_writing_gives(either_database: Database) -> None:
    drivers = {"sqlite": sqlite3.Connection, "postgresql": psycopg.Connection}
    with either_database.writing() as first:
        assert isinstance(first, drivers[either_database.dialect])
        opened_in(first, 1, "by hand")
    with either_database.transaction() as tx:
        assert tx.connection.driver_connection is first, "both ways write through one connection"
        opened_in(tx, 2, "by the book")
    with either_database.writing() as again:
        assert again is first
    assert names(either_database) == ["by hand", "by the book"]


def test_what_raises_leaves_nothing(either_database: Database, begin: Begin) -> None:
    def write_and_fail() -> None:
        with begin(either_database) as tx:
            opened_in(tx, 1, "undone")
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            write_and_fail()
    assert names(either_database) == []
    with begin(either_database) as tx:
        opened_in(tx, 1, "kept")
    assert names(either_database) == ["kept"]


@pytest.mark.parametrize("inner", TRANSACTIONS)
def test_a_nested_transaction_is_refused_rather_than_waited_for(
    either_database: Database, begin: Begin, inner: str
) -> None:
    with begin(either_database) as tx:
        opened_in(tx, 1, "outer")
        with pytest.raises(DatabaseError, match="pass it on"), TRANSACTIONS[inner](either_database):
            pass
    with TRANSACTIONS[inner](either_database):
        pass  # the refusal has not left the lock behind
    assert names(either_database) == ["outer"], "the refusal of the inner one has undone the outer"


def test_a_snapshot_neither_waits_for_a_writer_nor_sees_it_nor_writes(either_database: Database, begin: Begin) -> None:
    with begin(either_database) as tx:
        opened_in(tx, 1, "unseen")
        assert names(either_database) == []
    with either_database.snapshot() as reader:
        assert len(reader.execute(ACCOUNT.select()).all()) == 1
        with another(either_database) as other:
            opened_in(other, 2, "later")
        assert len(reader.execute(ACCOUNT.select()).all()) == 1, "the moment has moved on"
    with pytest.raises(DatabaseError, match=r"read-?only"), either_database.snapshot() as reader:
        reader.execute(ACCOUNT.delete())
    assert names(either_database) == ["later", "unseen"]


REFUSED = {
    "SELECT * FROM absent": ("no such table: absent", 'relation "absent" does not exist'),
    INSERT.format(0, "zero", "{zeros}"): (
        "CHECK constraint failed: account_key_is_positive",
        '"account_key_is_positive"',
    ),
    INSERT.format(1, "one", "{zeros}"): ("UNIQUE constraint failed: account.key", '"account_pkey"'),
}


@pytest.mark.parametrize("statement", REFUSED)
def test_what_the_database_refuses_is_told_in_the_same_words_either_way(
    either_database: Database, statement: str
) -> None:
    with either_database.writing() as driver:
        opened_in(driver, 1, "there")
    spoken = statement.format(zeros=ZEROS[either_database.dialect])
    with pytest.raises(DatabaseError) as by_hand, either_database.writing() as driver:
        driver.execute(spoken)
    with pytest.raises(DatabaseError) as by_the_book, either_database.transaction() as tx:
        tx.exec_driver_sql(spoken)
    assert str(by_hand.value) == str(by_the_book.value)
    start = f"{either_database.place}: the database refused: "
    said = str(by_hand.value)
    assert said.startswith(start)
    assert REFUSED[statement][either_database.dialect == "postgresql"] in said
    assert "\n" not in said
    assert isinstance(by_hand.value.__cause__, sqlite3.Error | psycopg.Error)


def test_a_transaction_that_ended_before_its_block_is_no_success(either_database: Database, begin: Begin) -> None:
    """An error that was caught inside may have undone what came before it: COMMIT would not say so by itself."""

    def write_and_undo() -> None:
        with begin(either_database) as tx:
            opened_in(tx, 1, "lost")
            execute = tx.exec_driver_sql if isinstance(tx, Connection) else tx.execute
            execute("ROLLBACK")

    with pytest.raises(DatabaseError, match="was passed over; nothing of it was kept"):
        write_and_undo()
    assert names(either_database) == []
    with begin(either_database) as tx:
        opened_in(tx, 1, "kept")
    assert names(either_database) == ["kept"]


def test_the_wait_for_the_lock_ends_and_is_told(either_database: Database, begin: Begin) -> None:
    with either_database.writing() as driver:
        pass
    driver.execute(IMPATIENT[either_database.dialect])
    told = "has held the write lock for more than 10 s; try again"
    with another(either_database) as other:
        other.execute(LOCK[either_database.dialect])
        with pytest.raises(DatabaseError, match=told) as refusal, begin(either_database):
            pass
        assert str(refusal.value).startswith(either_database.place)
        assert names(either_database) == [], "a reader is not held up by it"
        other.execute("ROLLBACK")
    with begin(either_database) as tx:
        opened_in(tx, 1, "after")
    assert names(either_database) == ["after"]


def test_a_writer_waits_ten_seconds(either_database: Database) -> None:
    with either_database.writing() as driver:
        asked = "PRAGMA busy_timeout" if either_database.dialect == "sqlite" else "SHOW lock_timeout"
        assert driver.execute(asked).fetchone() in {(10_000,), ("10s",)}


def count_up(execute: Callable[[str], Any]) -> None:
    (count,) = execute("SELECT debits_posted FROM account").fetchone()
    execute(f"UPDATE account SET debits_posted = {count + 1}")


def count_by_the_book(database: Database) -> None:
    with database.transaction() as tx:
        count_up(tx.exec_driver_sql)


def count_by_hand(database: Database) -> None:
    with database.writing() as driver:
        count_up(driver.execute)


def count_as_a_stranger(database: Database) -> None:
    with another(database) as other:
        other.execute(LOCK[database.dialect])
        count_up(other.execute)
        other.execute("COMMIT")


def test_writers_take_turns_whoever_they_are(either_database: Database) -> None:
    """Threads of one Database, both ways to write, and strangers with their own connections."""
    with either_database.transaction() as tx:
        opened_in(tx, 1, "tally")
    rounds, errors = 15, []

    def work(count: Callable[[Database], None]) -> None:
        try:
            for _ in range(rounds):
                count(either_database)
        except Exception as error:  # in a thread it would be lost, and the sum below not say why it is wrong
            errors.append(error)

    counters = [count_by_the_book, count_by_hand, count_as_a_stranger] * 2
    threads = [threading.Thread(target=work, args=(counter,)) for counter in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with either_database.snapshot() as reader:
        assert reader.execute(text("SELECT debits_posted FROM account")).scalar_one() == rounds * len(counters)


# -- what a writer remembers -------------------------------------------------------------------------------------------


def test_what_is_kept_outlives_a_write_only_where_nobody_else_can_have_written(
    either_database: Database, begin: Begin
) -> None:
    with begin(either_database) as tx:
        opened_in(tx, 1, "one")
        either_database.kept["head"] = 1
    for inner in TRANSACTIONS.values():
        with inner(either_database):
            assert either_database.kept == ({"head": 1} if either_database.dialect == "sqlite" else {})


def test_what_is_kept_is_forgotten_once_another_has_committed(either_database: Database, begin: Begin) -> None:
    with begin(either_database):
        either_database.kept["head"] = 1
    with another(either_database) as other:
        other.execute(LOCK[either_database.dialect])
        opened_in(other, 1, "undone")
        other.execute("ROLLBACK")
        if either_database.dialect == "sqlite":
            with begin(either_database):
                assert either_database.kept == {"head": 1}, "nothing was committed"
        opened_in(other, 1, "done")
    with begin(either_database):
        assert either_database.kept == {}
        either_database.kept["head"] = 2
    with begin(either_database):
        assert either_database.kept == ({"head": 2} if either_database.dialect == "sqlite" else {})


def test_what_is_kept_is_forgotten_when_a_write_fails(either_database: Database, begin: Begin) -> None:
    def fail(how: Callable[[Any], object]) -> None:
        with begin(either_database) as tx:
            either_database.kept["head"] = 1
            how(tx)

    with pytest.raises(ZeroDivisionError):
        fail(lambda _tx: 1 // 0)
    assert either_database.kept == {}
    with pytest.raises(DatabaseError):
        fail(lambda tx: opened_in(tx, 0, "refused"))
    assert either_database.kept == {}
    with either_database.writing() as driver:
        either_database.kept["head"] = 1
    driver.execute(IMPATIENT[either_database.dialect])
    with another(either_database) as other:
        other.execute(LOCK[either_database.dialect])
        with pytest.raises(DatabaseError), begin(either_database):
            pass
    assert either_database.kept == {}


def test_what_is_kept_of_a_log_outlives_every_write_but_one_that_fails(either_database: Database, begin: Begin) -> None:
    with begin(either_database):
        either_database.kept_of_logs["position"] = 1
    with another(either_database) as other:
        opened_in(other, 1, "done")
    with begin(either_database):
        assert either_database.kept_of_logs == {"position": 1}
    with pytest.raises(ZeroDivisionError), begin(either_database):
        raise ZeroDivisionError
    assert either_database.kept_of_logs == {}


# -- read-only, closed, forked -----------------------------------------------------------------------------------------


def test_a_reader_works_beside_a_writer_and_cannot_write(place: str, begin: Begin) -> None:
    with closing(open_database(place)) as writer, closing(open_database(place, read_only=True)) as reader:
        with begin(writer) as tx:
            opened_in(tx, 1, "one")
            assert names(reader) == []
        assert names(reader) == ["one"]
        with pytest.raises(DatabaseError, match="opened read-only; open it for writing"), begin(reader):
            pass
        with pytest.raises(DatabaseError, match=r"read-?only"), reader.snapshot() as tx:
            tx.execute(ACCOUNT.delete())


def test_a_closed_database_writes_no_more(either_database: Database, begin: Begin) -> None:
    with begin(either_database) as tx:
        opened_in(tx, 1, "before")
    for _ in range(2):
        either_database.close()
    with (
        pytest.raises(DatabaseError, match="closed, or opened by the process that started this one"),
        begin(either_database),
    ):
        pass


def test_a_child_that_was_forked_off_uses_none_of_its_parents_connections(
    either_database: Database, begin: Begin
) -> None:
    with begin(either_database) as tx:
        opened_in(tx, 1, "before")
    assert names(either_database) == ["before"]
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        refusals = []
        for work in (lambda: begin(either_database).__enter__(), lambda: names(either_database)):
            try:
                work()
            except DatabaseError as refused:
                refusals.append("opened by the process that started this one" in str(refused))
        either_database.close()
        os.write(told, str(refusals).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(heard) as pipe:
        assert pipe.read() == "[True, True]"
    os.waitpid(child, 0)
    with begin(either_database) as tx:
        opened_in(tx, 2, "after")
    assert names(either_database) == ["after", "before"], "the child has spoilt its parent's connection"


# -- files -------------------------------------------------------------------------------------------------------------


def pragmas(database: Database, *asked: str) -> list[object]:
    with database.transaction() as tx:
        return [tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]


def foreign_file(path: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path.read_bytes()


@pytest.fixture
def file_database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def test_a_new_ledger_is_durable_and_says_whose_it_is(file_database: Database) -> None:
    assert APPLICATION_ID.to_bytes(4, "big") == b"BULK"
    asked = ("application_id", "user_version", "journal_mode", "synchronous", "foreign_keys", "query_only")
    assert pragmas(file_database, *asked) == [APPLICATION_ID, 0, "wal", 2, 1, 0]


def test_a_file_is_opened_by_path_or_url(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for place in (path, str(path), f"sqlite:///{path}"):
        with closing(open_database(place)) as database:
            assert (database.path, database.place, database.dialect) == (path, str(path), "sqlite")


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    open_database(tmp_path / "empty").close()
    open_database(tmp_path / "empty", create=False).close()


@pytest.mark.parametrize(
    "statements",
    [["CREATE TABLE account (id TEXT)"], ["PRAGMA application_id = 7"], ["CREATE TABLE ledger_version (version_num)"]],
)
def test_a_foreign_file_is_refused_and_stays_as_it_was(tmp_path: Path, statements: list[str]) -> None:
    path = tmp_path / "other.sqlite"
    before = foreign_file(path, *statements)
    for read_only in (False, True):
        with pytest.raises(DatabaseError, match="belongs to another program; give another path") as refusal:
            open_database(path, read_only=read_only)
        assert str(path) in str(refusal.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["other.sqlite"]


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database\n" * 100)
    with pytest.raises(DatabaseError, match="cannot be read as a ledger"):
        open_database(path)
    assert path.read_text() == "not a database\n" * 100


def test_a_reader_leaves_the_file_as_it_was(file_database: Database) -> None:
    with file_database.transaction() as tx:
        opened_in(tx, 1, "one")
    file_database.close()
    before = file_database.path.read_bytes()
    with closing(open_database(f"sqlite:///{file_database.path}", read_only=True)) as late:
        assert names(late) == ["one"]
    assert file_database.path.read_bytes() == before


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
