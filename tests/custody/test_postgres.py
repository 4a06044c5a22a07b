"""What only a server can do: refuse a login, lose a connection, be written by several processes at once."""

import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import text

from custody.database import Database, DatabaseError, open_database
from custody.places import path_of
from custody.server_address import parts_of, printable
from scripts.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "s3cret/@:?#%"
ROW = (
    "INSERT INTO account (key, id, asset, code, limit_rule, debits_pending, debits_posted, credits_pending,"
    " credits_posted, digest) SELECT coalesce(max(key), 0) + 1, '{}' || coalesce(max(key), 0), 'USDC', 1, 0, 0, 0, 0,"
    " 0, decode(repeat('00', 32), 'hex') FROM account"
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    yield opened
    opened.close()


def keys(database: Database) -> list[int]:
    with database.snapshot() as reader:
        return list(reader.scalars(text("SELECT key FROM account ORDER BY key")))


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://clerk:s3cret@books.example:5433/ledger", "postgresql://clerk@books.example:5433/ledger"),
        ("postgresql://books.example/ledger?user=clerk&password=s3cret", "postgresql://clerk@books.example/ledger"),
        ("postgres://clerk:s3cret@/ledger?host=/run/pg", "postgresql://clerk@/ledger?host=/run/pg"),
        ("postgresql://clerk:s3cret@%2Frun%2Fpg/ledger", "postgresql://clerk@/ledger?host=/run/pg"),
        ("postgresql://clerk:s3cret@[::1]/ledger", "postgresql://clerk@[::1]/ledger"),
        ("postgresql:///?service=books", "postgresql:///?service=books"),
        (f"postgresql://a%40b:{quote(PASSWORD, safe='')}@host/one%20two", "postgresql://a%40b@host/one%20two"),
    ],
)
def test_an_address_is_shown_without_its_password_and_is_still_one(address: str, shown: str) -> None:
    parts = parts_of(address)
    assert printable(parts) == shown
    assert "s3cret" not in shown
    assert printable(parts_of(shown)) == shown


def test_every_spelling_of_the_scheme_opens_the_same_ledger(postgres_url: str) -> None:
    for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        with closing(open_database(postgres_url.replace("postgresql", scheme, 1))) as database:
            assert (database.dialect, database.place) == ("postgresql", postgres_url)


def test_a_ledger_on_a_server_has_no_path(database: Database, postgres_url: str) -> None:
    with pytest.raises(DatabaseError, match="a ledger on a server has no file; copy it with pg_dump") as refusal:
        _ = database.path
    assert str(refusal.value).startswith(postgres_url)
    with pytest.raises(DatabaseError, match="has no file, and only SQLite is supported here; copy it with pg_dump"):
        path_of(postgres_url)


@pytest.fixture
def locked_in(postgres: PostgresServer) -> Iterator[str]:
    """A user whom the server asks for a password."""
    postgres.run(f"CREATE ROLE keyed LOGIN PASSWORD '{PASSWORD}'")
    yield "keyed"
    postgres.run("DROP ROLE keyed")


Addressed = Callable[[PostgresServer], str]
UNREACHABLE: dict[str, tuple[Addressed, str]] = {
    "no such database": (lambda server: server.url("absent", "keyed", PASSWORD), "has no such database .* CREATE DATA"),
    "a wrong password": (lambda server: server.url("ledger", "keyed", "s3cret?"), "refuses this user or password .*; "),
    "no password": (lambda server: server.url("ledger", "keyed"), "refuses this user or password .*; check both"),
    "no such user": (lambda server: server.url("ledger", "nobody", "s3cret"), "lets nobody in .*; check the address"),
    "no server": (lambda _server: "postgresql://keyed:s3cret@/ledger?host=/nowhere", "cannot be reached .*; check the"),
    "a closed port": (
        lambda _server: "postgresql://keyed:s3cret@127.0.0.1:9/ledger",
        "cannot be reached .*; check the",
    ),
    "a bad port": (lambda _server: "postgresql://keyed:s3cret@host:s3cret/ledger", "this address cannot be read; give"),
    "a bad escape": (lambda _server: "postgresql://keyed:s3cret%zz@host/ledger", "this address cannot be read; give"),
    "a bad option": (lambda _server: "postgresql://host/ledger?s3cret=s3cret", "this address cannot be read; give"),
    "a slash in it": (lambda _server: "postgresql://keyed:s3cret/x@host/ledger", "this address cannot be read; give"),
    "a number, a slash": (lambda _server: "postgresql://keyed:12/s3cret@host/ledger", "cannot be read; give"),
    "an at in it": (lambda _server: "postgresql://keyed:x@s3cret@host/ledger", "this address cannot be read; give"),
    "a question": (lambda _server: "postgresql://keyed:12?s3cret@127.0.0.1:9/ledger", "cannot be reached .*; check"),
}


