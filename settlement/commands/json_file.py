"""One JSON object out of a file or standard input, strictly: UTF-8, no field twice, no more than is sensible."""

import sys
from pathlib import Path

from custody.strict_json import MOST_CHARACTERS, parse_json
from settlement.commands.fields import Fields, InputError


def object_in(file: str, known: tuple[str, ...] = ()) -> Fields:
    """The object in a file, - for standard input. InputError for anything else, and for a field besides those known.

    Where none are named, every field is known: the caller takes whatever names there are.
    """
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(MOST_CHARACTERS + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(MOST_CHARACTERS + 1)
        value = parse_json(raw.decode())
    except (OSError, ValueError) as error:  # a FieldError and an undecodable byte are ValueErrors
        raise InputError(f"{file}: expected a JSON object, found {error}") from error
    return fields_of(file, value, known)


def fields_of(place: str, value: object, known: tuple[str, ...] = ()) -> Fields:
    """The fields of an object that stands inside another."""
    if not isinstance(value, dict):
        wanted = f" with the fields {', '.join(known)}" if known else ""
        raise InputError(f"{place}: expected a JSON object{wanted}")
    for name in value:
        if known and name not in known:
            raise InputError(f"{place}: {name!a}: expected one of the fields {', '.join(known)}")
    return Fields(place, value)
