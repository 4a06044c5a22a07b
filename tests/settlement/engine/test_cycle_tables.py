"""CHECKs that even raw SQL must not break, and one cycle with a dispute on either database."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, DatabaseError, open_database
from settlement.cycle_record import Said
from settlement.cycle_states import Act, Actor, State
from settlement.engine import cycle_store as store
from settlement.engine.cycle_store import Query
from settlement.engine.telling import told
from settlement.engine.webhooks import Endpoint, due, register, replay, waiting
from settlement.records import DESK
from tests.custody.conftest import place, postgres, postgres_url
from tests.settlement.engine.test_api import START_S, filled

__all__ = ["place", "postgres", "postgres_url"]  # the fixtures, for pytest to find here too

IMPOSSIBLE = {
    "settlement_cycle_state_is_known": "UPDATE settlement_cycle SET state = 'happy'",
    "settlement_cycle_number_is_positive": "UPDATE settlement_cycle SET number = 0 WHERE id = 'north/1'",
    "settlement_cycle_is_held_is_a_flag": "UPDATE settlement_cycle SET is_held = 2",
    "settlement_cycle_short_is_not_negative": "UPDATE settlement_cycle SET short_units = -1",
    "settlement_cycle_deadline_is_later": "UPDATE settlement_cycle SET deadline_s = 1",
    "obligation_moves_something": "UPDATE obligation SET units = 0",
    "gross_obligation_is_owed": "UPDATE gross_obligation SET creditor = debtor",
    "gross_obligation_cause_is_known": "UPDATE gross_obligation SET cause = 'whim'",
    "dispute_state_is_known": "UPDATE dispute SET state = 'new'",
    "dispute_is_about_something": "UPDATE dispute SET stated_units = expected_units",
    "webhook_event_sequence_is_positive": "UPDATE webhook_event SET sequence = 0",
    "webhook_endpoint_is_active_is_a_flag": "UPDATE webhook_endpoint SET is_active = 2",
    "webhook_delivery_attempts_are_not_negative": "UPDATE webhook_delivery SET attempts = -1",
}


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    with closing(open_database(place, schemas=(LEDGER, CUSTODIAN, DESK))) as opened:
        yield opened


def test_the_database_refuses_what_cannot_be(database: Database) -> None:
    filled(database)
    with database.transaction() as tx:
        register(tx, Endpoint("ep", "client/hedger", "https://example.org/"), START_S)
        replay(tx, "ep", "client/hedger", 0, START_S)
    for check, statement in IMPOSSIBLE.items():
        with pytest.raises(DatabaseError, match=check), database.transaction() as tx:
            tx.exec_driver_sql(statement)


def test_what_was_written_is_read_again_the_same(database: Database) -> None:
    settler = filled(database)
    with database.snapshot() as reader:
        listed = store.cycles(reader, Query(venue="north"), 0, 10)
        assert [(one.position, one.one.state) for one in listed] == [
            (1, State.AGREED), (2, State.DISPUTED), (3, State.OPEN),
        ]  # fmt: skip
        assert store.find_cycle(reader, "north/1") == listed[0].one
        assert len(listed[0].one.obligations) == 2
        names = [one.name for one in told(reader, 0, 100, "north/2/hedger")]
        assert names == ["dispute.opened"]
    again = Said(Act.PROPOSE, Actor.VENUE, digest="d3", obligations=(), excluded=("hedger", "maker"))
    assert settler.act("north/2", again, START_S + 40).ok
    with database.snapshot() as reader:
        found = store.find_cycle(reader, "north/2")
    assert found is not None
    assert (found.excluded, found.obligations) == (("hedger", "maker"), ())


def test_only_the_first_of_an_object_is_due(database: Database) -> None:
    filled(database)
    with database.transaction() as tx:
        register(tx, Endpoint("ep", "client/hedger", "https://example.org/", ("settlement.",)), START_S)
        assert replay(tx, "ep", "client/hedger", 0, START_S) == 8
    with database.snapshot() as reader:
        assert waiting(reader, START_S) == ["ep"]
        assert [one.event.id for one in due(reader, "ep", START_S, 10)] == ["north/1#1", "north/2#1"]
        assert due(reader, "ep", START_S - 1, 10) == []
