"""TOML that remembers its lines: a wrong value is reported at the line where it stands.

tomllib gives values without positions, so the text is scanned once for headers and keys, and the n-th table of a
name is matched with the n-th header of that name.
"""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from margin.scenarios.table import ScenarioError, Table

_HEADER = re.compile(r"\s*\[\[\s*([A-Za-z0-9_-]+)\s*\]\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")
_AT_END = "(at end of document)"
_LONG_TEXT = ('"""', "'''")


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file: its loose keys, and its arrays of tables by name."""

    file: str
    top: Table
    tables: dict[str, tuple[Table, ...]]

    def require_only(self, names: Collection[str]) -> None:
        """Raise at the first array of tables with any other name."""
        for name, rows in self.tables.items():
            if name not in names:
                expected = "the tables " + ", ".join(f"[[{known}]]" for known in names)
                raise ScenarioError(self.file, rows[0].line, name, expected, f"[[{name}]]")


@dataclass(slots=True)
class _Section:
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)


def read_document(path: Path) -> Document:
    """Read a TOML file with its lines. Raises ScenarioError: unreadable, not UTF-8, or not TOML."""
    file = str(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ScenarioError(file, 1, "file", "a readable file", error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScenarioError(file, line, "text", "UTF-8", f"byte 0x{error.object[error.start]:02x}") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(file, text, str(error)) from error
    return _document(file, text, values)


def _syntax_error(file: str, text: str, message: str) -> ScenarioError:
    match = _AT_LINE.search(message)
    line = int(match[1]) if match else text.count("\n") + 1
    found = _AT_LINE.sub("", message).replace(_AT_END, "at the end of the file")
    return ScenarioError(file, line, "syntax", "TOML", found)


def _document(file: str, text: str, values: dict[str, object]) -> Document:
    loose, sections = _scan(text)
    top: dict[str, object] = {}
    tables: dict[str, tuple[Table, ...]] = {}
    for name, value in values.items():
        if not _is_array_of_tables(value):
            top[name] = value
            continue
        places = sections.get(name, [])
        if len(places) != len(value):
            # Rows written in one line have no headers of their own; they are reported at that line.
            places = [_Section(loose.key_lines.get(name, 1))] * len(value)
        tables[name] = tuple(
            Table(file, name, place.line, row, place.key_lines) for place, row in zip(places, value, strict=True)
        )
    return Document(file, Table(file, "", 1, top, loose.key_lines), tables)


def _is_array_of_tables(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _scan(text: str) -> tuple[_Section, dict[str, list[_Section]]]:
    """Find the line of every header and key; lines inside a long text are neither."""
    loose = here = _Section(1)
    sections: dict[str, list[_Section]] = {}
    long_text = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not long_text:
            if header := _HEADER.match(line):
                here = _Section(number)
                sections.setdefault(header[1], []).append(here)
            elif key := _KEY.match(line):
                here.key_lines.setdefault(key[1], number)
        long_text = _long_text_after(line, long_text)
    return loose, sections


def _long_text_after(line: str, inside: str) -> str:
    """Return the quotes of the long text that is open at the end of `line`, or nothing."""
    for quotes in (inside,) if inside else _LONG_TEXT:
        if line.count(quotes) % 2:
            return "" if inside else quotes
    return inside
