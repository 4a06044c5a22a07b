"""Posting on PostgreSQL: transfers go in by COPY in its binary form, which the server reads without parsing a text."""

from collections.abc import Callable, Collection, Iterator
from functools import cache
from itertools import count
from struct import Struct
from typing import Any, ClassVar

import psycopg

from custody.batches import Rows
from custody.store import TRANSFER_COLUMNS, Row, Store, Words
from custody.stretches import Read
from custody.transfers import is_text

_FEW = 8  # rows up to which an INSERT is quicker than a COPY
_STREAM = 5_000  # rows fetched at a time while the journal is walked
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_COPY = f"COPY transfer ({', '.join(TRANSFER_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_names = count(1)


class PostgresStore(Store):
    """`Store` over a PostgreSQL connection."""

    words: ClassVar[Words] = Words("%s", "unnest(%s::text[])", "unnest(%s::bigint[])")

    def __init__(self, driver: psycopg.Connection[Row]) -> None:
        self._cursor = driver.cursor()
        super().__init__(self._cursor.execute, self._cursor.executemany)

    def insert(self, rows: Rows) -> bool:
        """As in `Store`; a violation would end the transaction here, so ids are looked up, under the write lock."""
        if len(set(rows.ids)) < len(rows.ids) or self.knows_any(rows.ids):
            return False
        if len(rows) <= _FEW:
            self._executemany(self.words.insert, list(rows.rows()))
        else:
            with self._cursor.copy(_COPY) as copy:
                copy.write(b"".join((_HEADER, *map(_copied, rows.rows()), _END)))
        return True

    def _set(self, members: Collection[Any]) -> tuple[Any]:
        # What the server could not even be asked for is nowhere in it.
        return ([member for member in members if not isinstance(member, str) or is_text(member)],)


def read_from(driver: psycopg.Connection[Row]) -> Read:
    """Reading from a PostgreSQL connection within a transaction, by cursors that stay on the server."""

    def read(query: str) -> Iterator[Row]:
        with driver.cursor(f"bulkhead_{next(_names)}") as cursor:
            cursor.itersize = _STREAM
            yield from cursor.execute(query.encode())

    return read


def _copied(row: Row) -> bytes:
    """One row as COPY reads it: the number of fields, then each with its length in bytes; -1 stands for NULL."""
    position, name, debit, credit, amount, reason, kind, pending, linked, reference, occurred, expires, checksum = row
    name, reference = name.encode(), reference.encode()
    pack = _packer(len(name), len(reference), pending is not None)
    ended = (-1,) if pending is None else (8, pending)
    return pack(
        13, 8, position, len(name), name, 8, debit, 8, credit, 8, amount, 4, reason, 4, kind, *ended, 4, linked,
        len(reference), reference, 8, occurred, 8, expires, 8, checksum,
    )  # fmt: skip


@cache
def _packer(name: int, reference: int, has_pending: bool) -> Callable[..., bytes]:
    return Struct(f">hiqi{name}siqiqiqiiii{'iq' if has_pending else 'i'}iii{reference}siqiqiq").pack