@pytest.mark.usefixtures("locked_in")
@pytest.mark.parametrize("case", UNREACHABLE)
@pytest.mark.parametrize("read_only", [False, True])
def test_who_is_not_let_in_is_told_why_and_the_password_is_not(
    postgres: PostgresServer, case: str, read_only: bool
) -> None:
    address, advice = UNREACHABLE[case]
    with pytest.raises(DatabaseError, match=advice) as refusal:
        open_database(address(postgres), read_only=read_only)
    everything = "".join(traceback.format_exception(refusal.value, limit=0))
    for part in ("s3cret", PASSWORD, quote(PASSWORD, safe="")):
        assert part not in everything
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("locked_in")
def test_the_right_password_opens_and_is_shown_nowhere(postgres: PostgresServer, postgres_url: str) -> None:
    name = name_in(postgres_url)
    postgres.run(f"ALTER DATABASE {name} OWNER TO keyed")
    with closing(open_database(postgres.url(name, "keyed", PASSWORD))) as database:
        assert database.place == postgres.url(name, "keyed")
        with pytest.raises(DatabaseError) as refusal, database.transaction() as tx:
            tx.execute(text("SELECT * FROM absent"))
        everything = "".join(traceback.format_exception(refusal.value)) + repr(database) + repr(vars(database))
        assert PASSWORD not in everything
    postgres.drop(name)


# -- what stands in the database ---------------------------------------------------------------------------------------


def relations(server: PostgresServer, url: str) -> list[tuple[Any, ...]]:
    return server.run("SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace", name_in(url))


def name_in(url: str) -> str:
    return url.removeprefix("postgresql://postgres@/").split("?")[0]


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE account (id text)", "CREATE TABLE p (i int) PARTITION BY LIST (i)"]
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_with_the_tables_of_another_is_refused_and_stays_as_it_was(
    postgres: PostgresServer, postgres_url: str, statement: str, read_only: bool
) -> None:
    postgres.run(statement, name_in(postgres_url))
    before = relations(postgres, postgres_url)
    with pytest.raises(DatabaseError, match="has the tables of another program; give another one"):
        open_database(postgres_url, read_only=read_only)
    assert relations(postgres, postgres_url) == before


def test_what_an_extension_has_brought_along_is_nobodys(postgres: PostgresServer, postgres_url: str) -> None:
    name = name_in(postgres_url)
    for statement in (
        "CREATE EXTENSION hstore",
        "CREATE TABLE of_it (i int)",
        "ALTER EXTENSION hstore ADD TABLE of_it",
    ):
        postgres.run(statement, name)
    open_database(postgres_url).close()


def test_many_who_make_the_ledger_at_once_make_one(postgres_url: str) -> None:
    opened: list[Database] = []
    errors: list[Exception] = []
    together = threading.Barrier(4)

    def open_it() -> None:
        together.wait()
        try:
            opened.append(open_database(postgres_url))
        except Exception as error:  # in a thread it would be lost
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in opened:
        assert keys(database) == []
        database.close()
    assert errors == []


# -- writers of several processes --------------------------------------------------------------------------------------

WRITER = f"""
import sys
from custody.database import open_database

database = open_database(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with database.writing() as driver:
        driver.execute({ROW!r}.format("by hand "))
    with database.transaction() as tx:
        tx.exec_driver_sql({ROW!r}.format("by the book "))
database.close()
"""


def test_processes_write_in_turn_and_lose_nothing(database: Database, postgres_url: str) -> None:
    """Each row takes the number behind the last: two who read the same last one would collide."""
    rounds = 40
    command = [sys.executable, "-c", WRITER, postgres_url, str(rounds)]
    writers = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    complaints = [writer.communicate(timeout=60)[1] for writer in writers]
    assert complaints == ["", "", ""]
    assert keys(database) == list(range(1, 3 * 2 * rounds + 1))


