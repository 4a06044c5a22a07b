"""The cases of a file and the parameters that an option names; what is wrong is said with the file and the place."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from margin.case_schema import NOTHING
from margin.case_text import LONGEST, Found, cases_in
from margin.parameter_file import read_parameters
from margin.parameter_set import ParameterSet
from margin.reading import DocumentError
from settlement.commands.fields import InputError
from settlement.commands.printing import printable
from settlement.commands.running import Lines, lines_of
from settlement.commands.watching import Watch, watched

_BYTE_ORDER_MARK = "\ufeff"


class Told(NamedTuple):
    """One case: its name, where it stands, and its document; `error` says why there is none."""

    id: str
    place: str
    document: Any
    error: str = ""


def parameters_in(name: str) -> ParameterSet:
    """The parameters of this name or file; none for "". InputError for a file that cannot be read as such."""
    try:
        return read_parameters(name) if name else NOTHING
    except DocumentError as error:
        raise InputError(f"--parameters: {error}") from error


@contextmanager
def cases_of(file: str) -> Iterator[Iterator[Told]]:
    """The cases of a file, - for standard input, one at a time, with progress where somebody watches."""
    with lines_of(file, LONGEST) as lines, watched("cases", as_json=False) as watch:
        yield _told(lines, watch)


@contextmanager
def chosen_cases(file: str, wanted: str) -> Iterator[Iterator[Told]]:
    """The cases with this id, or all for ""; InputError, at the end, where there is none."""
    with cases_of(file) as cases:
        yield _chosen(file, cases, wanted)


def _chosen(file: str, cases: Iterator[Told], wanted: str) -> Iterator[Told]:
    count = 0
    for told in cases:
        if not wanted or told.id == wanted:
            count += 1
            yield told
    if not count:
        raise InputError(f"{file}: expected {f'a case {wanted!r}' if wanted else 'a case'}, found none")


def complain(command: str, file: str, told: Told, why: str) -> None:
    """What is wrong with one case, on standard error."""
    named = f" ({told.id})" if told.id != told.place else ""
    sys.stderr.write(printable(f"margin {command}: {file}, {told.place}{named}: {why}") + "\n")


def _told(lines: Lines, watch: Watch) -> Iterator[Told]:
    try:
        for found in cases_in(_texts(lines)):
            yield _read(found)
            watch.reach(*lines.bytes_read())
    except DocumentError as error:
        yield Told("the text", "the text", None, str(error))


def _texts(lines: Lines) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{lines.source}, line {number}: expected UTF-8, found {error}") from error
        yield text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text


def _read(found: Found) -> Told:
    try:
        document = found.document()
    except DocumentError as error:
        return Told(found.place, found.place, None, str(error))
    named = document.get("id") if isinstance(document, dict) else None
    return Told(named if isinstance(named, str) and named else found.place, found.place, document)
