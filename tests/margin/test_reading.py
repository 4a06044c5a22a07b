"""Documents are read exactly, and what is wrong in them is named by its path."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from margin.fixed import ONE, Fixed
from margin.reading import DocumentError, Place, read
from tests.margin.holding import fixed


class Side(Enum):
    """Of a scenario."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Inner:
    """A value with an own rule."""

    size: Fixed

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("a size is not negative")


@dataclass(frozen=True, slots=True)
class Outer:
    """Everything that can be read."""

    number: Fixed
    whole: int
    flag: bool
    name: str
    side: Side
    many: tuple[Inner, ...]
    table: Mapping[str, Inner]
    maybe: Inner | None = None
    default: Fixed = ONE


GOOD = """{"number": 0.1, "whole": 3, "flag": true, "name": "x", "side": "down", "many": [{"size": 1}, {"size": "2.5"}],
           "table": {"a": {"size": 4}}, "unknown": null}"""


def document(**changed: Any) -> Any:
    return {**json.loads(GOOD, parse_float=Decimal), **changed}


def test_everything_is_read_exactly() -> None:
    assert read(Outer, Place(document())) == Outer(
        fixed("0.1"), 3, True, "x", Side.DOWN, (Inner(ONE), Inner(fixed("2.5"))), {"a": Inner(fixed(4))}
    )
    assert read(Outer, Place(document(maybe={"size": 1}, default=5, whole=Decimal("3.0")))).maybe == Inner(ONE)


def test_more_digits_than_18_are_cut() -> None:
    assert Place(Decimal("0.1234567890123456789")).fixed() == Fixed(123_456_789_012_345_678)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"number": "x"}, "number is a number: 'x' is no decimal number"),
    ({"number": True}, "number is a number, not True"),
    ({"number": None}, "number is a number, not nothing"),
    ({"number": 0.5}, "number is a number, not 0.5"),  # a float has already lost what was written
    ({"number": [1]}, "number is a number, not a list"),
    ({"number": Decimal("NaN")}, "number is a number: 'NaN'"),
    ({"number": Decimal("Infinity")}, "number is a number: 'Infinity'"),
    ({"whole": Decimal("3.5")}, "whole is a whole number, not 3.5"),
    ({"flag": 1}, "flag is true or false, not 1"),
    ({"name": 5}, "name is a text, not 5"),
    ({"side": "left"}, "side is one of up, down, not 'left'"),
    ({"side": 1}, "side is a text, not 1"),
    ({"many": {}}, "many is a list, not an object"),
    ({"many": [{"size": 1}, {}]}, "many[1].size is missing"),
    ({"many": [{"size": 1}, {"size": -1}]}, "many[1] is not valid: a size is not negative"),
    ({"table": []}, "table is an object, not a list"),
    ({"table": {"a": {"size": "?"}}}, "table.a.size is a number: '?' is no decimal number"),
    ({"maybe": 3}, "maybe is an object, not 3"),
]


@pytest.mark.parametrize(("changed", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_is_wrong_is_named_by_its_path(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(Outer, Place(document(**changed)))
    assert str(refused.value).startswith(says)


def test_what_is_missing_is_named() -> None:
    for name in ("number", "whole", "flag", "name", "side", "many", "table"):
        short = {key: value for key, value in document().items() if key != name}
        with pytest.raises(DocumentError, match=f"^at.{name} is missing$"):
            read(Outer, Place(short, "at"))


@pytest.mark.parametrize(
    "ask", [lambda place: place["x"], lambda place: place.get("x"), lambda place: list(place.items())]
)
def test_the_whole_document_is_called_that(ask: Callable[[Place], object]) -> None:
    with pytest.raises(DocumentError, match=r"^the document is an object, not a list$"):
        ask(Place([]))


def test_fields_in_their_order() -> None:
    assert [(name, place.path) for name, place in Place({"b": 1, "a": 2}, "at").items()] == [
        ("b", "at.b"),
        ("a", "at.a"),
    ]
    assert [place.path for place in Place([1, 2], "at").each()] == ["at[0]", "at[1]"]
    assert Place({"a": 1}).get("b") is None
