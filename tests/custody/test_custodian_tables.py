"""CHECKs that even raw SQL must not break: what the custodian keeps is what it can have written."""

from collections.abc import Iterator

import pytest

from custody.database import DatabaseError
from tests.custody.custodian_cast import Cast, cast_at

IMPOSSIBLE = {
    "movement_units_are_positive": "UPDATE movement SET units = 0",
    "movement_state_is_known": "UPDATE movement SET state = 'happy'",
    "movement_state_is_known again": "UPDATE movement SET state = 'new'",
    "movement_lifecycle_is_known": "UPDATE movement SET lifecycle = 'gift'",
    "movement_standing_is_known": "UPDATE movement SET standing = 'upright'",
    "movement_deadline_is_later": "UPDATE movement SET deadline_s = entered_at_s",
    "movement_counts_are_not_negative": "UPDATE movement SET holds = -1",
    "movement_id_is_short": "UPDATE movement SET id = ''",
    "movement_goes_elsewhere": "UPDATE movement SET lifecycle = 'move'",
    "movement_event_act_is_known": "UPDATE movement_event SET act = 'sing'",
    "movement_event_state_is_known": "UPDATE movement_event SET state = 'new'",
    "accepted_instruction_nonce_is_not_negative": "UPDATE accepted_instruction SET nonce = -1",
    "accepted_instruction_governs_is_a_flag": "UPDATE accepted_instruction SET governs = 2",
    "lien_units_are_positive": "INSERT INTO lien VALUES ('p', 'v', 'USDC', 'call_open', 0, 1)",
    "lien_reason_is_known": "INSERT INTO lien VALUES ('p', 'v', 'USDC', 'venue_halted', 1, 1)",
}
ONLY_SQLITE = {
    "movement_units_is_whole": "UPDATE movement SET units = 1.5",
    "lien_units_is_whole": "INSERT INTO lien VALUES ('p', 'v', 'USDC', 'call_open', 1.5, 1)",
    "accepted_instruction_nonce_is_whole": "UPDATE accepted_instruction SET nonce = 'seven'",
}
TWICE = (
    "INSERT INTO accepted_instruction (id, digest, authority, nonce, operation, governs, signed, accepted_at_s)"
    " SELECT 'other', digest, authority, nonce, operation, governs, signed, accepted_at_s FROM accepted_instruction"
)


@pytest.fixture
def cast(address: str) -> Iterator[Cast]:
    with cast_at(address) as opened:
        opened.deposited("d", 100)
        opened.delegate("g", 10)
        yield opened


def refusal(cast: Cast, statement: str) -> str:
    with pytest.raises(DatabaseError) as why, cast.database.transaction() as tx:
        tx.exec_driver_sql(statement)
    return str(why.value)


def test_the_database_refuses_what_cannot_be(cast: Cast) -> None:
    for check, statement in IMPOSSIBLE.items():
        assert check.split()[0] in refusal(cast, statement), check
    if cast.database.dialect == "sqlite":
        for check, statement in ONLY_SQLITE.items():
            assert check in refusal(cast, statement), check


def test_a_nonce_is_a_partys_once_and_an_event_has_its_movement(cast: Cast) -> None:
    assert "nonce" in refusal(cast, TWICE)
    assert "FOREIGN KEY" in refusal(cast, "UPDATE movement_event SET movement_id = 'nobody'").upper()


SPOILT = {
    "UPDATE movement SET state = 'active' WHERE id = 'g'": "movement g: is active, told as pending_venue",
    "UPDATE movement_event SET state = 'released' WHERE act = 'reserve'": "movement g: reserve does not lead from",
    "UPDATE movement SET units = 11 WHERE id = 'g'": "movement g: in the ledger ['g:hold1'] differ",
    "UPDATE movement SET venue = 'south' WHERE id = 'g'": "movement g: in the ledger ['g:hold1'] differ",
    "DELETE FROM movement_event WHERE act = 'approve'": "movement g: reserve does not lead from requested",
    "UPDATE movement SET holds = 2 WHERE id = 'g'": "movement g: is pending_venue, told as pending_venue",
    "UPDATE movement SET standing = 'pooled' WHERE id = 'g'": "movement g: in the ledger ['g:hold1', 'g:hold1:cl",
}


@pytest.mark.parametrize("statement", SPOILT)
def test_a_record_that_somebody_changed_is_named(cast: Cast, statement: str) -> None:
    assert cast.register.verify() == []
    with cast.database.transaction() as tx:
        tx.exec_driver_sql(statement)
    (found,) = cast.register.verify()
    assert found.startswith(SPOILT[statement])
