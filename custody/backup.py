"""A copy of a ledger, taken while it is in use, that nobody sees before it has proved to be sound.

The copy is made from one read transaction, so it is the ledger as it stood at one moment, and no writer waits for it.
It is written under another name, recounted in full, brought to disk, and only then given its own name.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from custody.books import Books
from custody.database import Database, lock_for_writing, open_database
from custody.journal import Head
from custody.ledger_file import DatabaseError, path_of, require_directory
from custody.soundness import DamagedError, require_sound

Progress = Callable[[int, int], None]
"""Told the pages copied so far, and how many there are in all."""

_STEP_PAGES = 1_024  # 4 MiB between two words of progress
_SIDE_FILES = ("-wal", "-journal")
"""What SQLite would play onto a ledger of that name, whoever's they are."""


class BackupError(DatabaseError):
    """No copy was made; the message names the file that is at fault or in the way."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was made and verified: its file, the head of its journal, and its length in bytes."""

    path: Path
    head: Head
    size_bytes: int


def backup(
    source: Database | Path | str, target: Path | str, *, replace: bool = False, progress: Progress | None = None
) -> Copy:
    """Copy a ledger that may be in use to one file, verified and on disk when this returns.

    `replace` allows the target to be an earlier backup; without it any file there is refused. Raises BackupError, also
    where the copy, and so the source, is not sound; LedgerInUseError where the target is open for writing;
    DatabaseError, which they all are, where the source is no ledger or the target has no directory. In each case what
    stood at the target stands there still.
    """
    return _copy(_path_of(source), path_of(target), replace, progress)


def restore(source: Path | str, target: Path | str, *, progress: Progress | None = None) -> Copy:
    """Make a ledger out of a backup, verified before and after; never over a file that is there already.

    Raises DamagedError with what is wrong with the backup, and the other errors of `backup`.
    """
    from_path, to_path = path_of(source), path_of(target)
    require_directory(to_path)
    _require_free(to_path, replace=False)
    require_sound(from_path)
    return _copy(from_path, to_path, False, progress)


def _copy(source: Path, target: Path, replace: bool, progress: Progress | None) -> Copy:
    require_directory(target)
    if source.resolve() == target.resolve():
        raise BackupError(f"{target}: a ledger cannot be copied onto itself; give another path")
    partial = target.with_name(target.name + ".partial")
    with closing(open_database(source, create=False, read_only=True)) as database, _reserved(target):
        _require_free(target, replace)
        try:
            head = _fill(database, partial, progress)
            require_sound(partial, head)
            size_bytes = partial.stat().st_size
            _flush(partial)
            partial.replace(target)
            _flush(target.parent)
        except DamagedError as fault:
            raise BackupError(f"{source}: its copy is not sound and was not kept: {fault.wrong}; verify it") from fault
        except OSError as error:
            raise BackupError(f"{target}: cannot be written ({error.strerror})") from error
        finally:
            _clear(partial)
    return Copy(target, head, size_bytes)


def _path_of(source: Database | Path | str) -> Path:
    return source.path if isinstance(source, Database) else path_of(source)


@contextmanager
def _reserved(target: Path) -> Iterator[None]:
    """Nobody opens a ledger at the target, or makes another copy there, while this one is made."""
    lock = lock_for_writing(target)
    try:
        yield
    finally:
        lock.release()


def _require_free(target: Path, replace: bool) -> None:
    if target.exists() and not replace:
        raise BackupError(f"{target}: there is a file already; give another path")
    for suffix in _SIDE_FILES:
        beside = target.with_name(target.name + suffix)
        if beside.exists() and beside.stat().st_size > 0:  # who only reads leaves an empty one behind
            raise BackupError(f"{beside}: belongs to another ledger of that name, in use or left by a crash; move both")


def _fill(database: Database, partial: Path, progress: Progress | None) -> Head:
    """Copy the ledger as it stands at this moment; the head that the copy must have."""
    _clear(partial)  # left by a copy that was cut short, and its journal would be played onto this one
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL, stat.S_IMODE(database.path.stat().st_mode)))

    def tell(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    # Reading the head begins the read transaction. Without one, every commit meanwhile would start the copy anew.
    with database.snapshot() as reader:
        head = Books(database).head(reader)
        try:
            with closing(sqlite3.connect(partial)) as copy:
                _driver_of(reader).backup(copy, pages=_STEP_PAGES, progress=tell)
                # One file that needs no other beside it, and can be read where nothing can be written.
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise BackupError(f"{database.path}: cannot be copied to {partial}: {error}") from error
    return head


def _driver_of(reader: Connection) -> sqlite3.Connection:
    connection = reader.connection.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise BackupError(f"only SQLite ledgers can be copied, not one behind {type(connection).__name__}")
    return connection


def _clear(partial: Path) -> None:
    for suffix in ("", *_SIDE_FILES):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
