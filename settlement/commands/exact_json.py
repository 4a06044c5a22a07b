"""JSON whose numbers have all their digits: a fixed-point number is printed as it is, never through a float."""

import json
from collections.abc import Mapping

from margin.fixed import Fixed
from settlement.commands.printing import print_line


def exact_json(value: object) -> str:
    """One line of JSON."""
    if isinstance(value, Fixed):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {exact_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(exact_json, value)) + "]"
    return json.dumps(value)


def print_exact_json(value: Mapping[str, object]) -> None:
    """One JSON line."""
    print_line(exact_json(value))