def test_a_write_sees_what_was_committed_while_it_waited(database: Database, postgres_url: str) -> None:
    seen: list[int] = []

    def wait_and_read() -> None:
        with database.writing() as driver:
            seen.append(driver.execute("SELECT count(*) FROM account").fetchone()[0])

    with closing(open_database(postgres_url)) as other:
        with other.writing() as first:
            waiting = threading.Thread(target=wait_and_read)
            waiting.start()
            lock = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger_version'::regclass"
            while first.execute(lock).fetchone()[0] == 0:
                pass
            first.execute(ROW.format("one"))
        waiting.join()
    assert seen == [1]


def test_a_write_waits_for_no_vacuum(database: Database, postgres_url: str) -> None:
    with database.writing() as driver:
        pass
    driver.execute("SET lock_timeout = 50")
    with psycopg.connect(postgres_url) as cleaner:
        for table in ("account", "transfer", "seal"):
            cleaner.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE".encode())
        with database.writing() as again:
            again.execute(ROW.format("meanwhile"))
    assert again is driver
    assert keys(database) == [1]


def test_a_server_may_have_habits_of_its_own(postgres: PostgresServer, postgres_url: str) -> None:
    """What is acknowledged is on disk, and what a write reads is what was committed, whatever a server is set to."""
    for habit in ("synchronous_commit = off", "default_transaction_isolation = 'serializable'"):
        postgres.run(f"ALTER DATABASE {name_in(postgres_url)} SET {habit}")
    postgres.run(f"ALTER DATABASE {name_in(postgres_url)} SET default_transaction_read_only = on")
    asked = ("synchronous_commit", "transaction_isolation", "transaction_read_only")
    with closing(open_database(postgres_url)) as database:
        with database.writing() as driver:
            assert [driver.execute(f"SHOW {name}").fetchone()[0] for name in asked] == ["on", "read committed", "off"]
        with database.snapshot() as reader:
            assert [reader.execute(text(f"SHOW {name}")).scalar() for name in asked[1:]] == ["repeatable read", "on"]


# -- connections that die ----------------------------------------------------------------------------------------------

LOST = "the connection to the server was lost .*; what was acknowledged is kept: post the rest again, same ids"


def cut_off(server: PostgresServer, url: str) -> None:
    """End every connection to the database, as a server that restarts would."""
    ending = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name_in(url)}'"
    assert {row[0] for row in server.run(ending)} == {True}


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("when", ["between two", "inside one"])
def test_a_lost_connection_is_told_and_the_next_write_connects_anew(
    postgres: PostgresServer, database: Database, postgres_url: str, by_hand: bool, when: str
) -> None:
    begin: Any = database.writing if by_hand else database.transaction

    def write(cut: bool) -> None:
        with begin() as tx:
            execute = tx.execute if by_hand else tx.exec_driver_sql
            execute(ROW.format("row "))
            database.kept["head"] = 1
            if cut:
                cut_off(postgres, postgres_url)

    write(False)
    if when == "between two":
        cut_off(postgres, postgres_url)
    with pytest.raises(DatabaseError, match=LOST) as told:
        write(when == "inside one")
    assert str(told.value).startswith(postgres_url)
    assert "\n" not in str(told.value)
    assert database.kept == {}
    write(False)
    assert keys(database) == [1, 2]


def test_a_lost_reader_is_told_and_the_next_one_connects_anew(
    postgres: PostgresServer, database: Database, postgres_url: str
) -> None:
    assert keys(database) == []
    cut_off(postgres, postgres_url)
    with pytest.raises(DatabaseError, match=LOST):
        keys(database)
    assert keys(database) == []


def test_an_error_that_was_passed_over_is_no_success(database: Database) -> None:
    """PostgreSQL answers the COMMIT of a transaction that has failed by undoing it, and calls that no error."""

    def pass_over(begin: Any) -> None:
        with begin() as tx:
            execute = getattr(tx, "exec_driver_sql", tx.execute)
            execute(ROW.format("row "))
            with pytest.raises(Exception, match="absent"):
                execute("SELECT * FROM absent")

    for begin in (database.writing, database.transaction):
        with pytest.raises(DatabaseError, match="an error inside the transaction was passed over; nothing of it was"):
            pass_over(begin)
    assert keys(database) == []
