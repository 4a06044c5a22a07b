"""An open database, and the one place where a transaction begins: what SQLite and PostgreSQL have in common.

A write takes the database's write lock at its start, so what it read cannot change before it writes. Within a process
writers take turns at one connection, which is kept from one to the next and dropped once anything went wrong with it.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, get_ident
from types import TracebackType
from typing import Any, ClassVar, NoReturn

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from custody.places import DatabaseError
from custody.schema import Schema, behind, upgrade

LOCK_WAIT_S = 10
"""How long a write waits for another program to finish its own."""

DISK_IS_FULL = (
    "the disk is full, at a limit, or failing ({}); what was acknowledged is kept: make room, then post the rest again"
    " under the same ids"
)
LOCK_IS_TAKEN = f"another program has held the write lock for more than {LOCK_WAIT_S} s; try again once it has ended"

_WRITES = "bulkhead_writes"


class Writing:
    """A write transaction on the driver's own connection, as `Database.writing` gives it; entered again and again."""

    __slots__ = ("_database",)

    def __init__(self, database: "Database") -> None:
        self._database = database

    # Any, for it is sqlite3's connection or psycopg's: whoever writes by hand asks for `dialect` first.
    def __enter__(self) -> Any:
        return self._database._start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database._finish(error)


class Database(ABC):
    """An open database. Safe to share between threads; writes take turns."""

    dialect: ClassVar[str]
    """What kind it is: "sqlite" or "postgresql"."""
    _faults: ClassVar[type[Exception]]
    _begin_reading: ClassVar[str]

    kept: dict[str, object]
    """What the writer remembers from one write transaction to the next. To be read and written inside them only: it is
    empty after one has failed, and wherever somebody else may have written since the last: at the start of a write
    on SQLite if another connection has committed meanwhile, at the start of every write on PostgreSQL."""
    kept_of_logs: dict[str, object]
    """What the writer remembers of records that are only ever appended to: true of what it has read, whoever has
    written since. To be read and written inside write transactions only: it is empty after one has failed."""

    def __init__(self, place: str, engine: Engine) -> None:
        self.place = place
        self.kept = {}
        self.kept_of_logs = {}
        self._engine = engine
        self._process = os.getpid()
        self._turn = Lock()
        self._writing_thread: int | None = None
        self._writer: Connection | None = None
        self._driver: Any = None
        self._writing = Writing(self)
        event.listen(engine, "begin", self._begin_snapshot)

    @property
    @abstractmethod
    def path(self) -> Path:
        """The file that the books are in; DatabaseError where they are in none."""

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction: durable once the block ends, undone as a whole if it raises.

        Rows of one's own go through the same connection (`Session(bind=tx)` works on it too). Nesting it raises
        DatabaseError, for the inner one would wait for the outer for ever: pass the open transaction on instead. So
        does a database that is read-only, was closed, or was opened before this process was forked off, one whose
        write lock somebody else keeps for too long, and whatever the database itself refuses.
        """
        with self._transaction(self._begin) as tx:
            yield tx

    def writing(self) -> Writing:
        """`transaction` on the driver's own connection (sqlite3's or psycopg's), for statements that must be quick.

        The block neither commits nor rolls back by itself. What the driver refuses is a DatabaseError behind it.
        """
        return self._writing

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read transaction: everything read in it is from one moment, no writer waits for it, and it cannot write."""
        self._require_ours()
        with self._told(), self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of the database; a child that was forked off leaves its parent's connections as they are."""
        if self._process == os.getpid():
            self._drop_writer()
            self._engine.dispose()

    @abstractmethod
    def _begin(self, driver: Any) -> None:
        """Begin a write transaction with the write lock, and forget what is kept where it may be out of date."""

    @abstractmethod
    def _is_open(self, driver: Any) -> bool:
        """Whether the transaction that was begun could still be committed."""

    @abstractmethod
    def _complaint(self, error: BaseException) -> str:
        """What the driver complains of, as a sentence behind the place."""

    @abstractmethod
    def _require_writable(self) -> None:
        """DatabaseError where this process may not write."""

    def _require_ours(self) -> None:
        """DatabaseError where the connections are another process's: two that share one spoil it for both."""
        if self._process != os.getpid():
            raise DatabaseError(f"{self.place}: closed, or opened by the process that started this one; open it anew")

    def _make(self, tx: Connection, schemas: tuple[Schema, ...], found: dict[str, str]) -> None:
        for schema in behind(self.place, schemas, found):
            try:
                upgrade(tx, schema)
            except DBAPIError as error:
                at = found.get(schema.version_table)
                stays = f"cannot be brought from revision {at} to {schema.revisions[-1]} and stays as it was"
                raise DatabaseError(
                    f"{self.place}: its {schema.name} {stays if at else 'cannot be made'}:"
                    f" {self._complaint(error.orig or error)}"
                ) from error

    @contextmanager
    def _transaction(self, begin: Callable[[Any], None]) -> Iterator[Connection]:
        driver = self._start(begin)
        try:
            with self._told(), self._connected().begin() as begun:
                yield begun.connection
                if not self._is_open(driver):
                    raise DatabaseError(self._passed_over())
        except BaseException:
            self._forget()
            raise
        finally:
            self._writing_thread = None
            self._turn.release()

    def _start(self, begin: Callable[[Any], None] | None = None) -> Any:
        """Take the turn among this process's writers, then the lock among all others; the driver's connection."""
        if self._writing_thread == get_ident():
            raise DatabaseError(f"{self.place}: a transaction is open already in this thread; pass it on instead")
        self._require_writable()
        self._turn.acquire()
        try:
            self._writing_thread = get_ident()
            if self._driver is None:
                self._connected()
            (begin or self._begin)(self._driver)
        except BaseException as error:
            self._give_up(error)
            raise
        return self._driver

    def _finish(self, error: BaseException | None) -> None:
        if error is None:
            try:
                if not self._is_open(self._driver):
                    raise DatabaseError(self._passed_over())
                self._driver.commit()
            except BaseException as refused:
                self._give_up(refused)
                raise
            self._writing_thread = None
            self._turn.release()
        else:
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        """Undo the write and let the next one begin; the driver's error as a sentence."""
        try:
            self._forget()
        finally:
            self._writing_thread = None
            self._turn.release()
        if isinstance(error, DBAPIError | self._faults):
            self._tell(error)

    def _connected(self) -> Connection:
        """The connection that all writes go through: taking one from the pool each time costs a tenth of a write."""
        if self._writer is None:
            self._writer = self._engine.connect().execution_options(**{_WRITES: True})
            self._driver = self._writer.connection.driver_connection
        return self._writer

    def _forget(self) -> None:
        """Whatever went wrong with it, the next write goes through a connection that knows nothing of it."""
        self.kept.clear()
        self.kept_of_logs.clear()
        self._drop_writer()

    def _drop_writer(self) -> None:
        writer, self._writer, self._driver = self._writer, None, None
        if writer is not None:
            writer.invalidate()  # closed, and with it what was not committed; never given to anybody else
            writer.close()

    def _begin_snapshot(self, connection: Connection) -> None:
        if not connection.get_execution_options().get(_WRITES, False):
            connection.exec_driver_sql(self._begin_reading)

    def _passed_over(self) -> str:
        return f"{self.place}: an error inside the transaction was passed over; nothing of it was kept"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The driver's complaints as sentences that name the place."""
        try:
            yield
        except (DBAPIError, self._faults) as error:
            self._tell(error)

    def _tell(self, error: BaseException) -> NoReturn:
        said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise DatabaseError(f"{self.place}: {self._complaint(said)}") from error
