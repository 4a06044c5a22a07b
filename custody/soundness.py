"""Whether a ledger's file is whole: SQLite answers for its pages, the books for their journal and counters."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection

from custody.books import Books
from custody.database import DatabaseError, open_database
from custody.journal import Head

_NAMED_FAULTS = 3


class DamagedError(DatabaseError):
    """The file is not the ledger that was written; the message names it and the first things that are wrong."""

    def __init__(self, path: Path, wrong: list[str]) -> None:
        more = f"; and {len(wrong) - _NAMED_FAULTS} more" if len(wrong) > _NAMED_FAULTS else ""
        self.wrong = "; ".join(wrong[:_NAMED_FAULTS]) + more
        super().__init__(f"{path}: damaged: {self.wrong}; restore it from another copy")


def require_sound(path: Path, trusted: Head | None = None) -> Head:
    """The head of a ledger that is whole; DamagedError names what is not, DatabaseError says that it is no ledger.

    `trusted` is a head noted elsewhere, which its journal must contain. Writes nothing; every transfer is recounted.
    """
    with closing(open_database(path, create=False, read_only=True)) as database, _faults_named(path):
        with database.snapshot() as reader:
            wrong = _wrong_pages(reader)
        if not wrong:
            books = Books(database)
            wrong = [
                f"{one.where}: {one.kind}, expected {one.expected}, found {one.found}" for one in books.verify(trusted)
            ]
            head = books.head()
    if wrong:
        raise DamagedError(path, wrong)
    return head


def _wrong_pages(reader: Connection) -> list[str]:
    found = [str(row[0]) for row in reader.exec_driver_sql("PRAGMA integrity_check")]
    orphans = [
        f"{row[0]} row {row[1]}: names no {row[2]}" for row in reader.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return [words for words in found if words != "ok"] + orphans


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    """Once it has been opened as a ledger, whatever cannot be read in it is damage."""
    try:
        yield
    except (DatabaseError, ValueError) as error:  # no page of a database; no member of an enum, no text
        raise DamagedError(path, [str(error).removeprefix(f"{path}: ")]) from error
