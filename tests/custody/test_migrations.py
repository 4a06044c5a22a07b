"""The revisions make what the tables' classes say, on both databases; an upgrade is whole or has not been."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, create_engine, inspect, text
from sqlmodel import SQLModel

from custody.custodian_tables import ACCEPTED, CUSTODIAN, EVENT, HALT, LIEN, MOVEMENT
from custody.database import LEDGER, Database, DatabaseError, Schema, open_database
from custody.tables import ACCOUNT, SEAL, TRANSFER
from scripts.postgres_server import PostgresServer
from settlement.engine.advances import ADVANCE
from settlement.engine.break_tables import BREAK, BREAK_ACT
from settlement.engine.cycle_tables import CYCLE, DISPUTE, GROSS, OBLIGATION
from settlement.engine.pins import PIN
from settlement.engine.tables import BATCH, CHECKPOINT, LEADER, REFUSED_ENTRY, REFUSED_REPORT, REPORT
from settlement.engine.webhook_tables import DELIVERY, ENDPOINT
from settlement.engine.webhook_tables import EVENT as TOLD
from settlement.records import CALL, DESK, FILL, MESSAGE

ROOT = Path(__file__).resolve().parents[2]
BOTH = (LEDGER, DESK)
ALL = (LEDGER, CUSTODIAN, DESK)
TABLES = {
    LEDGER: (ACCOUNT, TRANSFER, SEAL),
    CUSTODIAN: (MOVEMENT, EVENT, ACCEPTED, LIEN, HALT),
    DESK: (
        FILL,
        CALL,
        MESSAGE,
        REPORT,
        REFUSED_ENTRY,
        REFUSED_REPORT,
        BATCH,
        CHECKPOINT,
        LEADER,
        CYCLE,
        OBLIGATION,
        GROSS,
        DISPUTE,
        TOLD,
        ENDPOINT,
        DELIVERY,
        BREAK,
        PIN,
        BREAK_ACT,
        ADVANCE,
    ),
}
VERSION_TABLES = {schema.version_table for schema in ALL}

SECOND = '''
"""A second revision."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table("note", sa.Column("id", sa.Integer(), primary_key=True))
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("label", sa.Text(), nullable=False, server_default="unnamed"))
        if op.get_bind().dialect.name == "sqlite":
            account.alter_column("asset", type_=sa.Text())  # has SQLite put another table in its place
