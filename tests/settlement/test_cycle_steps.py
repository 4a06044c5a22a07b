"""The rule of a cycle: refusals in their order, deadlines with their outcomes, and what the table promises."""

from dataclasses import replace

import pytest

from custody.accounts import Chart
from custody.delegation import Standing
from settlement.chain_hearing import Duty, Told, duty, heard
from settlement.chain_hearing import Standing as OnChain
from settlement.cycle_record import CycleActRefusal, CycleRecord, CycleTerms, Refused, Said, Stepped
from settlement.cycle_states import Act, Actor, DisputeState, Entry, State, described, from_state, waits
from settlement.cycle_steps import Ground, step
from settlement.cycle_table import CYCLE, DISPUTE
from settlement.netting import Obligation

GROUND = Ground(Standing.SEGREGATED, {"USDC": Chart("USDC")}, CycleTerms())
OWED = (Obligation("hedger", "USDC", -40), Obligation("maker", "USDC", 40))
NOW_S = 1_000
SIGNED = CycleRecord("harbour/1", "harbour", 1, State.PROPOSED, 900, 2_000, 900, digest="d1", obligations=OWED)
AGREES = Said(Act.AGREE, Actor.CUSTODIAN, digest="d1")


def told(cycle: CycleRecord, said: Said, now_s: int = NOW_S) -> str:
    found = step(cycle, said, now_s, GROUND)
    return str(found.refusal) if isinstance(found, Refused) else str(found.cycle.state)


def stepped(cycle: CycleRecord, said: Said, now_s: int = NOW_S) -> Stepped:
    found = step(cycle, said, now_s, GROUND)
    assert isinstance(found, Stepped), found
    return found


def test_refusals_come_in_their_order_one_cure_at_a_time() -> None:
    final, bad = replace(SIGNED, state=State.CONFIRMED, deadline_s=500), (OWED[0],)
    worst = Said(Act.AGREE, Actor.VENUE, digest="d2", obligations=bad)
    steps = (
        (final, worst),
        (final, replace(worst, digest="d1")),
        (replace(final, deadline_s=2_000), replace(worst, digest="d1")),
        (SIGNED, replace(worst, digest="d1")),
        (SIGNED, replace(worst, digest="d1", by=Actor.CUSTODIAN)),
        (SIGNED, AGREES),
    )
    assert [told(*one) for one in steps] == [
        "says_another_digest", "deadline_has_passed", "act_is_not_listed", "is_not_the_speakers_to_say",
        "obligations_not_balanced", "agreed",
    ]  # fmt: skip


PROPOSES = Said(Act.PROPOSE, Actor.VENUE, digest="d1", obligations=OWED)


@pytest.mark.parametrize(("cycle", "said", "refusal"), [
    (SIGNED, Said(Act.TIME_OUT, Actor.CLOCK), CycleActRefusal.DEADLINE_HAS_NOT_PASSED),
    (replace(SIGNED, state=State.FINAL), Said(Act.DEEPEN, Actor.CHAIN, confirmations=11),
     CycleActRefusal.CONFIRMATIONS_ARE_TOO_FEW),
    (replace(SIGNED, state=State.LATE), replace(PROPOSES, short_units=1), CycleActRefusal.VENUE_IS_SHORT),
    (replace(SIGNED, state=State.DISPUTED), PROPOSES, CycleActRefusal.NOBODY_IS_EXCLUDED),
    (replace(SIGNED, state=State.LATE, is_held=True), PROPOSES, CycleActRefusal.NOTHING_IS_HELD),
    (replace(SIGNED, state=State.LATE), Said(Act.FINALIZE, Actor.CHAIN, digest="d1"), CycleActRefusal.NOTHING_IS_HELD),
])  # fmt: skip
def test_every_guard_that_does_not_hold_has_its_refusal(
    cycle: CycleRecord, said: Said, refusal: CycleActRefusal
) -> None:
    found = step(cycle, said, NOW_S, GROUND)
    assert isinstance(found, Refused)
    assert found.refusal is refusal


def test_every_state_but_the_last_ones_waits_with_an_outcome() -> None:
    last = {State.CONFIRMED, State.PARTIALLY_COMPLETED, State.FAILED}
    assert {state for state in State if not waits(CYCLE, state)} == last
    assert {state for state in DisputeState if not waits(DISPUTE, state)} == {DisputeState.NEW, DisputeState.CLOSED}
    for state in set(State) - last:
        assert CycleTerms().wait_s(state) > 0
        due = replace(SIGNED, state=state, deadline_s=NOW_S, is_held=state in {State.AGREED, State.WINDOW, State.FINAL})
        found = stepped(due, Said(Act.TIME_OUT, Actor.CLOCK), NOW_S + 50)
        assert found.event.occurred_at_s == NOW_S, "silence decides at the deadline, whenever it is noticed"
        assert found.cycle.deadline_s == 0 or found.cycle.deadline_s > NOW_S


def test_silence_never_frees_what_the_chain_might_still_pay() -> None:
    for row in CYCLE:
        if row.act is Act.TIME_OUT:
            assert row.entry is Entry.NONE
        if row.entry in {Entry.VOID, Entry.POST}:
            assert row.actor is Actor.CHAIN


