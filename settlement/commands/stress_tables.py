"""A user's table, CSV or Parquet by the name's end: read as rows of text with their numbers, and written so."""

import csv
import importlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from margin.contagion.inputs.cells import Row, Table
from margin.contagion.inputs.faults import Fault
from settlement.commands.fields import InputError
from settlement.commands.whole_file import fault_in_writing

PARQUET = ".parquet"


def unit_of(source: str) -> str:
    """What its rows are numbered by: lines of text, the header's the first; rows of Parquet, the first after it 1."""
    return "row" if source.endswith(PARQUET) else "line"


def read_table(source: str) -> Table:
    """Columns and rows; a line without as many cells as the header is a fault. InputError where it is no such file."""
    return _read_parquet(source) if source.endswith(PARQUET) else _read_csv(source)


def require_table(out: str) -> None:
    """InputError for a name that shows no form."""
    if not out.endswith((".csv", PARQUET)):
        raise InputError(f"{out}: expected a name that ends in .csv or {PARQUET}")


def write_table(out: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows of text in the place of what is there. InputError where that cannot be."""
    if out.endswith(PARQUET):
        arrow = _arrow()
        every = list(rows)
        table = arrow.table({name: [row[name] for row in every] for name in columns})
        unfinished = Path(out).with_name(f".{Path(out).name}.{os.getpid()}")
        try:
            importlib.import_module("pyarrow.parquet").write_table(table, str(unfinished))
            unfinished.replace(out)
        except OSError as error:
            raise InputError(f"{out}: {error.strerror or error}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    if fault := fault_in_writing(Path(out), text.getvalue().removesuffix("\n")):
        raise InputError(f"{out}: {fault}")


def _read_csv(source: str) -> Table:
    try:
        text = Path(source).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{source}, line {line}: expected UTF-8, found byte 0x{error.object[error.start]:02x}"
        ) from error
    except OSError as error:
        raise InputError(f"{source}: expected a readable file, found {error.strerror or error}") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, faults, began = [], [], 1
    try:
        header = [name.strip() for name in next(lines, [])]
        began = lines.line_num + 1
        for cells in lines:
            if cells and len(cells) != len(header):
                faults.append(Fault(began, "line", f"expected {len(header)} cells, found {len(cells)}"))
            elif cells:
                rows.append(Row(began, dict(zip(header, cells, strict=True))))
            began = lines.line_num + 1
    except csv.Error as error:
        raise InputError(f"{source}, line {began}: expected CSV, found {error}") from error
    return Table(header, rows, faults)


def _read_parquet(source: str) -> Table:
    arrow = _arrow()
    try:
        table = importlib.import_module("pyarrow.parquet").read_table(source)
    except (OSError, arrow.ArrowException) as error:
        raise InputError(f"{source}: expected a Parquet file, found {str(error).splitlines()[0]}") from error
    names = [str(name) for name in table.column_names]
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    cells = enumerate(zip(*columns, strict=True), start=1)
    return Table(names, [Row(number, dict(zip(names, row, strict=True))) for number, row in cells])


def _text(value: object) -> str:
    """A cell as a person would write it; of a float the shortest decimal that is it."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        return format(exact, "f") if exact.is_finite() else str(value)
    return str(value)


def _arrow() -> Any:
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise InputError("Parquet: install the extra: pip install 'bulkhead[parquet]', or give a CSV file") from error
