"""Where books are kept: a SQLite file, given by path or as sqlite:///PATH, or a PostgreSQL database, by its address.

An address may hold a password, so no part of one is printed here; what may be shown of it is for `postgres` to say.
"""

import re
from pathlib import Path

__all__ = ["DatabaseError", "path_of", "server_of"]

_SQLITE = "sqlite:///"
_SERVERS = ("postgresql", "postgres", "postgresql+psycopg")
"""The schemes of an address; the last is what SQLAlchemy calls it by."""


_KEYWORDS = re.compile(r"(?:^|\s)(?:host|hostaddr|port|user|password|dbname|service)\s*=")


class DatabaseError(RuntimeError):
    """The database cannot be used; the message names the place, never a password, and says what to do."""


def server_of(place: Path | str) -> str | None:
    """The place as libpq's postgresql:// address, None where it is a file; DatabaseError where it is neither."""
    scheme, mark, rest = str(place).partition("://")
    if not mark or isinstance(place, Path) or str(place).startswith(_SQLITE):
        return None
    if scheme not in _SERVERS:
        raise DatabaseError(
            f"{scheme}://…: only SQLite and PostgreSQL are supported; give the path of a file, {_SQLITE}PATH,"
            " or postgresql://USER@HOST/DATABASE"
        )
    return f"postgresql://{rest}"


def path_of(place: Path | str) -> Path:
    """The path in a place given as such or as sqlite:///PATH; DatabaseError where it is not a file's."""
    if server_of(place) is not None:
        raise DatabaseError(
            "a ledger on a server has no file, and only SQLite is supported here; copy it with pg_dump and pg_restore"
        )
    text = str(place).removeprefix(_SQLITE)
    if not isinstance(place, Path) and _KEYWORDS.search(text):  # libpq's other form; it may hold a password
        raise DatabaseError("a server is named as postgresql://USER@HOST/DATABASE, not by keywords")
    if text in {"", ":memory:"}:
        raise DatabaseError("the books are kept in a file; give its path")
    return Path(text)
