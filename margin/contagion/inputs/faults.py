"""What is wrong with a user's rows: every fault with its place, collected, so that one reading names them all."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 20
_LONGEST = 40  # characters of a wrong value that are shown


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong: the line or row (from 1, the header's for what the whole lacks), the column, the why."""

    number: int
    column: str
    reason: str


class FaultyError(ValueError):
    """Rows that cannot be used; `faults` are all that is wrong with them, in order of rows. None was passed over."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__(f"{len(self.faults)} faults, the first: {self.faults[0]}")

    def told(self, source: str, unit: str) -> str:
        """The first of them, one a line, and how many there are; `unit` is what is numbered: a line, or a row."""
        lines = [f"{source}, {unit} {one.number}, {one.column}: {one.reason}" for one in self.faults[:SHOWN]]
        rows, many = len({one.number for one in self.faults}), len(self.faults)
        more = f", the first {SHOWN} of which are above" if many > SHOWN else ""
        return "\n".join([*lines, f"{source}: {_count(many, 'fault')} in {_count(rows, unit)}{more}; nothing was run"])


def shown(text: str) -> str:
    """A value as it stands, cut where it is long, with nothing in it that could move a cursor."""
    return ascii(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!a}…"


def _count(many: int, word: str) -> str:
    return f"{many} {word}{'' if many == 1 else 's'}"