'''


@pytest.fixture
def second(tmp_path: Path) -> Schema:
    """The ledger's schema with one revision more."""
    return newer(tmp_path / "100% new", SECOND)


def newer(folder: Path, revision: str) -> Schema:
    shutil.copytree(LEDGER.scripts, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "v0003_next.py").write_text(revision)
    return replace(LEDGER, scripts=folder)


def fill(place: str) -> None:
    """A ledger with two accounts and a transfer between them, at the revision of this program."""
    with closing(open_database(place)) as database, database.transaction() as tx:
        for key, name in enumerate(("vault", "fund"), start=1):
            tx.execute(
                ACCOUNT.insert(),
                {"key": key, "id": name, "asset": "USDC", "code": key, "limit_rule": 0, "digest": bytes(32)},
            )
        row = {"position": 1, "id": "one", "debit_account": 1, "credit_account": 2, "amount": 5, "reason": 1, "kind": 1}
        rest = {"linked": 0, "reference": "", "occurred_at_s": 1, "expires_at_s": 0, "checksum": 7}
        tx.execute(TRANSFER.insert(), row | rest)


def shape(connection: Connection) -> object:
    """Everything that was made, in the database's own words, but for the tables that hold revisions."""
    if connection.dialect.name == "sqlite":
        made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {name: " ".join(words.split()) for name, words in made if name not in VERSION_TABLES}
    return {
        what: {tuple(row) for row in connection.execute(text(query)) if row[0] not in VERSION_TABLES}
        for what, query in CATALOGUE.items()
    }


OURS = "JOIN pg_class c ON c.oid = {} AND c.relnamespace = 'public'::regnamespace"
CATALOGUE = {
    "columns": "SELECT relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, collname,"
    f" pg_get_expr(adbin, adrelid) FROM pg_attribute {OURS.format('attrelid')} AND relkind = 'r'"
    " LEFT JOIN pg_collation ON pg_collation.oid = attcollation"
    " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0",
    "constraints": f"SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint"
    f" {OURS.format('conrelid')}",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


@pytest.fixture
def modelled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str, list[Table]], object]]:
    """What `create_all` would make of some tables, in an empty database of that kind."""

    def made(dialect: str, tables: list[Table]) -> object:
        if dialect == "sqlite":
            url = f"sqlite:///{tmp_path / 'modelled.sqlite'}"
        else:
            server: PostgresServer = request.getfixturevalue("postgres")
            fresh.append((server, server.fresh()))
            url = server.url(fresh[-1][1]).replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(url)
        with engine.begin() as connection:
            SQLModel.metadata.create_all(connection, tables)
            shaped = shape(connection)
        engine.dispose()
        return shaped

    fresh: list[tuple[PostgresServer, str]] = []
    yield made
    for server, name in fresh:
        server.drop(name)


@pytest.mark.parametrize("schemas", [(LEDGER,), BOTH, ALL], ids=["ledger", "both", "all"])
def test_the_revisions_make_what_the_classes_say(
    place: str, schemas: tuple[Schema, ...], modelled: Callable[[str, list[Table]], object]
) -> None:
    tables = [table for schema in schemas for table in TABLES[schema]]
    names = {table.name for table in tables}

    def is_asked_for(_one: object, name: str | None, kind: str, *_of: object) -> bool:
        return kind != "table" or name in names  # SQLModel knows those of every module that was imported by now

    with closing(open_database(place, schemas=schemas)) as database, database.snapshot() as reader:
        context = MigrationContext.configure(reader, opts={"compare_type": True, "include_object": is_asked_for})
        assert compare_metadata(context, SQLModel.metadata) == []
        assert shape(reader) == modelled(database.dialect, tables)


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_every_table_of_the_package_is_in_its_schema_and_every_revision_is_found(schema: Schema) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.scripts))
    script = ScriptDirectory.from_config(config)
    assert tuple(reversed([one.revision for one in script.walk_revisions()])) == schema.revisions
    assert script.get_heads() == [schema.revisions[-1]]
    modules = {
        LEDGER: {"custody.tables"},
        CUSTODIAN: {"custody.custodian_tables"},
        DESK: {
            "settlement.records",
            "settlement.engine.tables",
            "settlement.engine.cycle_tables",
            "settlement.engine.pins",
            "settlement.engine.advances",
            "settlement.engine.webhook_tables",
            "settlement.engine.break_tables",
        },
    }[schema]
    mapped = {m.local_table for m in SQLModel._sa_registry.mappers if m.class_.__module__ in modules}
    assert mapped == set(TABLES[schema])


def test_no_table_is_outside_a_schema() -> None:
    packages = ("custody.", "margin.", "settlement.", "scripts.")
    mapped = {m.local_table for m in SQLModel._sa_registry.mappers if m.class_.__module__.startswith(packages)}
    assert mapped == {table for tables in TABLES.values() for table in tables}


# -- from one revision to the next -------------------------------------------------------------------------------------


def state(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the books, with the revision."""
    with database.snapshot() as reader:
        names = ("ledger_version", "account", "transfer", "seal")
        return {name: [tuple(row) for row in reader.execute(text(f"SELECT * FROM {name}"))] for name in names}


def state_of(place: str) -> dict[str, list[tuple[object, ...]]]:
    with closing(open_database(place, create=False, read_only=True)) as database:
        return state(database)


def test_an_older_ledger_is_upgraded_and_keeps_its_rows(place: str, second: Schema) -> None:
    fill(place)
    before = state_of(place)
    with closing(open_database(place, create=False, schemas=(second,))) as database:
        after = state(database)
        assert after["ledger_version"] == [("0003",)]
        assert after["account"] == [(*row, "unnamed") for row in before["account"]]
        assert after["transfer"] == before["transfer"]
        with pytest.raises(DatabaseError, match=r"(?i)foreign key"), database.transaction() as tx:
            tx.execute(text("DELETE FROM account WHERE key = 1"))
    with closing(open_database(place, create=False, schemas=(second,))) as again:
        assert state(again) == after


FAILURES = {
    "a statement that is refused": "    op.execute('INSERT INTO nowhere VALUES (1)')\n",
    "a row that is refused": '    op.execute("UPDATE transfer SET kind = 9")\n',
    "a fault of its own": "    raise ZeroDivisionError\n",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_upgrade_that_fails_half_way_leaves_the_ledger_as_it_was(place: str, tmp_path: Path, failure: str) -> None:
    fill(place)
    before = state_of(place)
    broken = newer(tmp_path / "broken", SECOND + FAILURES[failure])
    fault = ZeroDivisionError if "own" in failure else DatabaseError
    with pytest.raises(fault) as refusal:
        open_database(place, schemas=(broken,))
    if fault is DatabaseError:
        stays = "its ledger cannot be brought from revision 0002 to 0003 and stays as it was: the database refused: "
        assert stays in str(refusal.value)
    assert state_of(place) == before
    with closing(open_database(place)) as database, database.snapshot() as reader:
        assert "note" not in inspect(reader).get_table_names()


def test_an_upgrade_that_would_orphan_a_row_is_undone(tmp_path: Path) -> None:
    """References are not heeded while SQLite exchanges tables, so they are looked at before it is too late."""
    place = str(tmp_path / "ledger.sqlite")
    fill(place)
    before = state_of(place)
    broken = newer(tmp_path / "broken", SECOND + "    op.execute('DELETE FROM account WHERE key = 1')\n")
    with pytest.raises(DatabaseError, match="transfer row 1 names no account"):
        open_database(place, schemas=(broken,))
    assert state_of(place) == before


def test_whoever_only_reads_upgrades_nothing(place: str, second: Schema) -> None:
    fill(place)
    advice = "its ledger is at revision 0002, this program reads revision 0003; open it for writing once"
    with pytest.raises(DatabaseError, match=advice):
        open_database(place, read_only=True, schemas=(second,))
    assert state_of(place)["ledger_version"] == [("0002",)]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_ledger_is_refused_with_both_revisions(place: str, second: Schema, read_only: bool) -> None:
    open_database(place, schemas=(second,)).close()
    with pytest.raises(DatabaseError, match="at revision 0003, this program knows them up to 0002; use the version"):
        open_database(place, read_only=read_only)


def test_a_ledger_from_before_the_first_release_is_refused_and_stays(place: str) -> None:
    """Its journal had other encodings, and to seal it again would be to rewrite it."""
    with closing(open_database(place)) as database, database.transaction() as tx:
        tx.execute(text("UPDATE ledger_version SET version_num = '0001'"))
    for read_only in (False, True):
        with pytest.raises(DatabaseError, match="at revision 0001, this program knows them up to 0002; use the vers"):
            open_database(place, read_only=read_only)


def test_a_ledger_without_a_revision_is_refused(place: str) -> None:
    with closing(open_database(place)) as database, database.transaction() as tx:
        tx.execute(text("DELETE FROM ledger_version"))
    with pytest.raises(DatabaseError, match="its ledger is at revision none"):
        open_database(place)


def test_the_desks_tables_join_a_ledger_that_is_there(place: str) -> None:
    fill(place)
    with pytest.raises(
        DatabaseError, match=f"its desk has no tables yet, this program reads revision {DESK.revisions[-1]}; open it"
    ):
        open_database(place, read_only=True, schemas=BOTH)
    with closing(open_database(place, create=False, schemas=BOTH)) as database:
        assert len(state(database)["transfer"]) == 1
    with closing(open_database(place, read_only=True, schemas=BOTH)) as database, database.snapshot() as reader:
        assert reader.execute(text("SELECT version_num FROM desk_version")).all() == [(DESK.revisions[-1],)]
        assert reader.execute(text("SELECT count(*) FROM fill")).scalar() == 0
    open_database(place).close()  # who does not ask for the desk's tables is not troubled by them


def test_making_a_ledger_is_one_transaction(place: str, tmp_path: Path) -> None:
    """What fails at its last statement leaves a place where a ledger can be made: nothing at all."""
    broken = newer(tmp_path / "broken", SECOND + FAILURES["a statement that is refused"])
    with pytest.raises(DatabaseError, match="its ledger cannot be made: the database refused"):
        open_database(place, schemas=(broken,))
    with closing(open_database(place)) as database:
        assert state(database)["account"] == []


KILLED = """
import sys
from dataclasses import replace
from pathlib import Path
from custody.database import LEDGER, open_database

open_database(sys.argv[1], schemas=(replace(LEDGER, scripts=Path(sys.argv[2])),))
"""


@pytest.mark.parametrize("is_there", [False, True])
def test_a_process_that_is_killed_half_way_leaves_what_there_was(place: str, tmp_path: Path, is_there: bool) -> None:
    if is_there:
        fill(place)
        before = state_of(place)
    deadly = newer(tmp_path / "deadly", SECOND + "    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n")
    killed = subprocess.run([sys.executable, "-c", KILLED, place, deadly.scripts], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    if is_there:
        assert state_of(place) == before
    with closing(open_database(place)) as database:
        assert len(state(database)["account"]) == (2 if is_there else 0)


def test_ledgers_that_are_made_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    places = [str(tmp_path / f"{number}.sqlite") for number in range(6)]
    together = threading.Barrier(len(places))
    errors: list[Exception] = []

    def make(place: str) -> None:
        together.wait()
        try:
            fill(place)
        except Exception as error:  # in a thread it would be lost
            errors.append(error)

    threads = [threading.Thread(target=make, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [len(state_of(place)["account"]) for place in places] == [2] * len(places)


# -- what a quick start does not load ----------------------------------------------------------------------------------

OPEN = """
import sys
from custody.database import open_database
open_database(sys.argv[1]).close()
print(sorted({"alembic", "psycopg", "mako"} & set(sys.modules)))
"""


def test_opening_a_file_that_is_up_to_date_loads_neither_alembic_nor_the_other_driver(tmp_path: Path) -> None:
    def loaded() -> str:
        command = [sys.executable, "-c", OPEN, str(tmp_path / "ledger.sqlite")]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()

    assert loaded() == "['alembic', 'mako']"
    assert loaded() == "[]"


def test_a_file_of_before_the_first_release_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"PRAGMA application_id = {0x42554C4B}; PRAGMA user_version = 1; CREATE TABLE account (id TEXT)"
        )
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(DatabaseError, match="written before the first release, which cannot be read; begin a new"):
            open_database(path, read_only=read_only)
    assert path.read_bytes() == before
