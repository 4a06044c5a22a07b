"""Rivals of the contagion engine, each in a throw-away Python of its own: their dependencies never meet ours.

flox-py 0.10.1 is the last release that is FLOX itself; 0.10.2 holds no code and installs another project's package.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.bench.contagion_marks import Book, Passed
from scripts.bootstrap import BIN, TOOLS


class RivalError(Exception):
    """A rival that cannot be installed, or does not run; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A package at a version, and our module that runs the book through it."""

    requirement: str
    module: str

    @property
    def name(self) -> str:
        return self.requirement.replace("==", " ")


FLOX = Rival("flox-py==0.10.1", "contagion_flox")
MESA = Rival("mesa==3.3.1", "contagion_mesa")


@contextmanager
def installed(rival: Rival) -> Iterator[Path]:
    """The Python of an environment that holds this rival alone, for as long as it is asked for. Raises RivalError."""
    uv = TOOLS / BIN / "uv"
    with TemporaryDirectory() as folder:
        python = Path(folder) / BIN / "python"
        _called([uv, "venv", "-q", "--python", sys.executable, folder])
        install: list[str | Path] = [
            "pip",
            "install",
            "-q",
            "--only-binary",
            ":all:",
            "--python",
            python,
            rival.requirement,
        ]
        try:
            _called([uv, *install])
        except RivalError:
            _called([uv, "--system-certs", *install])  # an index whose certificate only this machine knows
        yield python


def run_by(python: Path, rival: Rival, book: Book) -> Passed:
    """Let it go through the book. Raises RivalError."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "book.npz"
        book.write(file)
        said = json.loads(_called([python, Path(__file__).with_name(f"{rival.module}.py"), file]))
        return Passed(**said)


def _called(command: list[str | Path]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise RivalError(
            f"{Path(command[0]).name} {' '.join(map(str, command[1:4]))}: {said.strip()[-300:]}"
        ) from error
