"""A ledger in a SQLite file: one process has it open for writing, any number may read it meanwhile.

Write-ahead log, every commit on disk before it is acknowledged (synchronous FULL), foreign keys on.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from custody.ledger_file import APPLICATION_ID, is_new, look
from custody.places import DatabaseError
from custody.schema import Schema, behind, require_current
from custody.transactions import DISK_IS_FULL, LOCK_IS_TAKEN, LOCK_WAIT_S, Database
from custody.writer_lock import Holder, WriterLock, take_lock

_CACHE_KIB = 65_536
"""Pages of a batch that do not fit are written to the log before its end, and then once more."""


_PAGE_BYTES = 2_048
"""A durable post of one transfer changes seven pages, and all of each goes to the log."""

_LOG_PAGES = 1_000
"""The log's length at which it is folded into the file and begun again. Until then it grows, and flushing a file that
has grown takes twice as long as flushing one in which something else stood before.
"""


class LedgerInUseError(DatabaseError):
    """Somebody has the ledger open for writing: `holder` says who."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.holder = holder
        if holder.is_this_process:
            super().__init__(f"{path}: open for writing already in this process; pass that Database on instead")
        else:
            super().__init__(f"{path}: open for writing by {holder}; wait for it to end, or open it read-only")


class SqliteDatabase(Database):
    """A file; `lock` is the right to write it, None for one that is only read."""

    dialect = "sqlite"
    _faults = sqlite3.Error
    _begin_reading = "BEGIN DEFERRED"

    def __init__(self, path: Path, lock: WriterLock | None) -> None:
        super().__init__(str(path), _engine(path, read_only=lock is None))
        self._path = path
        self._lock = lock
        self._seen: tuple[int] | None = None

    @property
    def path(self) -> Path:
        """The file that the books are in."""
        return self._path

    def close(self) -> None:
        """Let go of the file; the last to close it also folds the write-ahead log back into it."""
        super().close()
        if self._lock is not None:
            self._lock.release()

    def bring_up_to_date(self, schemas: tuple[Schema, ...], found: dict[str, str]) -> None:
        """Make or upgrade the tables in one transaction: a crash leaves what there was, or a whole ledger."""
        if not behind(self.place, schemas, found):
            return
        with self._without_foreign_keys() as tx:
            tx.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            self._make(tx, schemas, found)

    def _begin(self, driver: sqlite3.Connection) -> None:
        driver.execute("BEGIN IMMEDIATE")
        # It changes when another connection has committed, and only then.
        seen = driver.execute("PRAGMA data_version").fetchone()
        if seen != self._seen:
            self.kept.clear()
            self._seen = seen

    def _is_open(self, driver: sqlite3.Connection) -> bool:
        return driver.in_transaction

    def _connected(self) -> Connection:
        is_new = self._writer is None
        writer = super()._connected()
        if is_new:
            self._driver.execute("PRAGMA query_only = OFF")
        return writer

    def _require_writable(self) -> None:
        if self._lock is None:
            raise DatabaseError(f"{self.place}: opened read-only; open it for writing to change it")
        if not self._lock.held:
            raise DatabaseError(f"{self.place}: closed, or opened by the process that started this one; open it anew")

    def _complaint(self, error: BaseException) -> str:
        name = str(getattr(error, "sqlite_errorname", ""))
        # A limit on the size of files reaches SQLite as an I/O error, a full disk by its own name.
        if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
            return DISK_IS_FULL.format(error)
        if name.startswith("SQLITE_BUSY"):
            return LOCK_IS_TAKEN
        return f"the database refused: {error}"

    @contextmanager
    def _without_foreign_keys(self) -> Iterator[Connection]:
        # SQLite changes a table by putting another in its place, which the references to it must survive unheeded.
        with self._transaction(self._begin_making) as tx:
            yield tx
            lost = tx.exec_driver_sql("PRAGMA foreign_key_check").first()
            if lost is not None:
                raise DatabaseError(f"{self.place}: {lost[0]} row {lost[1]} names no {lost[2]}; restore it from a copy")
        self._drop_writer()  # the next one heeds them again

    def _begin_making(self, driver: sqlite3.Connection) -> None:
        driver.execute("PRAGMA foreign_keys = OFF")
        self._begin(driver)


def open_file(path: Path, schemas: tuple[Schema, ...], *, create: bool, read_only: bool) -> SqliteDatabase:
    """Open the ledger at a path; see `open_database`."""
    is_new(path, create and not read_only)  # refuses a place without room before a lock is left there
    if read_only:
        require_current(str(path), schemas, look(path, schemas, read_only=True))
        return SqliteDatabase(path, None)
    lock = lock_for_writing(path)
    try:
        found = {} if is_new(path, create) else look(path, schemas, read_only=False)
        database = SqliteDatabase(path, lock)
    except BaseException:
        lock.release()
        raise
    try:
        database.bring_up_to_date(schemas, found)
    except BaseException:
        database.close()
        raise
    return database


def lock_for_writing(path: Path) -> WriterLock:
    """The right to write the ledger at this path, whether there is one yet or not; raises as `open_database` does."""
    try:
        answer = take_lock(path)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
            raise DatabaseError(f"{path}: {DISK_IS_FULL.format(error.strerror)}") from error
        raise DatabaseError(f"{path}: cannot be locked for writing ({error.strerror}); open it read-only") from error
    if isinstance(answer, Holder):
        raise LedgerInUseError(path, answer)
    return answer


def _engine(path: Path, *, read_only: bool) -> Engine:
    if read_only:
        url = URL.create("sqlite", database=path.absolute().as_uri(), query={"mode": "ro", "uri": "true"})
    else:
        url = URL.create("sqlite", database=str(path))
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_reader if read_only else _prepare)
    return engine


def _prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    # Whoever is to write takes query_only back; everybody else reads.
    _prepare_reader(connection, entry)
    _pragmas(connection, f"page_size = {_PAGE_BYTES}")  # of a file that is yet to be made
    _pragmas(connection, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "query_only = ON")
    _pragmas(connection, f"cache_size = -{_CACHE_KIB}", f"wal_autocheckpoint = {_LOG_PAGES}")


def _prepare_reader(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Left to itself the driver begins transactions late and only for writes; `Database` does it instead.
    connection.isolation_level = None
    _pragmas(connection, f"busy_timeout = {LOCK_WAIT_S * 1_000}")


def _pragmas(connection: Any, *settings: str) -> None:
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")
