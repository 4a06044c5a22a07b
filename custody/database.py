"""The database engine, and the one place where a transaction begins.

SQLite by default: write-ahead log, every commit on disk before it is acknowledged (synchronous FULL), foreign keys on.
A write takes the write lock at its start (BEGIN IMMEDIATE), so what it read cannot change before it writes. One
process has a ledger open for writing, any number may read it meanwhile.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import SQLModel

from custody.ledger_file import APPLICATION_ID, SCHEMA_VERSION, DatabaseError, is_new, path_of, require_ours
from custody.writer_lock import Holder, WriterLock, take_lock

__all__ = ["APPLICATION_ID", "Database", "DatabaseError", "LedgerInUseError", "lock_for_writing", "open_database"]

BUSY_TIMEOUT_MS = 10_000  # how long a write waits for another program to finish its own

_WRITES = "bulkhead_writes"


class LedgerInUseError(DatabaseError):
    """Somebody has the ledger open for writing: `holder` says who."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.holder = holder
        if holder.is_this_process:
            super().__init__(f"{path}: open for writing already in this process; pass that Database on instead")
        else:
            super().__init__(f"{path}: open for writing by {holder}; wait for it to end, or open it read-only")


class Database:
    """An open database. Safe to share between threads; writes take turns."""

    def __init__(self, engine: Engine, path: Path, lock: WriterLock | None) -> None:
        self._engine = engine
        self._path = path
        self._lock = lock
        self._turn = threading.Lock()
        self._writing_thread: int | None = None
        self._writer: Connection | None = None

    @property
    def path(self) -> Path:
        """The file that the books are in."""
        return self._path

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction: durable once the block ends, undone as a whole if it raises.

        Rows of one's own go through the same connection (`Session(bind=tx)` works on it too). Nesting it raises
        DatabaseError, for the inner one would wait for the outer for ever: pass the open transaction on instead. So
        does a database that is read-only, was closed, or was opened before this process was forked off.
        """
        if self._writing_thread == threading.get_ident():
            raise DatabaseError(f"{self._path}: a transaction is open already in this thread; pass it on instead")
        self._require_lock()
        with self._turn:
            self._writing_thread = threading.get_ident()
            try:
                with self._told(), self._kept().begin() as begun:
                    yield begun.connection
            except BaseException:
                # Whatever went wrong with it, the next one writes through a connection that knows nothing of it.
                self._drop_writer()
                raise
            finally:
                self._writing_thread = None

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read transaction: everything read in it is from one moment, and no writer waits for it."""
        with self._told(), self._engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: False})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of the file; the last to close it also folds the write-ahead log back into it."""
        self._drop_writer()
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def _require_lock(self) -> None:
        if self._lock is None:
            raise DatabaseError(f"{self._path}: opened read-only; open it for writing to change it")
        if not self._lock.held:
            raise DatabaseError(f"{self._path}: closed, or opened by the process that started this one; open it anew")

    def _kept(self) -> Connection:
        """The connection that all writes go through: taking one from the pool each time costs a tenth of a write."""
        if self._writer is None:
            self._writer = self._engine.connect().execution_options(**{_WRITES: True})
        return self._writer

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The driver's complaints as sentences that name the file."""
        try:
            yield
        except DBAPIError as error:
            raise DatabaseError(f"{self._path}: {_complaint(error)}") from error


def open_database(place: Path | str, *, create: bool = True, read_only: bool = False) -> Database:
    """Open a ledger's SQLite file, given by path or as sqlite:///PATH; make it where `create` allows and none is there.

    Every table registered with SQLModel at this moment exists afterwards, so import the modules that define tables
    first. `read_only` makes nothing, takes no lock and cannot write, and works beside a writer. Raises DatabaseError
    for a missing directory or file, a file that is no database or another program's, and one that a newer version
    wrote; LedgerInUseError where it is open for writing already, in this process or another.
    """
    path = path_of(place)
    is_new(path, create and not read_only)  # refuses a place without room before a lock is left there
    if read_only:
        require_ours(path, read_only=True)
        return Database(_engine(path, read_only=True), path, None)
    lock = lock_for_writing(path)
    database = Database(_engine(path, read_only=False), path, lock)
    try:
        if not is_new(path, create):
            require_ours(path, read_only=False)
        _make_tables(database)
    except BaseException:
        database.close()
        raise
    return database


def lock_for_writing(path: Path) -> WriterLock:
    """The right to write the ledger at this path, whether there is one yet or not; raises as `open_database` does."""
    try:
        answer = take_lock(path)
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be locked for writing ({error.strerror}); open it read-only") from error
    if isinstance(answer, Holder):
        raise LedgerInUseError(path, answer)
    return answer


def _make_tables(database: Database) -> None:
    with database.transaction() as tx:
        # Inside the transaction, so a crash leaves either an empty file or a whole ledger.
        tx.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        tx.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
        SQLModel.metadata.create_all(tx)


def _engine(path: Path, *, read_only: bool) -> Engine:
    if read_only:
        url = URL.create("sqlite", database=path.absolute().as_uri(), query={"mode": "ro", "uri": "true"})
    else:
        url = URL.create("sqlite", database=str(path))
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_reader if read_only else _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    _prepare_reader(connection, entry)
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_reader(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Left to itself the driver begins transactions late and only for writes; `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


def _complaint(error: DBAPIError) -> str:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    # A limit on the size of files reaches SQLite as an I/O error, a full disk by its own name.
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return (
            f"the disk is full, at a limit, or failing ({error.orig}); what was acknowledged is kept: make room, "
            "then post the rest again under the same ids"
        )
    return f"the database refused: {error.orig}"
