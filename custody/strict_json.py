"""The plain form in a JSON text from outside: no field twice, and no more of it than is sensible."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from custody.shapes import FieldError

MOST_CHARACTERS = 100_000
"""The longest text that is read: a policy of a hundred rules is about a third of it."""
MOST_LEVELS = 32
"""How deep it may be nested; nothing of ours is deeper than seven."""

_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]')
"""A bracket, or a text, in which brackets are only signs."""


def parse_json(
    text: str, *, most_characters: int = MOST_CHARACTERS, parse_float: Callable[[str], Any] | None = None
) -> Any:
    """The plain form in a JSON text; FieldError for what is no JSON, too long, too deep, or has a field twice.

    `parse_float` makes the numbers that have a point or an exponent; floats, if left out.
    """
    if len(text) > most_characters:
        raise FieldError("", f"{len(text)} characters; at most {most_characters} are read")
    # The reader calls itself for every level, and a process whose recursion limit was raised would crash on thousands.
    if _depth(text) > MOST_LEVELS:
        raise FieldError("", f"is nested deeper than {MOST_LEVELS} levels")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=parse_float)
    except FieldError:
        raise
    except ValueError as why:  # also a number of thousands of digits
        raise FieldError("", f"is no JSON: {why}") from None


def _depth(text: str) -> int:
    """How deep lists and objects are nested, whatever else the text is; 0 for too few of them to matter."""
    if text.count("[") + text.count("{") <= MOST_LEVELS:
        return 0  # no need to look
    depth = deepest = 0
    for mark in _MARK.findall(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise FieldError(twice, "is there twice")
    return found
