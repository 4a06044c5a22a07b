"""Kinds of options that several subcommands take."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token
from cyclopts.validators import Number


def whole_number(_kind: object, tokens: Sequence[Token]) -> int:
    """An int written as one; the default would cut 1.5 down to 1."""
    return int(tokens[0].value)


def utc_s(_kind: object, tokens: Sequence[Token]) -> int:
    """A time as UTC seconds: a whole number, or ISO 8601, which is UTC where it says nothing else."""
    word = tokens[0].value
    if word.isascii() and word.isdigit():
        return int(word)
    time = datetime.fromisoformat(word)
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


_IN_64_BITS = Number(gte=0, lt=2**63 - 1)

Count = Annotated[int, Parameter(converter=whole_number, validator=Number(gte=1))]
Position = Annotated[int, Parameter(converter=whole_number, validator=_IN_64_BITS)]
Time = Annotated[int | None, Parameter(converter=utc_s, validator=_IN_64_BITS)]
At = Annotated[Time, Parameter(name="--at", help="The time of the call, UTC seconds or ISO 8601; now, if left out.")]
Json = Annotated[bool, Parameter(name="--json", negative="")]
Ledger = Annotated[
    str,
    Parameter(
        name="--database",
        help="The ledger: a SQLite file (its path, or sqlite:///PATH), or postgresql://USER@HOST/DATABASE.",
    ),
]
"""A password in it is never printed."""
Setting = Annotated[Path, Parameter(name="--setting", help="JSON: venues, assets with haircuts, waits, first keys.")]
LedgerFile = Annotated[
    str, Parameter(name="--database", help="The ledger's SQLite file: its path, or sqlite:///PATH; never a server.")
]
Source = Annotated[str, Parameter(name="--from", allow_leading_hyphen=True)]
"""A file, or - for standard input."""
