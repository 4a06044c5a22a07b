"""Results as columns: Parquet, for those who have pyarrow."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from settlement.commands.fields import InputError


def written(results: str, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows that have the same fields. InputError, with what to install, where pyarrow is not there."""
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError("--parquet: install the extra: pip install 'bulkhead[parquet]'") from error
    parquet.write_table(arrow.Table.from_pylist([dict(row) for row in rows]), str(Path(results) / f"{name}.parquet"))
