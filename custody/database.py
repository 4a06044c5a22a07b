"""The front door to the books' database: SQLite by default, PostgreSQL where several processes write."""

from pathlib import Path

from custody.ledger_file import APPLICATION_ID
from custody.places import DatabaseError, path_of, server_of
from custody.schema import LEDGER, Schema
from custody.sqlite import LedgerInUseError, lock_for_writing, open_file
from custody.transactions import Database

__all__ = [
    "APPLICATION_ID",
    "LEDGER",
    "Database",
    "DatabaseError",
    "LedgerInUseError",
    "Schema",
    "lock_for_writing",
    "open_database",
]


def open_database(
    place: Path | str, *, create: bool = True, read_only: bool = False, schemas: tuple[Schema, ...] = (LEDGER,)
) -> Database:
    """Open a ledger: a SQLite file by path or as sqlite:///PATH, a PostgreSQL database as postgresql://….

    Its tables are those of `schemas`, at their newest revision: made where there are none and `create` allows it, and
    upgraded, in one transaction, where an older version wrote them. `read_only` makes and upgrades nothing, takes no
    lock and cannot write, and works beside a writer. A PostgreSQL database has to be there already, if only empty.

    Raises DatabaseError for a place that cannot be reached or that holds no database, one with the tables of another
    program, which stays as it was, and one that a newer version wrote; LedgerInUseError where a file is open for
    writing already, in this process or another.
    """
    address = server_of(place)
    if address is None:
        return open_file(path_of(place), schemas, create=create, read_only=read_only)
    from custody.postgres import open_server  # its driver takes a while to load, and a file needs none of it

    return open_server(address, schemas, create=create, read_only=read_only)
