"""Parameter sets as TOML files: those that come with the package, by name, and a user's own, by path."""

import tomllib
from decimal import Decimal
from pathlib import Path

from margin.parameter_set import ParameterSet, parameter_set
from margin.reading import DocumentError

_FOLDER = Path(__file__).parent / "parameters"


def parameter_names() -> list[str]:
    """The sets that come with the package."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def read_parameters(name: str) -> ParameterSet:
    """The set of this name, or in the file of this path. DocumentError names the file and what is wrong in it."""
    file = _FOLDER / f"{name}.toml" if name in parameter_names() else Path(name)
    try:
        document = tomllib.loads(file.read_bytes().decode(), parse_float=Decimal)
        return parameter_set(document)
    except OSError as error:
        known = ", ".join(parameter_names())
        raise DocumentError(f"{name}: expected {known}, or a readable TOML file: {error.strerror}") from error
    except ValueError as error:  # no UTF-8, no TOML, or a DocumentError
        raise DocumentError(f"{name}: {error}") from error
