"""The cells of one row, each asked for by name and by what it must hold; what it does not hold becomes a fault."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from margin.contagion.inputs.faults import Fault, shown
from margin.scenarios.prices import parse_scaled

_LONGEST = 60
_ANY_DECIMALS = _LONGEST


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a schema; `default` is for people, "" where it is required."""

    name: str
    unit: str
    meaning: str
    default: str = ""

    @property
    def is_required(self) -> bool:
        return not self.default


@dataclass(frozen=True, slots=True)
class Row:
    """A row as text: its line (or row) number in the file, and its cells by column; empty is absent."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read: its columns, its rows, and what was wrong before any cell was looked at."""

    header: Sequence[str]
    rows: Sequence[Row]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one row; faults are added to the list that all rows share."""

    row: Row
    faults: list[Fault]

    def fault(self, column: str, reason: str) -> None:
        self.faults.append(Fault(self.row.number, column, reason))

    def has(self, column: str) -> bool:
        return bool(self._cell(column))

    def text(self, column: str) -> str:
        """What stands there, "" where nothing does, which is a fault."""
        found = self._cell(column)
        if not found:
            self.fault(column, "is missing")
        return found

    def chosen(self, column: str, known: Collection[str], default: str = "") -> str:
        """One of the known words; "" and a fault for another."""
        found = self._cell(column) or default
        if found not in known:
            self.fault(column, f"expected one of {', '.join(known)}, found {shown(found) if found else 'nothing'}")
            return ""
        return found

    def scaled(self, column: str, decimals: int, what: str, default: str = "") -> int | None:
        """A decimal number times ten to the `decimals`, exactly; None and a fault where it is none or is finer."""
        found = self._cell(column) or default
        if not found:
            self.fault(column, "is missing")
            return None
        plain = found.rstrip("0").rstrip(".") if "." in found else found
        value = parse_scaled(plain, decimals) if len(found) <= _LONGEST else None
        if value is None:
            is_number = len(found) <= _LONGEST and parse_scaled(plain, _ANY_DECIMALS) is not None
            why = f"cannot be held: {what}, at most {decimals} decimals" if is_number else f"expected a number, {what}"
            self.fault(column, f"{why}, found {shown(found)}")
        return value

    def number(self, column: str, default: float, least: float, below: float) -> float:
        """A float in [least, below); any notation that Python reads."""
        found = self._cell(column)
        try:
            value = float(found) if found else default
        except ValueError:
            value = float("nan")
        if least <= value < below:
            return value
        self.fault(column, f"expected a number from {least:g} to below {below:g}, found {shown(found)}")
        return default

    def _cell(self, column: str) -> str:
        return self.row.cells.get(column, "").strip()


def header_faults(header: Sequence[str], schema: Sequence[Column]) -> list[Fault]:
    """Of row 1: columns that are missing, given twice, or not in the schema, which may be misspelt ones."""
    known = [column.name for column in schema]
    faults = [
        Fault(1, one.name, "this column is missing") for one in schema if one.is_required and one.name not in header
    ]
    faults += [
        Fault(1, name, "this column is given twice") for name in sorted({n for n in header if header.count(n) > 1})
    ]
    unknown = [name for name in header if name not in known]
    return faults + [Fault(1, shown(name), f"expected one of {', '.join(known)}") for name in unknown]
