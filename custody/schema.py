"""Which tables a program needs, at which revision, and how a database gets there.

Every package that keeps tables has its revisions in a folder of its own, with a table that says which one a database
is at. Whether anything is to be done is read off the names of the revisions' files (v0001_….py is revision 0001), for
alembic takes a seventh of a second to import: only what makes or upgrades a ledger waits for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection

from custody.places import DatabaseError

_DIGITS = slice(1, 5)
_ONE_AT_A_TIME = Lock()  # what a revision writes to is a global of alembic's, even where the databases differ


@dataclass(frozen=True, slots=True)
class Schema:
    """A set of tables: its name for people, the table that holds its revision, and alembic's script directory."""

    name: str
    version_table: str
    scripts: Path

    @property
    def revisions(self) -> tuple[str, ...]:
        """Every revision this program knows, the oldest first; each follows from the one before it."""
        return tuple(sorted(file.name[_DIGITS] for file in (self.scripts / "versions").glob("v[0-9]*_*.py")))


LEDGER = Schema("ledger", "ledger_version", Path(__file__).with_name("migrations"))

Found = Mapping[str, str]
"""The revision that a database is at, by version table; what is not in it has no tables there yet."""


def behind(place: str, schemas: Iterable[Schema], found: Found) -> tuple[Schema, ...]:
    """The schemas that have to be made or upgraded; DatabaseError where one is at a revision not known here."""
    late = []
    for schema in schemas:
        at, known = found.get(schema.version_table), schema.revisions
        if at is not None and at not in known:
            raise DatabaseError(
                f"{place}: its {schema.name} is at revision {at or 'none'}, this program knows them up to {known[-1]};"
                " use the version that wrote it"
            )
        if at != known[-1]:
            late.append(schema)
    return tuple(late)


def require_current(place: str, schemas: Iterable[Schema], found: Found) -> None:
    """`behind` for those who only read: DatabaseError where anything is behind."""
    for schema in behind(place, schemas, found):
        at = found.get(schema.version_table)
        stands = f"is at revision {at}" if at else "has no tables yet"
        raise DatabaseError(
            f"{place}: its {schema.name} {stands}, this program reads revision {schema.revisions[-1]};"
            " open it for writing once, which upgrades it"
        )


def upgrade(tx: Connection, schema: Schema) -> None:
    """Bring a schema's tables to the newest revision, within the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.scripts).replace("%", "%%"))
    config.attributes.update(connection=tx, version_table=schema.version_table)
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