def test_the_chain_is_heard_after_the_deadline_and_nobody_else() -> None:
    due = replace(SIGNED, state=State.AGREED, deadline_s=NOW_S, is_held=True)
    assert told(due, Said(Act.MINE, Actor.CHAIN, digest="d1", window_ends_s=1_300)) == "window"
    assert told(replace(SIGNED, deadline_s=NOW_S), AGREES) == "deadline_has_passed"
    assert told(replace(SIGNED, deadline_s=NOW_S + 1), AGREES) == "agreed"


def test_what_is_held_is_posted_or_voided_under_the_ids_of_that_hold() -> None:
    agreed = stepped(SIGNED, AGREES)
    assert [(one.id, one.amount) for one in agreed.transfers] == [("cycle/harbour/1:hold1:0", 40)]
    voided = stepped(agreed.cycle, Said(Act.REVERT, Actor.CHAIN))
    assert [one.pending_id for one in voided.transfers] == ["cycle/harbour/1:hold1:0"]
    again = stepped(voided.cycle, Said(Act.RESEND, Actor.OPERATOR, digest="d1"))
    assert again.transfers[0].id == "cycle/harbour/1:hold2:0"
    window = stepped(again.cycle, Said(Act.MINE, Actor.CHAIN, digest="d1", window_ends_s=1_300))
    assert window.cycle.deadline_s == 1_300 + CycleTerms().finalize_s
    final = stepped(window.cycle, Said(Act.FINALIZE, Actor.CHAIN, digest="d1"))
    paid = stepped(final.cycle, Said(Act.DEEPEN, Actor.CHAIN, confirmations=12))
    assert [one.pending_id or one.id for one in paid.transfers] == [
        "cycle/harbour/1:hold2:0",
        "cycle/harbour/1:hold2:1",
    ]


def test_a_penalty_rounds_up() -> None:
    assert [CycleTerms(penalty_bps=10).penalty_units(units) for units in (0, 1, 1_000, 1_001)] == [0, 1, 1, 2]


def test_the_printed_table_has_a_line_for_every_row() -> None:
    lines = list(described(CYCLE, "settlement"))
    assert len(lines) == len(CYCLE) + 2
    assert lines[2].startswith("| open | cut_off | operator | always | cut_off | - | settlement.cut_off |")
    names = {line.split(" | ")[6] for line in lines[2:]}
    expected = "cut_off proposed agreed disputed final paid failed late computed window voided confirmed"
    assert {f"settlement.{name}" for name in expected.split()} <= names


# -- the chain's word --------------------------------------------------------------------------------------------------

HELD = replace(SIGNED, state=State.WINDOW, is_held=True, window_ends_s=1_300)


@pytest.mark.parametrize(("state", "on_chain", "deep", "act"), [
    (State.AGREED, Told.NOTHING, 1, None),
    (State.AGREED, Told.PROPOSED, 1, Act.MINE),
    (State.AGREED, Told.FINAL, 1, Act.MINE),
    (State.VOIDED, Told.PROPOSED, 1, Act.MINE),
    (State.WINDOW, Told.PROPOSED, 1, None),
    (State.WINDOW, Told.NOTHING, 1, Act.REORGANISE),
    (State.WINDOW, Told.FINAL, 1, Act.FINALIZE),
    (State.WINDOW, Told.DISPUTED, 2, None),
    (State.WINDOW, Told.DISPUTED, 3, Act.DISPUTE),
    (State.LATE, Told.EXPIRED, 2, None),
    (State.LATE, Told.EXPIRED, 3, Act.EXPIRE),
    (State.FINAL, Told.FINAL, 2, None),
    (State.FINAL, Told.FINAL, 3, Act.DEEPEN),
    (State.FINAL, Told.PROPOSED, 1, Act.REORGANISE),
    (State.PAID, Told.NOTHING, 1, None),
    (State.CONFIRMED, Told.FINAL, 9, None),
])  # fmt: skip
def test_what_is_heard_is_the_next_act_and_an_ending_counts_at_depth(
    state: State, on_chain: Told, deep: int, act: Act | None
) -> None:
    said = heard(replace(HELD, state=state), OnChain(on_chain, 10, 1_300), 9 + deep, 3)
    assert (None if said is None else said.act) is act
    if said is not None:
        assert any(row.act is said.act for row in from_state(CYCLE, state))


@pytest.mark.parametrize(("state", "on_chain", "at_s", "due"), [
    (State.AGREED, Told.NOTHING, 1_000, Duty.PROPOSE),
    (State.AGREED, Told.PROPOSED, 1_000, Duty.NONE),
    (State.WINDOW, Told.PROPOSED, 1_299, Duty.NONE),
    (State.WINDOW, Told.PROPOSED, 1_300, Duty.FINALIZE),
    (State.LATE, Told.PROPOSED, 1_399, Duty.FINALIZE),
    (State.LATE, Told.PROPOSED, 1_400, Duty.EXPIRE),
    (State.FAILED, Told.PROPOSED, 1_000, Duty.DISPUTE),
    (State.FAILED, Told.DISPUTED, 1_000, Duty.NONE),
    (State.CONFIRMED, Told.FINAL, 1_000, Duty.NONE),
])  # fmt: skip
def test_what_has_to_be_sent(state: State, on_chain: Told, at_s: int, due: Duty) -> None:
    assert duty(replace(HELD, state=state), OnChain(on_chain, 10, 1_300), at_s, 100) is due
