"""The rule that carries a movement on: refusals in order, guards in order, and what is written with each step."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.coverage import Coverage
from custody.delegation import Standing
from custody.intents import Intent
from custody.lifecycles import MACHINES, from_state
from custody.movements import Block, Facts, Movement, Refused, Said, Stepped, Terms, Unsound
from custody.refusals import MovementRefusal
from custody.states import Act, Lifecycle, State
from custody.steps import allowed, block, step, unsound
from custody.transfers import Kind

TERMS = Terms(
    confirmations=3, venue_s=100, release_s=200, send_s=300, chain_s=400, quorum_s=500, block_s=600, move_delay_s=50
)
NOW_S = 1_000
RICH = Facts(Coverage(1_000, 0, 0), compartment_units=1_000)
FUND = "client/fund"
NORTHS_OWN = ("venue/north", "USDC", 60, "north")

INTENTS = {
    Lifecycle.DEPOSIT: Intent(Lifecycle.DEPOSIT, FUND, "USDC", 60),
    Lifecycle.DELEGATION: Intent(Lifecycle.DELEGATION, FUND, "USDC", 60, "north"),
    Lifecycle.RECALL: Intent(Lifecycle.RECALL, FUND, "USDC", 60, "north"),
    Lifecycle.MOVE: Intent(Lifecycle.MOVE, FUND, "USDC", 60, "north", "south"),
    Lifecycle.WITHDRAWAL: Intent(Lifecycle.WITHDRAWAL, FUND, "USDC", 60, destination="0xabc"),
    Lifecycle.EXIT: Intent(Lifecycle.EXIT, FUND, "USDC", 60, "north"),
}


def movement(lifecycle: Lifecycle, state: State, entered_at_s: int = 900, deadline_s: int = 0) -> Movement:
    return Movement("m", INTENTS[lifecycle], state, entered_at_s, deadline_s, holds=1)


def stepped(before: Movement, said: Said, facts: Facts = RICH, now_s: int = NOW_S) -> Stepped:
    found = step(before, said, now_s, facts, TERMS)
    assert isinstance(found, Stepped), found
    return found


def refused(before: Movement, said: Said, facts: Facts = RICH, now_s: int = NOW_S) -> Refused:
    found = step(before, said, now_s, facts, TERMS)
    assert isinstance(found, Refused), found
    return found


# -- refusals, in order ------------------------------------------------------------------------------------------------


def test_refusals_in_order_of_precedence() -> None:
    pending = movement(Lifecycle.MOVE, State.PENDING_VENUE, entered_at_s=980, deadline_s=1_200)
    late = replace(pending, deadline_s=NOW_S)
    # At its deadline silence has decided, even where the act would be listed, or is not.
    for act in (Act.ACKNOWLEDGE, Act.SEND):
        assert refused(late, Said(act)) == Refused(MovementRefusal.DEADLINE_HAS_PASSED, "at 1000")
    unlisted = Refused(MovementRefusal.ACT_IS_NOT_LISTED, "pending_venue allows acknowledge, refuse, time_out")
    assert refused(pending, Said(Act.SEND)) == unlisted
    assert refused(pending, Said(Act.TIME_OUT)) == Refused(MovementRefusal.DEADLINE_HAS_NOT_PASSED, "before 1200")
    assert refused(pending, Said(Act.ACKNOWLEDGE)).refusal is MovementRefusal.DELAY_IS_NOT_OVER
    assert stepped(pending, Said(Act.ACKNOWLEDGE), now_s=1_030).movement.state is State.ACTIVE
    blocked = movement(Lifecycle.RECALL, State.BLOCKED)
    stopped = replace(RICH, kept_units={Block.CALL_OPEN: 941})
    assert refused(blocked, Said(Act.RESERVE), stopped) == Refused(MovementRefusal.IS_STILL_BLOCKED, "call_open")
    known = replace(movement(Lifecycle.DEPOSIT, State.CONFIRMING), confirmations=2)
    assert refused(known, Said(Act.CONFIRM, confirmations=2)).refusal is MovementRefusal.CONFIRMATIONS_ARE_NOT_MORE


def test_a_final_state_allows_nothing() -> None:
    gone = movement(Lifecycle.DELEGATION, State.EXPIRED)
    assert refused(gone, Said(Act.ACKNOWLEDGE)) == Refused(MovementRefusal.ACT_IS_NOT_LISTED, "expired allows nothing")
    assert allowed(gone) == "expired allows nothing"


@pytest.mark.parametrize("lifecycle", list(Lifecycle), ids=str)
@pytest.mark.parametrize("state", list(State), ids=str)
def test_exactly_what_is_listed_is_done(lifecycle: Lifecycle, state: State) -> None:
    for act in Act:
        before = movement(lifecycle, state, deadline_s=NOW_S if act is Act.TIME_OUT else 0)
        listed = any(row.act is act for row in from_state(lifecycle, state))
        found = step(before, Said(act, confirmations=9), NOW_S, RICH, TERMS)
        assert isinstance(found, Stepped) is listed, (act, found)


# -- unsound and blocked -----------------------------------------------------------------------------------------------

# lifecycle, available, delegated, haircut, compartment | reason
UNSOUND = """
delegation 59   0    0    0   exceeds_available
delegation 59   60   9000 0   exceeds_available
delegation 100  0    4001 0   would_delegate_twice
delegation 100  0    4000 0   none
delegation 60   0    0    0   none
recall     0    59   0    59  exceeds_compartment
recall     0    100  5000 100 none
move       0    59   5000 59  exceeds_compartment
move       10   90   2000 90  would_delegate_twice
move       10   90   1000 90  none
withdrawal 59   0    0    0   exceeds_available
withdrawal 59   90   9000 0   exceeds_available
withdrawal 100  900  1000 0   would_uncover_delegations
withdrawal 160  900  1000 0   none
deposit    0    0    9000 0   none
"""


@pytest.mark.parametrize("row", UNSOUND.strip().splitlines(), ids=lambda row: "-".join(row.split()))
def test_what_is_unsound(row: str) -> None:
    name, available, delegated, haircut, compartment, reason = row.split()
    facts = Facts(Coverage(int(available), int(delegated), int(haircut)), int(compartment))
    found = unsound(movement(Lifecycle(name), State.APPROVED), facts)
    assert found == (None if reason == "none" else Unsound(reason))


def test_unsound_comes_before_blocked_and_is_final() -> None:
    asked = movement(Lifecycle.DELEGATION, State.APPROVED)
    halted = Facts(Coverage(10, 0, 0), is_halted=True)
    after = stepped(asked, Said(Act.RESERVE), halted)
    assert (after.movement.state, after.movement.reason) == (State.REFUSED, "exceeds_available")
    assert (after.transfers, after.event.name, after.event.reason) == ((), "delegation.failed", "exceeds_available")
    after = stepped(asked, Said(Act.RESERVE), replace(RICH, is_halted=True))
    assert (after.movement.state, after.movement.reason) == (State.BLOCKED, "venue_halted")
    assert after.movement.deadline_s == NOW_S + TERMS.block_s


@pytest.mark.parametrize("lifecycle", [Lifecycle.RECALL, Lifecycle.MOVE], ids=str)
def test_what_is_kept_blocks_to_the_unit_and_counts_what_the_movement_holds_itself(lifecycle: Lifecycle) -> None:
    facts = Facts(Coverage(0, 100, 0), 100, {Block.CALL_OPEN: 30, Block.OBLIGATION_UNPAID: 10})
    assert block(movement(lifecycle, State.APPROVED), facts) is None
    one_more = replace(facts, kept_units={Block.CALL_OPEN: 30, Block.OBLIGATION_UNPAID: 11})
    assert block(movement(lifecycle, State.APPROVED), one_more) is Block.CALL_OPEN
    held = replace(facts, compartment_units=40)
    assert block(movement(lifecycle, State.RECALL_REQUESTED), held) is None
    assert unsound(movement(lifecycle, State.RECALL_REQUESTED), held) is None
    assert block(movement(lifecycle, State.RECALL_REQUESTED), replace(one_more, compartment_units=40)) is not None


def test_a_halted_venue_stops_what_enters_and_not_what_leaves() -> None:
    halted = replace(RICH, is_halted=True)
    found = {kind: block(movement(kind, State.APPROVED), halted) for kind in Lifecycle}
    assert {kind for kind, why in found.items() if why is Block.VENUE_HALTED} == {Lifecycle.DELEGATION, Lifecycle.MOVE}
    own = replace(movement(Lifecycle.DELEGATION, State.APPROVED), intent=Intent(Lifecycle.DELEGATION, *NORTHS_OWN))
    assert block(own, halted) is None, "what it brings itself is how it pays"


# -- what a step writes ------------------------------------------------------------------------------------------------


def test_a_silent_venue_releases_at_the_deadline_whenever_that_is_noticed() -> None:
    asked = movement(Lifecycle.RECALL, State.RECALL_REQUESTED, deadline_s=950)
    after = stepped(asked, Said(Act.TIME_OUT), replace(RICH, compartment_units=0))
    assert (after.movement.state, after.event.name) == (State.RELEASED, "delegation.released")
    assert after.event.occurred_at_s == 950
    assert [(one.kind, one.occurred_at_s) for one in after.transfers] == [(Kind.POST, 950)]
    owed = Facts(Coverage(0, 60, 0), 0, {Block.OBLIGATION_UNPAID: 1})
    after = stepped(asked, Said(Act.TIME_OUT), owed)
    assert (after.movement.state, after.movement.reason) == (State.BLOCKED, "obligation_unpaid")
    assert [one.kind for one in after.transfers] == [Kind.VOID]


def test_what_is_held_again_has_transfers_of_its_own() -> None:
    first = stepped(replace(movement(Lifecycle.RECALL, State.APPROVED), holds=0), Said(Act.RESERVE))
    voided = stepped(first.movement, Said(Act.RELEASE), Facts(Coverage(0, 60, 0), 0, {Block.CALL_OPEN: 1}))
    again = stepped(voided.movement, Said(Act.RESERVE))
    ids = [one.id for found in (first, voided, again) for one in found.transfers]
    assert ids == ["m:hold1", "m:hold1:void", "m:hold2"]
    released = stepped(again.movement, Said(Act.RELEASE))
    assert [one.pending_id for one in released.transfers] == ["m:hold2"]


@pytest.mark.parametrize("standing", list(Standing), ids=lambda one: one.value)
def test_a_move_goes_on_in_one_linked_set(standing: Standing) -> None:
    intent = replace(INTENTS[Lifecycle.MOVE], standing=standing)
    before = replace(movement(Lifecycle.MOVE, State.PENDING_VENUE), intent=intent)
    transfers = stepped(before, Said(Act.ACKNOWLEDGE)).transfers
    assert [one.linked for one in transfers] == [True] * (len(transfers) - 1) + [False]
    kinds = [one.kind for one in transfers]
    half = len(kinds) // 2
    assert kinds == [Kind.POST] * half + [Kind.POSTED] * half
    assert transfers[-1].credit_account.endswith("/south")


def test_a_deposit_counts_confirmations() -> None:
    seen = stepped(replace(movement(Lifecycle.DEPOSIT, State.NEW), holds=0), Said(Act.OBSERVE, "0xfeed/0"))
    assert (seen.movement.state, seen.movement.holds, seen.event.reference) == (State.OBSERVED, 1, "0xfeed/0")
    two = stepped(seen.movement, Said(Act.CONFIRM, confirmations=2))
    assert (two.movement.state, two.movement.confirmations, two.transfers) == (State.CONFIRMING, 2, ())
    assert two.event.reference == "2 confirmations"
    three = stepped(two.movement, Said(Act.CONFIRM, confirmations=3))
    assert (three.movement.state, three.movement.deadline_s) == (State.CREDITED, 0)
    assert [one.kind for one in three.transfers] == [Kind.POST]
    at_once = stepped(seen.movement, Said(Act.CONFIRM, confirmations=7))
    assert at_once.movement.state is State.CREDITED


def test_a_payment_that_is_late_waits_on_with_a_new_deadline() -> None:
    sent = movement(Lifecycle.WITHDRAWAL, State.SENT, deadline_s=990)
    late = stepped(sent, Said(Act.TIME_OUT))
    assert (late.movement.state, late.movement.deadline_s, late.transfers) == (State.SENT, NOW_S + 400, ())
    assert (late.event.name, late.event.occurred_at_s) == ("withdrawal.late", 990)


def test_the_reason_that_somebody_gives_is_kept() -> None:
    refused_by_venue = stepped(movement(Lifecycle.DELEGATION, State.PENDING_VENUE), Said(Act.REFUSE, "not listed here"))
    assert (refused_by_venue.movement.reason, refused_by_venue.event.reference) == ("not listed here",) * 2


@given(
    st.sampled_from(list(Lifecycle)),
    st.lists(st.tuples(st.sampled_from(list(Act)), st.integers(0, 5), st.integers(0, 300)), max_size=14),
    st.integers(0, 120),
    st.integers(0, 1_000),
    st.booleans(),
)
def test_any_acts_lead_along_the_table_and_hold_what_they_end(
    lifecycle: Lifecycle, acts: list[tuple[Act, int, int]], available: int, kept: int, halted: bool
) -> None:
    facts = Facts(Coverage(available, 0, 1_000), available, {Block.CALL_OPEN: kept} if kept else {}, halted)
    here, now_s, held = Movement("m", INTENTS[lifecycle]), NOW_S, 0
    for act, confirmations, later_s in acts:
        now_s += later_s
        found = step(here, Said(act, confirmations=confirmations), now_s, facts, TERMS)
        if isinstance(found, Refused):
            continue
        rows = [row for row in MACHINES[lifecycle] if here.state in row.sources and row.target is found.movement.state]
        assert act in {row.act for row in rows}
        assert found.movement.intent == here.intent
        opens = any(one.kind is Kind.PENDING for one in found.transfers)
        ends = any(one.kind.resolves for one in found.transfers)
        held += opens - ends
        assert held in {0, 1}
        here = found.movement
