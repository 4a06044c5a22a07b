"""One declaration, three forms: a frozen dataclass is also strict JSON, and an EIP-712 struct with the same names.

A field is a str, an int (0..2^63−1; in JSON its decimal text, since JSON's numbers are doubles), a StrEnum, a value
that is written as one text, a dataclass, or a tuple of one of these. Reading is strict and names the field.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Self, get_args, get_origin, get_type_hints

from custody.money import MAX_UNITS
from custody.typed_data import Struct


class FieldError(ValueError):
    """A field that cannot be what it says; `path` names it, as in `rules[0].quorums[1].required`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path, self.why = path, why

    def under(self, path: str) -> "FieldError":
        """The same, seen from whatever contains the field."""
        behind = self.path if not self.path or self.path.startswith("[") else f".{self.path}"
        return FieldError(f"{path}{behind}" if path else self.path, self.why)


class Text:
    """A value that is written as one text: `str(value)`, and `parse` for the way back, which raises FieldError."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Shape:
    """What a dataclass declares: the type of each field, in the order of JSON and EIP-712, and its EIP-712 struct."""

    kinds: Mapping[str, Any]
    struct: Struct


_SHAPES: dict[type, Shape] = {}
"""Each is worked out once: looking up annotations costs more than hashing."""


def shape_of(kind: type) -> Shape:
    """The shape of a dataclass. Fields that the class names in LAST stand behind the others, own or inherited."""
    if kind not in _SHAPES:
        hints, last = get_type_hints(kind), getattr(kind, "LAST", ())
        names = sorted((field.name for field in fields(kind)), key=lambda name: name in last)
        _SHAPES[kind] = Shape({name: hints[name] for name in names}, _struct(kind.__name__, hints, names))
    return _SHAPES[kind]


def _struct(name: str, hints: Mapping[str, Any], names: Sequence[str]) -> Struct:
    members, parts = [], []
    for member in names:
        kind = hints[member]
        inner = get_args(kind)[0] if get_origin(kind) is tuple else kind
        if _is_struct(inner):
            parts.append(shape_of(inner).struct)
        members.append(f"{_solidity(inner)}{'[]' if inner is not kind else ''} {member}")
    return Struct(f"{name}({','.join(members)})", *parts)


def _solidity(kind: type) -> str:
    if issubclass(kind, str | Text):
        return "string"
    return "uint64" if kind is int else kind.__name__


def plain(value: Any) -> Any:
    """The form that JSON and wallets take: texts, lists and objects."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    kind: Any = type(value)
    if _is_struct(kind):
        return {name: plain(getattr(value, name)) for name in shape_of(kind).kinds}
    return str(value)


def shaped(kind: Any, value: Any) -> Any:
    """The way back from the plain form to a value of this kind; FieldError names the field that is wrong."""
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise FieldError("", f"expected a list, found {_shown(value)}")
        return tuple(_inside(f"[{index}]", get_args(kind)[0], one) for index, one in enumerate(value))
    if _is_struct(kind):
        return _object(kind, value)
    if not isinstance(value, str):
        raise FieldError("", f"expected a text, found {_shown(value)}")
    return _from_text(kind, value)


@cache
def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind) and not issubclass(kind, Text)


def _object(kind: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        raise FieldError("", f"expected an object, found {_shown(value)}")
    expected = shape_of(kind).kinds
    for name in (*expected, *value):
        if name not in value:
            raise FieldError(name, "is missing")
        if name not in expected:
            raise FieldError(name, "is not known here")
    return kind(**{name: _inside(name, expected[name], value[name]) for name in expected})


def _inside(path: str, kind: Any, value: Any) -> Any:
    try:
        return shaped(kind, value)
    except FieldError as why:
        raise why.under(path) from None


def _from_text(kind: Any, text: str) -> Any:
    if kind is int:
        return _number(text)
    if issubclass(kind, StrEnum):
        try:
            return kind(text)
        except ValueError:
            raise FieldError("", f"{text[:40]!r} is none of {', '.join(kind)}") from None
    parse: Callable[[str], Any] = kind.parse if issubclass(kind, Text) else str
    return parse(text)


def _number(text: str) -> int:
    # One spelling per number: "007", "+7" and "٧" would be other texts with the same digest.
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and str(int(text)) == text):
        raise FieldError("", f"{text[:40]!r} is no whole number in decimal digits")
    return require_number("", int(text))


def require_number(field: str, value: int) -> int:
    """FieldError unless it is 0..2^63−1."""
    if not 0 <= value <= MAX_UNITS:
        raise FieldError(field, f"{value} is outside 0..{MAX_UNITS}")
    return value


def _shown(value: Any) -> str:
    return json.dumps(value)[:40]
