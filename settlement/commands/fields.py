"""The fields of a JSON line, each asked for by name and by the kind of value that it must hold; none is guessed.

What is not what it must be raises InputError with the place, the field, what was expected and what was found.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

Member = TypeVar("Member", bound=IntEnum)

_WHOLE = re.compile(r"-?[0-9]{1,40}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"')
_OPENING = re.compile(rb"[\[{]")
_DEEPEST = 16
_SHOWN = 60  # characters of a wrong value that are shown


class InputError(ValueError):
    """What was given cannot be read; the message says where, what was expected and what was found."""


def named(place: str, value: object, kind: type[Member]) -> Member:
    """A member of an enum by its name, in either case; InputError lists those there are."""
    found = kind.__members__.get(value.upper()) if isinstance(value, str) else None
    if found is None:
        expected = ", ".join(kind.__members__).lower()
        raise InputError(f"{place}: expected one of {expected}, found {_shown(value)}")
    return found


def chosen(place: str, word: str, known: Iterable[str]) -> str:
    """The word, if it is one of those known; InputError lists them."""
    words = list(known)
    if word not in words:
        raise InputError(f"{place}: expected one of {', '.join(words)}, found {_shown(word)}")
    return word


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one line, and where it stands."""

    place: str
    values: dict[str, object]

    def text(self, name: str, default: str | None = None) -> str:
        """A string of whole characters: half a surrogate pair could neither be stored nor hashed."""
        value = self._value(name, default)
        if not isinstance(value, str) or not _is_encodable(value):
            raise self.unexpected(name, "a text", value)
        return value

    def plain(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        """A string that matches the pattern as a whole."""
        value = self._value(name, None)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.unexpected(name, expected, value)
        return value

    def units(self, name: str, default: int | None = None) -> int:
        """An int, or a string of one; true, 1.0 and "1e3" are none."""
        value = self._value(name, default)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.unexpected(name, "a whole number of ledger units, as a number or a text", value)
        return value

    def time_s(self, name: str) -> int:
        """UTC seconds that 64 bits can hold; 0 where there are none."""
        value = self._value(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
            raise self.unexpected(name, "a whole number of seconds in 64 bits", value)
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is left out."""
        value = self._value(name, False)
        if not isinstance(value, bool):
            raise self.unexpected(name, "true or false", value)
        return value

    def member(self, name: str, kind: type[Member], default: Member | None = None) -> Member:
        """A member of an enum, by its name."""
        value = self._value(name, default)
        return value if isinstance(value, kind) else named(f"{self.place}: {name}", value, kind)

    def unexpected(self, name: str, expected: str, found: object) -> InputError:
        """The complaint about one field."""
        return InputError(f"{self.place}: {name}: expected {expected}, found {_shown(found)}")

    def _value(self, name: str, default: object) -> object:
        value = self.values.get(name, default)
        if name not in self.values and default is None:
            raise InputError(f"{self.place}: {name}: expected this field, found none")
        return value


def records(
    source: str, lines: Iterable[bytes], known: tuple[str, ...], passed_over: tuple[str, ...]
) -> Iterator[tuple[int, Fields]]:
    """The objects in lines of JSON with their line numbers, from 1; empty lines are passed over.

    `source` is their name in an InputError, `known` the fields that a line may have, besides those `passed_over`.
    """
    allowed = {*known, *passed_over}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{source}, line {number}"
        values = _object(place, line)
        if not values.keys() <= allowed:
            # A misspelt field that is passed over in silence would be a reference or an expiry lost.
            misspelt = next(name for name in values if name not in allowed)
            raise InputError(f"{place}: {_shown(misspelt)}: expected one of the fields {', '.join(known)}")
        yield number, Fields(place, values)


def _object(place: str, line: bytes) -> dict[str, object]:
    # The parser recurses: where somebody has raised Python's limit, deep nesting would end the process.
    if line.count(b"{") + line.count(b"[") > _DEEPEST and len(_OPENING.findall(_STRING.sub(b"", line))) > _DEEPEST:
        raise InputError(f"{place}: expected a JSON object without nesting, found {_shown(line)}")
    try:
        value = _parse(line.removeprefix(_BYTE_ORDER_MARK).decode())
    except ValueError as error:
        raise InputError(f"{place}: expected a JSON object in UTF-8, found {_shown(line)} ({error})") from error
    if not isinstance(value, dict):
        raise InputError(f"{place}: expected a JSON object, found {_shown(value)}")
    return value


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a field is given twice")
    return values


_parse = json.JSONDecoder(object_pairs_hook=_once_each).decode
"""One parser for all lines: `json.loads` makes a new one for each."""


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _shown(found: object) -> str:
    shown = ascii(found.decode("utf-8", "replace").strip() if isinstance(found, bytes) else found)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
