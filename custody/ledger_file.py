"""What stands at a path: a ledger of ours, nothing yet, or something that must not be touched.

Looking writes nothing. A file that is not ours, or was written by a newer version, stays as it was.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from custody.places import DatabaseError, path_of
from custody.schema import LEDGER, Schema

__all__ = ["APPLICATION_ID", "DatabaseError", "is_new", "look", "path_of", "require_directory", "uri_of"]

APPLICATION_ID = 0x42554C4B  # "BULK": how a SQLite file says whose it is


def is_new(path: Path, create: bool) -> bool:
    """Whether there is no ledger yet at the path; DatabaseError where there cannot be one."""
    require_directory(path)
    try:
        new = not path.exists() or path.stat().st_size == 0
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if new and not create:
        raise DatabaseError(f"{path}: there is no ledger here; check the path, or let the command make one")
    return new


def require_directory(path: Path) -> None:
    """DatabaseError unless a file could stand at the path."""
    if path.is_dir():
        raise DatabaseError(f"{path}: this is a directory; give the path of a file in it")
    if not path.parent.is_dir():
        raise DatabaseError(f"{path}: its directory does not exist; make it first")


def look(path: Path, schemas: Iterable[Schema], *, read_only: bool) -> dict[str, str]:
    """The revisions that a ledger's file is at, by version table; empty for one that nobody has written to yet.

    Looks through a connection that writes nothing. DatabaseError for a file that is damaged or not a ledger of ours.
    """
    try:
        with closing(sqlite3.connect(uri_of(path, "ro" if read_only else "rw"), uri=True)) as connection:
            application_id = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            found = {
                schema.version_table: _revision(connection, schema)
                for schema in (LEDGER, *schemas)
                if schema.version_table in tables
            }
    except UnicodeDecodeError as error:  # the name of a table is no text
        raise DatabaseError(f"{path}: damaged: {error}; restore it from another copy") from error
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_CORRUPT":
            raise DatabaseError(f"{path}: damaged: {error}; restore it from another copy") from error
        raise DatabaseError(f"{path}: cannot be read as a ledger ({error}); give another path or restore it") from error
    if application_id == 0 and not tables and not read_only:
        return {}  # SQLite has touched it, but nobody has written to it yet
    if application_id != APPLICATION_ID:
        raise DatabaseError(f"{path}: this SQLite file belongs to another program; give another path")
    if LEDGER.version_table not in found:
        raise DatabaseError(f"{path}: written before the first release, which cannot be read; begin a new ledger")
    return found


def uri_of(path: Path, mode: str) -> str:
    """The path as SQLite's own URI; `mode` is "ro" or "rw", neither of which makes a file."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def _revision(connection: sqlite3.Connection, schema: Schema) -> str:
    row = connection.execute(f"SELECT version_num FROM {schema.version_table}").fetchone()
    return str(row[0]) if row else ""
