"""Reads a file of assumptions: the packaged one, or a user's own by path."""

import tomllib
from importlib import resources
from pathlib import Path

from margin.contagion.assumption_reading import read
from margin.contagion.assumptions import AssumptionError, Assumptions


def packaged() -> Assumptions:
    """The assumptions that come with the package."""
    text = resources.files("margin.contagion").joinpath("assumptions.toml").read_text(encoding="utf-8")
    return read(tomllib.loads(text))


def load(path: Path) -> Assumptions:
    """A user's own file, complete and in the packaged one's form. Raises AssumptionError naming file and number."""
    try:
        found = read(tomllib.loads(path.read_text(encoding="utf-8")))
        missing = sorted(set(packaged().numbers) - set(found.numbers))
        if missing:
            raise AssumptionError(f"{missing[0]} is missing")
        return found
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AssumptionError) as why:
        raise AssumptionError(f"{path}: {why}") from why
