"""Posting on SQLite: rows go in by thousands a statement, and what is the same in all of them is bound once.

A row at a time, and a value at a time, the driver spends more than SQLite does. The sizes of statements are few, so
that it finds them prepared.
"""

import json
import sqlite3
from collections.abc import Collection
from functools import cache
from itertools import chain
from typing import Any, ClassVar

from custody.batches import Rows
from custody.store import TRANSFER_COLUMNS, Row, Store, Words

_ROWS_A_STATEMENT = (2_048, 256, 32, 4, 1)


class SqliteStore(Store):
    """`Store` over a SQLite connection."""

    words: ClassVar[Words] = Words("?", *["value FROM json_each(?)"] * 2)

    def __init__(self, driver: sqlite3.Connection) -> None:
        super().__init__(driver.execute, driver.executemany)

    def insert(self, rows: Rows) -> bool:
        """As in `Store`; the unique index over ids is asked by inserting, not before it."""
        try:
            self._insert_many(rows)
        except sqlite3.IntegrityError as error:
            return _unless_id_is_taken(error)
        return True

    def insert_one(self, row: Row) -> bool:
        """As in `Store`; a statement that fails has done nothing."""
        try:
            self._execute(self.words.insert, row)
        except sqlite3.IntegrityError as error:
            return _unless_id_is_taken(error)
        return True

    def _insert_many(self, rows: Rows) -> None:
        # A statement that fails takes back its own rows only; those before it go back to the savepoint.
        self._execute("SAVEPOINT rows")
        try:
            self._insert_all(rows)
        except sqlite3.IntegrityError:
            self._execute("ROLLBACK TO rows")
            self._execute("RELEASE rows")
            raise
        self._execute("RELEASE rows")

    def _insert_all(self, rows: Rows) -> None:
        said_once: dict[str, Any] = {}
        varying: dict[str, Any] = {}
        columns = (rows.ids, rows.debit_keys, rows.credit_keys, rows.amounts, rows.reasons, rows.kinds,
                   rows.pending_positions, rows.linked, rows.references, rows.occurred_at_s, rows.expires_at_s,
                   rows.checksums())  # fmt: skip
        for name, column in zip(TRANSFER_COLUMNS[1:], columns, strict=True):
            (said_once if isinstance(column, int | str | None) else varying)[name] = column
        start, names = 0, tuple(varying)
        for size in _ROWS_A_STATEMENT:
            while len(rows) - start >= size:
                chunk = [column[start : start + size] for column in varying.values()]
                values = chain.from_iterable(zip(*chunk, strict=True))
                self._execute(_insert(size, names), [rows.first + start, *said_once.values(), *values])
                start += size

    def _set(self, members: Collection[Any]) -> tuple[Any]:
        return (json.dumps(list(members)),)


def _unless_id_is_taken(error: sqlite3.IntegrityError) -> bool:
    """False where that is what SQLite says; any other violation is a fault."""
    if error.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE" and str(error).endswith(" transfer.id"):
        return False
    raise error


@cache
def _insert(size: int, varying: tuple[str, ...]) -> str:
    """The statement for so many rows; its parameters: their first position, what is said once, then the rows."""
    said_once = [name for name in TRANSFER_COLUMNS[1:] if name not in varying]
    marks = {name: f"?{number}" for number, name in enumerate(said_once, 2)}
    first = len(said_once) + 2
    rows = []
    for row in range(size):
        own = {name: f"?{first + row * len(varying) + number}" for number, name in enumerate(varying)}
        rows.append(f"(?1 + {row}, {', '.join({**marks, **own}[name] for name in TRANSFER_COLUMNS[1:])})")
    return f"INSERT INTO transfer ({', '.join(TRANSFER_COLUMNS)}) VALUES {', '.join(rows)}"
