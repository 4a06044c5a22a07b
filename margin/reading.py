"""Documents become values, exactly; what is wrong is named by its path, as in `feeds.expiries[2].forward`."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from margin.fixed import Fixed, FixedError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


class DocumentError(ValueError):
    """A field that is missing, of the wrong kind, or out of its range. The text begins with its path."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document, and the path that leads to it. Numbers were read as ints and Decimals, never as floats.

    `only_known`: a field that `read` does not know is refused, here and below, as a misspelt number would be lost.
    """

    value: Any
    path: str = ""
    only_known: bool = False

    def __getitem__(self, key: str) -> "Place":
        """A field that has to be there."""
        table = self._of(dict, "an object")
        if key not in table:
            raise DocumentError(f"{self._below(key)} is missing")
        return self._at(table[key], self._below(key))

    def get(self, key: str) -> "Place | None":
        """A field that may be missing."""
        return self[key] if key in self._of(dict, "an object") else None

    def items(self) -> Iterator[tuple[str, "Place"]]:
        """The fields of an object in their order."""
        for key, value in self._of(dict, "an object").items():
            yield key, self._at(value, self._below(key))

    def each(self) -> Iterator["Place"]:
        """The elements of a list."""
        for index, value in enumerate(self._of(list, "a list")):
            yield self._at(value, f"{self.path}[{index}]")

    def knows(self, names: Collection[str]) -> None:
        """Raises DocumentError for a field with another name, where only those known are allowed."""
        for key, other in self.items() if self.only_known else ():
            if key not in names:
                other.wrong(f"is not known; there are {', '.join(names)}")

    def text(self) -> str:
        return str(self._of(str, "a text"))

    def flag(self) -> bool:
        return bool(self._of(bool, "true or false"))

    def whole(self) -> int:
        """A whole number, however it is written."""
        number = self.fixed()
        if number != number.down_to(0):
            self.wrong(f"is a whole number, not {self.value}")
        return number.down_to(0)

    def fixed(self) -> Fixed:
        """A decimal number, cut to 18 digits; a text of one is taken too."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, str, Decimal)):
            self.wrong(f"is a number, not {_shown(self.value)}")
        try:
            return Fixed.cut_from(str(self.value))
        except FixedError as why:
            self.wrong(f"is a number: {why}")

    def from_zero(self) -> Fixed:
        """A number that is not below zero."""
        return self._checked(self.fixed(), lambda number: number >= 0, "at least 0")

    def above_zero(self) -> Fixed:
        return self._checked(self.fixed(), lambda number: number > 0, "above 0")

    def share(self) -> Fixed:
        """A number from 0 to 1."""
        return self._checked(self.fixed(), lambda number: 0 <= number <= 1, "from 0 to 1")

    def seconds(self) -> int:
        """A time that is not below zero."""
        self.from_zero()
        return self.whole()

    def wrong(self, why: str) -> NoReturn:
        """Raises DocumentError about this place."""
        raise DocumentError(f"{self.path or 'the document'} {why}")

    def _checked(self, number: Fixed, holds: Callable[[Fixed], bool], called: str) -> Fixed:
        return number if holds(number) else self.wrong(f"is {called}, not {number}")

    def _at(self, value: Any, path: str) -> "Place":
        return Place(value, path, self.only_known)

    def _of(self, kind: type, called: str) -> Any:
        if not isinstance(self.value, kind):
            self.wrong(f"is {called}, not {_shown(self.value)}")
        return self.value

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def read(kind: type[T], place: Place) -> T:
    """A dataclass from an object with its field names: numbers, flags, texts, enums, tuples, tables and dataclasses.

    Fields that the dataclass does not have are passed over, or refused where the place says so; fields with a default
    may be missing, and so may those that may be None. Raises DocumentError.
    """
    hints = get_type_hints(kind)
    place.knows([one.name for one in fields(kind)])
    known = {one.name: _field(one, hints[one.name], place) for one in fields(kind)}
    try:
        return kind(**{name: value for name, value in known.items() if value is not MISSING})
    except ValueError as why:
        place.wrong(f"is not valid: {why}")


def _field(one: "Field[Any]", hint: Any, place: Place) -> Any:
    found = place.get(one.name)
    if found is None:
        if one.default is not MISSING or one.default_factory is not MISSING:
            return MISSING
        return None if _is_optional(hint) else _value(hint, place[one.name])
    return _value(hint, found)


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint)


def _value(hint: Any, place: Place) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _value(next(one for one in inner if one is not type(None)), place)
    if origin is tuple:
        return tuple(_value(inner[0], one) for one in place.each())
    if origin is not None and issubclass(origin, Mapping):
        return {key: _value(inner[1], one) for key, one in place.items()}
    if isinstance(hint, type) and is_dataclass(hint) and hint is not Fixed:
        return read(hint, place)
    if issubclass(hint, Enum):
        return _choice(hint, place)
    return {Fixed: place.fixed, int: place.whole, bool: place.flag, str: place.text}[hint]()


def _choice(kind: type[Enum], place: Place) -> Enum:
    text = place.text()
    allowed = {one.value: one for one in kind}
    if text not in allowed:
        place.wrong(f"is one of {', '.join(allowed)}, not {text!r}")
    return allowed[text]


def _shown(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else repr(value)
