"""What stands at a path: a ledger of ours, nothing yet, or something that must not be touched.

Looking writes nothing. A file that is not ours, or was written by a newer version, stays as it was.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

APPLICATION_ID = 0x42554C4B  # "BULK": how a SQLite file says whose it is
SCHEMA_VERSION = 1

_SQLITE_PREFIX = "sqlite:///"


class DatabaseError(RuntimeError):
    """The database cannot be used; the message names the file and says what to do."""


def path_of(place: Path | str) -> Path:
    """The path in a place given as such or as sqlite:///PATH; DatabaseError where it cannot be a file."""
    text = str(place)
    if text.startswith(_SQLITE_PREFIX):
        text = text.removeprefix(_SQLITE_PREFIX)
    elif "://" in text:
        raise DatabaseError(f"{text}: only SQLite is supported; give the path of a file or {_SQLITE_PREFIX}PATH")
    if text in {"", ":memory:"}:
        raise DatabaseError("the books are kept in a file; give its path")
    return Path(text)


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


def require_ours(path: Path, *, read_only: bool) -> None:
    """Look at the file's own marks through a connection that writes nothing: a foreign file stays as it was."""
    try:
        with closing(sqlite3.connect(uri_of(path, "ro" if read_only else "rw"), uri=True)) as connection:
            application_id = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_CORRUPT":
            raise DatabaseError(f"{path}: damaged: {error}; restore it from another copy") from error
        raise DatabaseError(f"{path}: cannot be read as a ledger ({error}); give another path or restore it") from error
    if application_id == 0 and tables == 0 and not read_only:
        return  # SQLite has touched it, but nobody has written to it yet
    if application_id != APPLICATION_ID:
        raise DatabaseError(f"{path}: this SQLite file belongs to another program; give another path")
    if version != SCHEMA_VERSION:
        raise DatabaseError(
            f"{path}: its schema is {version}, this program knows {SCHEMA_VERSION}; use the version that wrote it"
        )


def uri_of(path: Path, mode: str) -> str:
    """The path as SQLite's own URI; `mode` is "ro" or "rw", neither of which makes a file."""
    return f"{path.absolute().as_uri()}?mode={mode}"
