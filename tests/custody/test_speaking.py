"""Whose word counts: every act told by everybody; only the one party whose it is carries a movement on."""

from collections.abc import Iterator

import pytest

from custody.intents import Intent
from custody.lifecycles import MACHINES
from custody.movements import Said
from custody.parties import CUSTODIAN
from custody.refusals import MovementRefusal
from custody.speaking import ACTORS, CHAIN, not_theirs, speaker
from custody.states import Act, Actor, Lifecycle, State
from tests.custody.custodian_cast import FUND, HEDGER, NORTH, SOUTH, Cast, cast_at

STRANGER = MovementRefusal.IS_NOT_THE_SPEAKERS_TO_SAY
EVERYBODY = (CUSTODIAN, CHAIN, FUND, HEDGER, NORTH, SOUTH, "", "signers", "clock")
INTENTS = {
    "deposit": Intent(Lifecycle.DEPOSIT, FUND, "USDC", 60),
    "recall": Intent(Lifecycle.RECALL, FUND, "USDC", 60, "north"),
    "move": Intent(Lifecycle.MOVE, FUND, "USDC", 60, "north", "south"),
}

# act, of which movement, whose
WHOSE = """
observe      deposit  chain
confirm      deposit  chain
drop         deposit  chain
fail         deposit  chain
decline      deposit  custodian
send         deposit  custodian
reserve      recall   custodian
request      recall   client/fund
approve      recall   nobody
time_out     recall   nobody
release      recall   venue/north
acknowledge  recall   venue/north
refuse       recall   venue/north
release      move     venue/north
acknowledge  move     venue/south
refuse       move     venue/south
"""


@pytest.fixture
def cast(address: str) -> Iterator[Cast]:
    with cast_at(address) as opened:
        yield opened


def test_an_act_is_the_same_actors_in_every_table() -> None:
    assert {act: {row.actor for rows in MACHINES.values() for row in rows if row.act is act} for act in Act} == {
        act: {actor} for act, actor in ACTORS.items()
    }
    assert {row.split()[0] for row in WHOSE.strip().splitlines()} == {act.value for act in Act}


@pytest.mark.parametrize("row", WHOSE.strip().splitlines(), ids=lambda row: "-".join(row.split()[:2]))
def test_each_act_is_one_partys_and_refused_from_all_others(row: str) -> None:
    word, kind, whose = row.split()
    act, intent = Act(word), INTENTS[kind]
    assert speaker(intent, act) == (None if whose == "nobody" else whose)
    for by in EVERYBODY:
        found = not_theirs(intent, Said(act, by=by))
        assert (found is None) is (by == whose), by
        if found:
            expected = (STRANGER, f"{act} is {whose}'s")
            assert (found.refusal, found.detail) == expected


def test_nobody_can_say_that_signers_have_approved_or_that_time_is_over(cast: Cast) -> None:
    """A word would do instead of a quorum, or of a deadline, were they anybody's to tell."""
    cast.deposited("d", 100)
    cast.delegate("g", 60)
    for act in (Act.APPROVE, Act.TIME_OUT):
        assert {cast.tell("g", act, by=by).refusal for by in EVERYBODY} == {STRANGER}
    assert {act for act, actor in ACTORS.items() if actor in {Actor.SIGNERS, Actor.CLOCK}} == {
        Act.APPROVE,
        Act.TIME_OUT,
    }
    assert cast.state("g") is State.PENDING_VENUE


def test_a_stranger_writes_nothing_and_learns_nothing(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegate("g", 60)
    events = cast.told()
    for by in set(EVERYBODY) - {NORTH}:
        answer = cast.tell("g", Act.ACKNOWLEDGE, by=by)
        assert (answer.refusal, answer.movement, answer.retry_may_succeed) == (STRANGER, None, False)
    # Also where the act is not listed, and where a deadline has come: who speaks comes first.
    assert cast.tell("g", Act.SEND, by=NORTH).refusal is STRANGER
    assert cast.tell("g", Act.SEND, by=CUSTODIAN).refusal is MovementRefusal.ACT_IS_NOT_LISTED
    cast.now_s += 10_000
    assert cast.tell("g", Act.ACKNOWLEDGE, by=SOUTH).refusal is STRANGER
    assert cast.told() == events
    assert cast.tell("nobody", Act.ACKNOWLEDGE, by=SOUTH).refusal is MovementRefusal.MOVEMENT_NOT_FOUND
    # The control: the venue itself is heard, and silence has decided.
    assert cast.tell("g", Act.ACKNOWLEDGE, by=NORTH).refusal is MovementRefusal.ACT_IS_NOT_LISTED
    assert cast.told() == [*events, "delegation.failed"]
