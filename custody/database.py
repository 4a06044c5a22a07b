"""The database engine, and the one place where a transaction begins.

SQLite by default: write-ahead log, every commit on disk before it is acknowledged (synchronous FULL), foreign keys on.
A write takes the write lock at its start (BEGIN IMMEDIATE), so what it read cannot change before it writes. A file
that is not ours, or was written by a newer version, is refused before anything in it is touched.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import SQLModel

APPLICATION_ID = 0x42554C4B  # "BULK": how a SQLite file says whose it is
SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 10_000  # how long a write waits for another process to finish its own

_WRITES = "bulkhead_writes"
_SQLITE_PREFIX = "sqlite:///"


class DatabaseError(RuntimeError):
    """The database cannot be used; the message names the file and says what to do."""


class Database:
    """An open database. Safe to share between threads; writes take turns."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._turn = threading.Lock()
        self._writing_thread: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction: durable once the block ends, undone as a whole if it raises.

        Rows of one's own go through the same connection (`Session(bind=tx)` works on it too). Nesting it raises
        DatabaseError, for the inner one would wait for the outer for ever: pass the open transaction on instead.
        """
        if self._writing_thread == threading.get_ident():
            raise DatabaseError(f"{self._place}: a transaction is open already in this thread; pass it on instead")
        with self._turn:
            self._writing_thread = threading.get_ident()
            try:
                with self._begin(writes=True) as connection:
                    yield connection
            finally:
                self._writing_thread = None

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read transaction: everything read in it is from one moment, and no writer waits for it."""
        with self._begin(writes=False) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file; the last to close it also folds the write-ahead log back into it."""
        self._engine.dispose()

    @contextmanager
    def _begin(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(**{_WRITES: writes})
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise DatabaseError(f"{self._place}: the database refused: {error.orig}") from error


def open_database(place: Path | str, *, create: bool = True) -> Database:
    """Open a ledger's SQLite file, given by path or as sqlite:///PATH; make it where `create` allows and none is there.

    Every table registered with SQLModel at this moment exists afterwards, so import the modules that define tables
    first. Raises DatabaseError for a missing directory or file, a file that is no database or another program's, and
    one that a newer version wrote.
    """
    path = _path_of(place)
    is_new = _is_new(path, create)
    if not is_new:
        _require_ours(path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    database = Database(engine, str(path))
    try:
        with database.transaction() as tx:
            # Inside the transaction, so a crash leaves either an empty file or a whole ledger.
            tx.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            tx.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            SQLModel.metadata.create_all(tx)
    except DatabaseError:
        database.close()
        raise
    return database


def _path_of(place: Path | str) -> Path:
    text = str(place)
    if text.startswith(_SQLITE_PREFIX):
        text = text.removeprefix(_SQLITE_PREFIX)
    elif "://" in text:
        raise DatabaseError(f"{text}: only SQLite is supported; give the path of a file or {_SQLITE_PREFIX}PATH")
    if text in {"", ":memory:"}:
        raise DatabaseError("the books are kept in a file; give its path")
    return Path(text)


def _is_new(path: Path, create: bool) -> bool:
    """Whether there is no ledger yet at the path; DatabaseError where there cannot be one."""
    if path.is_dir():
        raise DatabaseError(f"{path}: this is a directory; give the path of a file in it")
    if not path.parent.is_dir():
        raise DatabaseError(f"{path}: its directory does not exist; make it first")
    try:
        is_new = not path.exists() or path.stat().st_size == 0
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if is_new and not create:
        raise DatabaseError(f"{path}: there is no ledger here; check the path, or let the command make one")
    return is_new


def _require_ours(path: Path) -> None:
    """Look at the file's own marks through a connection that writes nothing: a foreign file stays as it was."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            application_id = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseError(f"{path}: cannot be read as a ledger ({error}); give another path or restore it") from error
    if application_id == 0 and tables == 0:
        return  # SQLite has touched it, but nobody has written to it yet
    if application_id != APPLICATION_ID:
        raise DatabaseError(f"{path}: this SQLite file belongs to another program; give another path")
    if version != SCHEMA_VERSION:
        raise DatabaseError(
            f"{path}: its schema is {version}, this program knows {SCHEMA_VERSION}; use the version that wrote it"
        )


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Left to itself the driver begins transactions late and only for writes; `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
