"""A ledger in a PostgreSQL database: any number of processes write it, one at a time.

A write first locks the table that holds the ledger's revision, in a mode that lets readers by. It is the first lock of
every write, so none can wait for another in a circle; and it is on a table that nothing else ever changes: a lock on
one that grows would wait for the server's own vacuum of it, a second each time, and ask for the right to change it.
Under the lock a write reads what was committed (READ COMMITTED); a reader sees one moment (REPEATABLE READ).
"""

from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, create_engine

from custody.ledger_file import APPLICATION_ID
from custody.places import DatabaseError
from custody.schema import LEDGER, Schema, behind, require_current
from custody.server_address import Parts, parts_of, printable, why_not
from custody.transactions import DISK_IS_FULL, LOCK_IS_TAKEN, LOCK_WAIT_S, Database

# Said outright, for a server may be set to other ways of its own.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
_LOCK = f"LOCK TABLE {LEDGER.version_table} IN EXCLUSIVE MODE"
_MAKERS_LOCK = f"SELECT pg_advisory_xact_lock({APPLICATION_ID})"  # as long as there is no table to lock
_HABITS = (
    f"SET lock_timeout = '{LOCK_WAIT_S}s'; "
    # What is acknowledged is on disk: the "synchronous FULL" of a file.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
_TABLES = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    # What an extension has brought along is nobody's.
    " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
)
_LOST = "the connection to the server was lost ({}); what was acknowledged is kept: post the rest again, same ids"
_OUT_OF_DISK = {"53100", "58030"}
_LOCK_NOT_AVAILABLE = "55P03"
_IDLE_FOR_TOO_LONG = "25P03"


class PostgresDatabase(Database):
    """A database on a server, by the parts of its address."""

    dialect = "postgresql"
    _faults = psycopg.Error
    _begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def __init__(self, parts: Parts, *, read_only: bool) -> None:
        # The extension that SQLAlchemy asks each server for is not used.
        engine = create_engine("postgresql+psycopg://", creator=lambda: _connected(parts), use_native_hstore=False)
        super().__init__(printable(parts), engine)
        self._read_only = read_only

    @property
    def path(self) -> Path:
        """A ledger on a server is in no file: DatabaseError."""
        raise DatabaseError(f"{self.place}: a ledger on a server has no file; copy it with pg_dump")

    def close(self) -> None:
        """Let go of the server; nothing can be read or written afterwards."""
        super().close()
        self._process = 0

    def bring_up_to_date(self, schemas: tuple[Schema, ...], *, create: bool) -> None:
        """Make or upgrade the tables in one transaction, whoever else is about to; nothing where it is read-only."""
        with self.snapshot() as reader:
            found = self._look(reader, schemas)
        if not found and (self._read_only or not create):
            raise DatabaseError(
                f"{self.place}: there is no ledger here; check the address, or let the command make one"
            )
        if self._read_only:
            require_current(self.place, schemas, found)
        elif behind(self.place, schemas, found):
            with self._transaction(self._begin_making) as tx:
                found = self._look(tx, schemas)  # again, for another may have made it meanwhile
                if found:
                    tx.exec_driver_sql(_LOCK)
                self._make(tx, schemas, found)

    def _begin(self, driver: Any) -> None:
        self.kept.clear()
        driver.execute(_BEGIN + _LOCK, prepare=False)  # in one message, so it cannot be prepared

    def _begin_making(self, driver: Any) -> None:
        driver.execute(_BEGIN + _MAKERS_LOCK, prepare=False)

    def _is_open(self, driver: Any) -> bool:
        # After an error the server answers COMMIT by undoing everything, and calls that no error.
        return bool(driver.pgconn.transaction_status == TransactionStatus.INTRANS)

    def _complaint(self, error: BaseException) -> str:
        state = getattr(error, "sqlstate", None) or ""
        words = (str(error).splitlines() or [type(error).__name__])[0]
        if state == _LOCK_NOT_AVAILABLE:
            return LOCK_IS_TAKEN
        if state in _OUT_OF_DISK:
            return DISK_IS_FULL.format(words)
        is_silent = isinstance(error, psycopg.OperationalError) and not state
        if is_silent or state.startswith(("08", "57P")) or state == _IDLE_FOR_TOO_LONG:
            return _LOST.format(words)
        return f"the database refused: {words}"

    def _require_writable(self) -> None:
        if self._read_only:
            raise DatabaseError(f"{self.place}: opened read-only; open it for writing to change it")
        self._require_ours()

    def _look(self, reader: Connection, schemas: tuple[Schema, ...]) -> dict[str, str]:
        """The revisions found, by version table; empty where there are no tables at all."""
        tables = set(reader.exec_driver_sql(_TABLES).scalars())
        if tables and LEDGER.version_table not in tables:
            raise DatabaseError(f"{self.place}: this database has the tables of another program; give another one")
        return {
            one.version_table: reader.exec_driver_sql(f"SELECT version_num FROM {one.version_table}").scalar() or ""
            for one in (LEDGER, *schemas)
            if one.version_table in tables
        }


def open_server(address: str, schemas: tuple[Schema, ...], *, create: bool, read_only: bool) -> PostgresDatabase:
    """Open the ledger at a server's address; see `open_database`."""
    database = PostgresDatabase(parts_of(address), read_only=read_only)
    try:
        database.bring_up_to_date(schemas, create=create)
    except BaseException:
        database.close()
        raise
    return database


def _connected(parts: Parts) -> "psycopg.Connection[tuple[Any, ...]]":
    try:
        # The driver begins no transactions by itself; `Database` does, and with its own words.
        connection = psycopg.connect(**cast(dict[str, Any], parts), autocommit=True)
        connection.execute(_HABITS, prepare=False)
    except psycopg.Error as error:
        raise DatabaseError(f"{printable(parts)}: {why_not(error)}") from error
    return connection
