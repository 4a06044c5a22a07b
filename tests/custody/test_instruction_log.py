"""The log's state is folded once and carried on: whoever adds to the log is heard, and what was undone is not."""

from collections.abc import Iterator

import pytest

from custody.governance import ApprovalState
from custody.instructions import AllowDestination
from custody.shapes import FieldError
from tests.custody.approving import NEW_PLACE
from tests.custody.custodian_cast import FUND, Cast, cast_at

PLACES = (NEW_PLACE, "bc1-two", "bc1-three")


@pytest.fixture
def cast(address: str) -> Iterator[Cast]:
    with cast_at(address) as opened:
        yield opened


def allowed(cast: Cast, number: int) -> None:
    """A governing instruction, accepted: one destination more."""
    signed = cast.signed(AllowDestination, FUND, f"allow/{number}", asset="USDC", destination=PLACES[number])
    assert cast.custodian.submit(signed, cast.now_s, tx=cast.tx).ok


def state_of(cast: Cast) -> ApprovalState:
    with cast.database.transaction() as tx:
        return cast.custodian.log.state(tx)


def listed(state: ApprovalState) -> list[bool]:
    """Which of the places are on the list."""
    return [state.good_from_s(FUND, "USDC", place) is not None for place in PLACES]


def by_hand(cast: Cast, statement: str) -> None:
    with cast.database.transaction() as tx:
        tx.exec_driver_sql(statement)


def test_what_is_folded_is_not_read_again(cast: Cast, address: str) -> None:
    allowed(cast, 0)
    allowed(cast, 1)
    assert listed(state_of(cast)) == [True, True, False]
    by_hand(cast, "UPDATE accepted_instruction SET signed = '{}' WHERE id = 'allow/0'")
    assert state_of(cast) is state_of(cast)
    allowed(cast, 2)
    assert listed(state_of(cast)) == [True, True, True]
    # The control: whoever begins has to read all of it.
    cast.database.close()
    with cast_at(address) as later, pytest.raises(FieldError):
        state_of(later)


def test_a_second_writers_instruction_is_seen(postgres_pair: tuple[Cast, Cast]) -> None:
    first, second = postgres_pair
    second.nonces = 50
    for number, (writer, reader) in enumerate([(first, second), (second, first), (first, second)]):
        state_of(reader)
        allowed(writer, number)
        assert listed(state_of(reader)) == [True] * (number + 1) + [False] * (2 - number)
        assert state_of(reader) == state_of(writer)


@pytest.fixture
def postgres_pair(postgres_url: str) -> Iterator[tuple[Cast, Cast]]:
    """Two that write one ledger on a server, each with a connection of its own."""
    with cast_at(postgres_url) as first, cast_at(postgres_url) as second:
        yield first, second


def test_where_the_log_is_another_one_the_fold_begins_anew(cast: Cast) -> None:
    """As after a copy was put back: the last instruction is gone, or another stands in its place."""
    allowed(cast, 0)
    allowed(cast, 1)
    assert listed(state_of(cast)) == [True, True, False]
    by_hand(cast, "DELETE FROM accepted_instruction WHERE id = 'allow/1'")
    assert listed(state_of(cast)) == [True, False, False]
    allowed(cast, 2)
    assert listed(state_of(cast)) == [True, False, True]
    first = "(SELECT signed FROM accepted_instruction WHERE id = 'allow/0')"
    zeros = {"sqlite": f"x'{32 * '00'}'", "postgresql": f"'\\x{32 * '00'}'"}[cast.database.dialect]
    by_hand(cast, f"UPDATE accepted_instruction SET digest = {zeros}, signed = {first} WHERE id = 'allow/2'")
    assert listed(state_of(cast)) == [True, False, False]


def test_what_was_undone_was_never_heard(cast: Cast) -> None:
    def undone() -> None:
        with cast.database.transaction() as cast.tx:
            allowed(cast, 1)
            assert listed(cast.custodian.log.state(cast.tx)) == [True, True, False]
            raise ZeroDivisionError

    allowed(cast, 0)
    with pytest.raises(ZeroDivisionError):
        undone()
    cast.tx = None
    assert listed(state_of(cast)) == [True, False, False]


def test_nor_was_what_was_undone_at_a_savepoint(cast: Cast) -> None:
    """The last instruction stands where it stood and is the same; the one before it is not there any more."""
    both = [
        cast.signed(AllowDestination, FUND, f"allow/{number}", asset="USDC", destination=PLACES[number])
        for number in (1, 2)
    ]
    with cast.database.transaction() as cast.tx:
        savepoint = cast.tx.begin_nested()
        assert all(cast.custodian.submit(one, cast.now_s, tx=cast.tx).ok for one in both)
        assert listed(cast.custodian.log.state(cast.tx)) == [False, True, True]
        savepoint.rollback()
        allowed(cast, 0)
        assert cast.custodian.submit(both[1], cast.now_s, tx=cast.tx).ok
        assert listed(cast.custodian.log.state(cast.tx)) == [True, False, True]
    cast.tx = None
    assert listed(state_of(cast)) == [True, False, True]


def test_two_beginnings_over_one_log_are_two_states(cast: Cast) -> None:
    allowed(cast, 0)
    other = Cast(cast.database, required=2)
    assert state_of(cast) != state_of(other)
