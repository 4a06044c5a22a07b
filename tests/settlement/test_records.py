"""What the desk keeps beside the transfers: CHECKs that even raw SQL must not break, and messages without an answer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from custody.database import LEDGER, Database, DatabaseError, open_database
from margin.calls import MarginCall
from settlement import records
from settlement.mirror import Fill
from settlement.records import DESK, Message

FILL = Fill("harbour", 1, 1, "hedger", "house", 2_000, 90_000_000_000, 100, "order")
CALL = MarginCall("call/1", "hedger", "harbour", 500, 100, 3_700)
MESSAGE = Message(b"\x01" * 32, "mirror", "harbour", 1, b"\x02\x03", 100)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, DESK))
    yield opened
    opened.close()


def rows(database: Database, table: str) -> list[dict[str, object]]:
    with database.snapshot() as reader:
        return [dict(row._mapping) for row in reader.execute(text(f"SELECT * FROM {table}"))]


def test_a_fill_is_stored_with_its_derived_id_once(database: Database) -> None:
    with database.transaction() as tx:
        records.store_fills(tx, [FILL])
        records.store_fills(tx, [])
    (stored,) = rows(database, "fill")
    assert (stored["id"], stored["lots"], stored["buyer"]) == (FILL.id, 2_000, "hedger")
    with pytest.raises(DatabaseError, match=r"UNIQUE constraint failed: fill\.id"), database.transaction() as tx:
        records.store_fills(tx, [replace(FILL, sequence=2), FILL])
    assert len(rows(database, "fill")) == 1, "the whole transaction is undone"


@pytest.mark.parametrize(("wrong", "check"), [
    ({"lots": 0}, "fill_is_positive"),
    ({"price_e6": -1}, "fill_is_positive"),
    ({"seller": "hedger"}, "fill_has_two_sides"),
    ({"lots": 1.5}, "fill_lots_is_whole"),
])  # fmt: skip
def test_the_database_refuses_an_impossible_fill(database: Database, wrong: dict[str, object], check: str) -> None:
    with pytest.raises(DatabaseError, match=check), database.transaction() as tx:
        records.store_fills(tx, [replace(FILL, **wrong)])


def test_a_call_is_stored_open_and_then_ends(database: Database) -> None:
    with database.transaction() as tx:
        records.store_call(tx, CALL)
        records.store_call(tx, replace(CALL, id="call/2"))
    assert [row["ended"] for row in rows(database, "margin_call")] == ["", ""]
    with database.transaction() as tx:
        records.end_call(tx, "call/1", "met", 900)
    assert [(row["ended"], row["ended_at_s"]) for row in rows(database, "margin_call")] == [("met", 900), ("", 0)]


@pytest.mark.parametrize("wrong", [{"amount_units": 0}, {"deadline_s": 99}])
def test_the_database_refuses_a_call_that_cannot_be_met(database: Database, wrong: dict[str, int]) -> None:
    with pytest.raises(DatabaseError, match="margin_call_can_be_met"), database.transaction() as tx:
        records.store_call(tx, replace(CALL, **wrong))


def test_messages_without_a_receipt_are_what_a_recovery_asks_about(database: Database) -> None:
    later = replace(MESSAGE, digest=b"\x09" * 32, kind="cycle", created_at_s=50)
    with database.transaction() as tx:
        records.store_message(tx, MESSAGE)
        records.store_message(tx, later)
        assert records.unanswered(tx) == [later.digest.hex(), MESSAGE.digest.hex()], "the oldest first"
        records.store_receipt(tx, later.digest, "0xabc")
        assert records.unanswered(tx) == [MESSAGE.digest.hex()]
    with pytest.raises(DatabaseError, match="UNIQUE"), database.transaction() as tx:
        records.store_message(tx, MESSAGE)
