"""Rows for people as tables, for programs as JSON lines. Amounts are right-aligned ints or, in JSON, strings."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.table import Table

Row = Mapping[str, object]

_UNBOUNDED = 10_000  # columns of a file or a pipe: nothing there may be cut or wrapped


def print_rows(
    columns: Sequence[str], rows: Iterable[Row], *, amounts: Sequence[str], times: Sequence[str] = (), as_json: bool
) -> None:
    """Print rows by these columns, in JSON with every field of the row.

    `amounts` are ledger units; `times` are UTC seconds, dates for people.
    """
    if as_json:
        for row in rows:
            print_json({name: _for_json(value, name in amounts) for name, value in row.items()})
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column in amounts
        heading = column.removesuffix("_s") if column in times else column
        table.add_column(heading.replace("_", " "), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(printable(_for_people(row[column], column in times)) for column in columns))
    width = None if sys.stdout.isatty() else _UNBOUNDED
    # What stands in the books is not ours: no markup in it, and no escape sequence, may reach the terminal.
    Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False).print(table)


def print_json(value: Row) -> None:
    """One JSON line."""
    print_line(json.dumps(value))


def print_line(line: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{line}\n")


def printable(text: str) -> str:
    """The text with every character that could move a cursor or hide something spelt out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def date(at_s: int) -> str:
    """UTC seconds as ISO 8601."""
    try:
        return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # 64 bits hold times that no calendar does
        return str(at_s)


def _for_people(value: object, is_time: bool) -> str:
    if is_time and isinstance(value, int):
        return date(value)
    return "" if value is None else str(value)


def _for_json(value: object, is_amount: bool) -> object:
    return str(value) if is_amount and value is not None else value
