"""Where cases begin and end in a text, one at a time: a file of a million is never held as a whole.

JSON lines (a case a line), one object whose `cases` is their list, or one case alone, over as many lines as it takes.
Brackets are counted and texts stepped over; what stands between is parsed later, so that one bad case is one bad case.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from custody.shapes import FieldError
from custody.strict_json import parse_json
from margin.reading import DocumentError

LONGEST = 1 << 24
"""Characters of the longest case: an account of ten thousand positions has two million."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},]|[^][{},"]+|"')
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
_LIST = "cases"


class Found(NamedTuple):
    """The text of a case, and where it stands."""

    place: str
    text: str

    def document(self) -> Any:
        """Parsed, numbers as ints and Decimals. Raises DocumentError."""
        try:
            return parse_json(self.text, most_characters=LONGEST, parse_float=Decimal)
        except FieldError as error:
            raise DocumentError(str(error)) from error


def cases_in(lines: Iterable[str]) -> Iterator[Found]:
    """The cases of a text in their order. Raises DocumentError for brackets that do not close, or far too late."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    for first in numbered:
        every = chain([first], numbered)
        if _goes_on(first[1]):
            yield from _elements(line for _, line in every)
        else:
            yield from (Found(f"line {number}", line) for number, line in every)


def _goes_on(line: str) -> bool:
    """Whether the first line is of one object over many lines, or that object; else every line is a case."""
    return line.rstrip().endswith(("{", "[", ",", ":")) or _before_list(_tokens([line])) is None


def _tokens(lines: Iterable[str]) -> Iterator[str]:
    return (mark[0] for line in lines for mark in _TOKEN.finditer(line))


def _elements(lines: Iterable[str]) -> Iterator[Found]:
    """The elements of `cases` of one object; the object itself where it has none."""
    tokens = _tokens(lines)
    alone = _before_list(tokens)
    if alone is not None:
        yield Found("the document", alone)
        return
    yield from _of_list(tokens)
    _require_end(tokens)


def _before_list(tokens: Iterator[str]) -> str | None:
    """Reads to where the list of cases begins; the whole text where there is no such list."""
    depth, key, pieces = 0, "", _Pieces("the document")
    for token in tokens:
        if depth == 1 and token == "[" and key == _LIST:
            return None
        if token[0] == '"':
            key = token[1:-1]
        depth += _DEEPER.get(token, 0)
        pieces.add(token)
    return pieces.text


def _of_list(tokens: Iterator[str]) -> Iterator[Found]:
    depth, count, pieces = 0, 0, _Pieces(f"{_LIST}[0]")
    for token in tokens:
        depth += _DEEPER.get(token, 0)
        is_end = depth < 0
        if not is_end and (depth or token != ","):
            pieces.add(token)
            continue
        if count or not is_end or pieces.text.strip():
            yield Found(pieces.place, pieces.text)
        if is_end:
            return
        count += 1
        pieces = _Pieces(f"{_LIST}[{count}]")
    raise DocumentError(f"{pieces.place}: the text ends before the list does")


def _require_end(tokens: Iterator[str]) -> None:
    depth = 1
    for token in tokens:
        if not depth and token.strip():
            raise DocumentError(f"behind the object with {_LIST} there is more: {token.strip()[:60]!r}")
        depth += _DEEPER.get(token, 0)
    if depth:
        raise DocumentError(f"the object with {_LIST} does not end")


class _Pieces:
    """What has been read of one case."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._pieces: list[str] = []
        self._length = 0

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def add(self, piece: str) -> None:
        """Raises DocumentError where it becomes too long."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > LONGEST:
            raise DocumentError(f"{self.place} has more than {LONGEST} characters")
