"""A ledger's file in the hands of someone who knows how to switch its guards off."""

import sqlite3
from pathlib import Path


def unguarded(path: Path) -> sqlite3.Connection:
    """A connection that CHECKs, foreign keys and the types of columns do not hold back; each statement by itself."""
    loosening = sqlite3.connect(path, isolation_level=None)
    loosening.execute("PRAGMA writable_schema = ON")
    loosening.execute("UPDATE sqlite_master SET sql = replace(sql, ' STRICT', '') WHERE type = 'table'")
    loosening.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA synchronous = OFF")
    return connection
