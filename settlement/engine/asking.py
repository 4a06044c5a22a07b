"""What a request asks for, read strictly: an unknown word or a number that is none is a problem, never ignored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from settlement.engine.problems import ProblemError

MOST = 1_000
PAGE = 100
LONGEST_BODY = 1 << 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of a list: `after` is the last position of the one before; `words` are its other conditions."""

    after: int
    limit: int
    from_s: int | None
    to_s: int | None
    words: Mapping[str, str]


def asked(query: Mapping[str, str], known: frozenset[str]) -> Asked:
    """The page that a query asks for; `known`: the words that this list takes, `after` and its like aside."""
    words = dict(query)
    after, limit = whole(words.pop("after", "0"), "after"), whole(words.pop("limit", str(PAGE)), "limit")
    times = {name: time_s(words.pop(name), name) if name in words else None for name in ("from", "to")}
    if unknown := sorted(words.keys() - known):
        takes = ", ".join(sorted(known | {"after", "limit", "from", "to"}))
        raise ProblemError(400, "parameter_is_unknown", f"{unknown[0]}: this list takes {takes}")
    if not 1 <= limit <= MOST:
        raise ProblemError(400, "parameter_is_malformed", f"limit: expected 1 to {MOST}, found {limit}")
    return Asked(after, limit, times["from"], times["to"], words)


def whole(word: str, name: str) -> int:
    """A whole number from 0 that 63 bits hold."""
    if not (word.isascii() and word.isdigit() and len(word) < 20 and int(word) < 1 << 63):
        raise ProblemError(400, "parameter_is_malformed", f"{name}: expected a whole number, found {word[:40]!r}")
    return int(word)


def time_s(word: str, name: str) -> int:
    """UTC seconds, or ISO 8601, which is UTC where it says nothing else."""
    if word.isascii() and word.isdigit() and len(word) < 13:
        return int(word)
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise ProblemError(400, "parameter_is_malformed", f"{name}: expected a time, found {word[:40]!r}") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def body_of(raw: bytes, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """A JSON object with these members of these kinds, and no others."""
    try:
        told = json.loads(raw or b"{}")
    except ValueError:
        raise ProblemError(400, "body_is_malformed", "expected a JSON object") from None
    if not isinstance(told, dict):
        raise ProblemError(400, "body_is_malformed", "expected a JSON object")
    known = {**required, **optional}
    for name in (*required, *told):
        if name not in told or name not in known:
            raise ProblemError(400, "body_is_malformed", f"{name}: is {'not known' if name in told else 'missing'}")
        if not isinstance(told[name], known[name]) or isinstance(told[name], bool):
            raise ProblemError(400, "body_is_malformed", f"{name}: expected a {known[name].__name__}")
    return told
