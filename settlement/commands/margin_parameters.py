"""`bulkhead margin parameters`: which sets there are, and whether a file of one's own is one."""

from dataclasses import fields

from margin.parameter_file import parameter_names
from margin.parameter_set import SECTIONS, ParameterSet
from settlement.commands.margin_input import parameters_in
from settlement.commands.printing import Row, print_rows
from settlement.commands.running import DONE

_COLUMNS = ("parameters", *SECTIONS)


def list_parameters(name: str, as_json: bool) -> int:
    """One row a set: the markets or scenarios of its models, and what else it has. InputError for a bad file."""
    names = [name] if name else parameter_names()
    print_rows(_COLUMNS, [_row(one, parameters_in(one)) for one in names], amounts=(), as_json=as_json)
    return DONE


def _row(name: str, found: ParameterSet) -> Row:
    sections = dict(zip(SECTIONS, (getattr(found, one.name) for one in fields(found)), strict=True))
    return {"parameters": name, **{section: _size(values) for section, values in sections.items()}}


def _size(values: object) -> str:
    if values is None:
        return ""
    markets, scenarios = getattr(values, "markets", None), getattr(values, "scenarios", None)
    return f"{len(markets)} markets" if markets else f"{len(scenarios)} scenarios" if scenarios else "set"
