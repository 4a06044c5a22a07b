"""Results as columns: Parquet, for those who have pyarrow."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

Rows = Sequence[Mapping[str, object]]


def written(results: Path, name: str, rows: Rows) -> None:
    """Write NAME.parquet: rows that have the same fields. Nothing where pyarrow is not installed, or for no rows."""
    if not rows or importlib.util.find_spec("pyarrow") is None:
        return
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    unfinished = results / f".{name}.parquet"
    parquet.write_table(arrow.Table.from_pylist([dict(row) for row in rows]), str(unfinished))
    unfinished.replace(results / f"{name}.parquet")
