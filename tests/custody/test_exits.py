"""A compartment that its holder has left alone: the custodian hears of it, and has nothing to say about it."""

from collections.abc import Callable, Iterator

import pytest

from custody.answers import Answer
from custody.delegation import Standing
from custody.movements import Block
from custody.states import Act, State
from tests.custody.custodian_cast import FUND, NORTH, TERMS, Cast, cast_at

PLACE = (FUND, "north", "USDC")


@pytest.fixture
def cast(address: str) -> Iterator[Cast]:
    """100 deposited, 60 of them at a venue."""
    with cast_at(address) as opened:
        opened.deposited("d", 100)
        opened.delegated("g", 60)
        yield opened
        assert opened.register.verify() == []
        assert opened.books.verify() == []


def test_what_has_left_is_held_and_available_once_its_claims_are_burned(cast: Cast) -> None:
    assert cast.observe_exit("e", 60).ok
    assert cast.balances()["client/fund/delegated/north"] == (60, 0), "a claim still, and at nobody's disposal"
    assert cast.tell("e", Act.CONFIRM, "0xb042", by="chain").ok
    assert cast.balances() == {"vault": (-100, -100), "client/fund/available": (100, 100)}
    assert cast.told("e") == ["exit.observed", "delegation.released"]


def test_neither_liens_nor_a_halt_stop_what_has_happened(cast: Cast) -> None:
    for reason in (Block.SETTLEMENT_PENDING, Block.CALL_OPEN, Block.OBLIGATION_UNPAID):
        cast.custodian.keep(PLACE, reason, 60, cast.now_s)
    cast.custodian.halt("north", True, cast.now_s)
    blocked = cast.recall("r", 1).movement
    assert blocked is not None
    assert blocked.reason == "settlement_pending", "the control"
    assert cast.observe_exit("e", 60).ok
    assert cast.tell("e", Act.CONFIRM, "0xb042").ok
    assert cast.balances()["client/fund/available"] == (100, 100)


def test_the_same_fact_is_one_exit_and_another_under_its_id_is_refused(cast: Cast) -> None:
    cast.observe_exit("e", 50)
    before = cast.balances()
    assert cast.observe_exit("e", 50).repeated
    assert cast.balances() == before
    assert cast.observe_exit("e", 51).refusal == "exists_with_different_units"
    assert cast.observe_exit("e", 50, reference="0xother").refusal == "said_before_with_different_reference"
    assert cast.observe("e", 50).refusal == "exists_with_different_lifecycle"


def test_what_has_left_cannot_be_recalled_or_moved_as_well(cast: Cast) -> None:
    cast.observe_exit("e", 50)
    assert cast.register.recallable_units(*PLACE) == 10
    answer = cast.recall("r", 11)
    assert answer.movement is not None
    assert (answer.movement.state, answer.movement.reason) == (State.REFUSED, "exceeds_compartment")
    assert cast.recall("s", 10).ok


def test_an_exit_that_the_chain_takes_back_has_not_been(cast: Cast) -> None:
    before = cast.balances()
    cast.observe_exit("e", 60)
    assert cast.tell("e", Act.DROP, "reorganised").ok
    assert cast.balances() == before
    assert cast.told("e")[-1] == "exit.reorganised"


def test_a_holder_may_keep_its_claims_and_the_hold_stays(cast: Cast) -> None:
    cast.observe_exit("e", 60)
    for _ in range(3):
        cast.now_s += TERMS.chain_s
        cast.custodian.tick(cast.now_s)
    assert cast.told("e") == ["exit.observed"] + 3 * ["exit.late"]
    assert cast.balances()["client/fund/delegated/north"] == (60, 0)
    assert cast.tell("e", Act.CONFIRM, "0xb042").ok
    assert cast.state("e") is State.RELEASED


REFUSALS: dict[str, tuple[Callable[[Cast], Answer], str]] = {
    "a bad id, and nothing": (lambda cast: cast.observe_exit("a b", 0), "id_is_malformed"),
    "nothing, of nobody": (lambda cast: cast.observe_exit("x", 0, "somebody"), "units_must_be_positive"),
    "nobody": (lambda cast: cast.observe_exit("x", 1, "somebody"), "party_is_malformed"),
    "a venue elsewhere": (lambda cast: cast.observe_exit("x", 1, "venue/south"), "venue_must_be_the_party"),
    "more than the books know": (lambda cast: cast.observe_exit("x", 61), "books_refused"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_in_order(cast: Cast, case: str) -> None:
    tried, refusal = REFUSALS[case]
    before = cast.balances()
    assert tried(cast).refusal == refusal
    assert cast.balances() == before


def test_only_the_chain_tells_of_it(cast: Cast) -> None:
    cast.observe_exit("e", 60)
    for stranger in (FUND, NORTH, "custodian", ""):
        assert cast.tell("e", Act.CONFIRM, by=stranger).refusal == "is_not_the_speakers_to_say"
    assert cast.tell("e", Act.RELEASE, by=NORTH).refusal == "act_is_not_listed"


def test_what_the_books_refuse_is_taken_once_they_can(cast: Cast) -> None:
    """A recall holds what has left meanwhile: the fact waits for it, and is heard again."""
    cast.recall("r", 60)
    answer = cast.observe_exit("e", 60)
    assert (answer.refusal, answer.retry_may_succeed) == ("books_refused", True)
    assert cast.register.movement("e") is None
    cast.custodian.keep(PLACE, Block.OBLIGATION_UNPAID, 1, cast.now_s)
    assert cast.tell("r", Act.RELEASE, "0x11", by=NORTH).ok
    assert cast.state("r") is State.BLOCKED
    assert cast.observe_exit("e", 60).ok


def test_of_a_pool_no_client_can_leave(address: str) -> None:
    with cast_at(address, Standing.POOLED) as pooled:
        pooled.deposited("d", 100)
        pooled.delegated("g", 60)
        assert pooled.observe_exit("e", 60).refusal == "pool_has_no_compartments"
        assert pooled.observe_exit("e", 60, "venue/south").refusal == "venue_must_be_the_party"
