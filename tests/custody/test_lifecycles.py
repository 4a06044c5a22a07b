"""The tables themselves: every state can be reached and left as the specification says, and silence always decides."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from custody.lifecycles import MACHINES, described, from_state, is_final, waits
from custody.states import SIDE_EXITS, Act, Entry, Guard, Lifecycle, Retry, State, Transition

EVERY = pytest.mark.parametrize("lifecycle", list(Lifecycle), ids=str)

# The longest way that nothing goes wrong on, and where else it may end.
WAYS = {
    Lifecycle.DEPOSIT: ("new observed confirming credited", "refused reorganised expired"),
    Lifecycle.DELEGATION: ("new requested approved pending_venue active", "refused expired"),
    Lifecycle.RECALL: ("new requested approved recall_requested released", "refused expired"),
    Lifecycle.MOVE: ("new requested approved recall_requested pending_venue active", "refused expired released"),
    Lifecycle.EXIT: ("new observed released", "reorganised"),
    Lifecycle.WITHDRAWAL: ("new requested approved sent confirmed", "refused expired failed"),
}


def states_of(lifecycle: Lifecycle) -> set[State]:
    rows = MACHINES[lifecycle]
    return {State.NEW, *(row.target for row in rows), *(source for row in rows for source in row.sources)}


def entries_on_every_path(lifecycle: Lifecycle) -> Iterator[tuple[State, tuple[Entry, ...]]]:
    """What the ledger has been told by the time a state is reached, on every path without a circle."""
    waiting: list[tuple[State, tuple[Entry, ...], frozenset[State]]] = [(State.NEW, (), frozenset())]
    while waiting:
        state, told, been = waiting.pop()
        yield state, told
        for row in from_state(lifecycle, state):
            if row.target not in been | {state}:
                entry = () if row.entry is Entry.NONE else (row.entry,)
                waiting.append((row.target, (*told, *entry), been | {state}))


@EVERY
def test_the_way_of_the_specification_leads_through(lifecycle: Lifecycle) -> None:
    way = [State(word) for word in WAYS[lifecycle][0].split()]
    for here, there in pairwise(way):
        assert there in {row.target for row in from_state(lifecycle, here)}
    assert is_final(lifecycle, way[-1])
    ends = {state for state in states_of(lifecycle) if is_final(lifecycle, state)}
    assert ends == {way[-1], *(State(word) for word in WAYS[lifecycle][1].split())}


@EVERY
def test_every_state_that_lasts_has_a_deadline_with_an_outcome(lifecycle: Lifecycle) -> None:
    for state in states_of(lifecycle) - {State.NEW}:
        # What was approved is reserved in the same transaction, so only a withdrawal stays there.
        passes = state is State.APPROVED and lifecycle is not Lifecycle.WITHDRAWAL
        assert waits(lifecycle, state) == (not is_final(lifecycle, state) and not passes)
        outcomes = [row for row in from_state(lifecycle, state) if row.act is Act.TIME_OUT]
        assert not outcomes or outcomes[-1].guard is Guard.ALWAYS


@EVERY
def test_what_is_held_ends_exactly_once(lifecycle: Lifecycle) -> None:
    ending = {Entry.POST, Entry.VOID, Entry.POST_AND_DELEGATE}
    for state, told in entries_on_every_path(lifecycle):
        held = 0
        for entry in told:
            held += {Entry.HOLD: 1}.get(entry, -1)
            assert held in {0, 1}, told
        if is_final(lifecycle, state):
            assert held == 0, (state, told)
        assert not told or told[0] is Entry.HOLD
        assert set(told) <= ending | {Entry.HOLD}


@EVERY
def test_side_exits_leave_the_ledger_as_it_was(lifecycle: Lifecycle) -> None:
    for state, told in entries_on_every_path(lifecycle):
        if state in SIDE_EXITS:
            assert Entry.POST not in told


@EVERY
def test_no_row_is_hidden_behind_another(lifecycle: Lifecycle) -> None:
    for state in states_of(lifecycle):
        for act in Act:
            guards = [row.guard for row in from_state(lifecycle, state) if row.act is act]
            assert Guard.ALWAYS not in guards[:-1]
            assert len(set(guards)) == len(guards)


def test_only_a_venue_that_is_owed_something_can_hold_collateral_back() -> None:
    for lifecycle in (Lifecycle.RECALL, Lifecycle.MOVE):
        rows = from_state(lifecycle, State.RECALL_REQUESTED)
        assert {row.act for row in rows} == {Act.RELEASE, Act.TIME_OUT}
        assert {row.guard for row in rows if row.target is State.BLOCKED} == {Guard.BLOCKED}
        assert all(row.entry is not Entry.VOID for row in rows if row.target is not State.BLOCKED)


def test_a_payment_that_is_late_keeps_its_hold() -> None:
    (late,) = (row for row in from_state(Lifecycle.WITHDRAWAL, State.SENT) if row.act is Act.TIME_OUT)
    assert (late.target, late.entry) == (State.SENT, Entry.NONE)
    assert late.event(Lifecycle.WITHDRAWAL) == "withdrawal.late"


def row_of(lifecycle: Lifecycle, act: Act, target: State) -> Transition:
    return next(row for row in MACHINES[lifecycle] if (row.act, row.target) == (act, target))


def test_what_may_be_tried_again_is_said() -> None:
    assert row_of(Lifecycle.DELEGATION, Act.ACKNOWLEDGE, State.ACTIVE).retry is Retry.SAME_ANSWER
    assert row_of(Lifecycle.DELEGATION, Act.TIME_OUT, State.EXPIRED).retry is Retry.NEW_ID
    assert row_of(Lifecycle.RECALL, Act.RESERVE, State.BLOCKED).retry is Retry.BY_ITSELF


def test_the_table_that_is_shown_is_the_one_that_is_run() -> None:
    lines = list(described(Lifecycle.DELEGATION))
    assert lines[0] == "| from | act | by | if | to | ledger | event | again |"
    assert len(lines) == 2 + len(MACHINES[Lifecycle.DELEGATION])
    expected = (
        "| pending_venue | acknowledge | venue | always | active | post | delegation.active"
        " | the same call has the same answer |"
    )
    assert expected in lines


EVENTS = """
delegation requested  delegation.requested
delegation active     delegation.active
delegation blocked    delegation.blocked
delegation refused    delegation.failed
delegation expired    delegation.failed
recall     released   delegation.released
recall     blocked    delegation.blocked
recall     refused    recall.failed
move       active     delegation.active
move       released   delegation.released
move       expired    move.failed
deposit    expired    deposit.expired
withdrawal failed     withdrawal.failed
exit       observed   exit.observed exit.late
exit       released   delegation.released
exit       reorganised exit.reorganised
"""


@pytest.mark.parametrize("row", EVENTS.strip().splitlines(), ids=lambda row: row.split()[0] + row.split()[1])
def test_events_have_the_names_of_the_specification(row: str) -> None:
    name, state, *expected = row.split()
    lifecycle = Lifecycle(name)
    told = {one.event(lifecycle) for one in MACHINES[lifecycle] if one.target is State(state)}
    assert told == {*expected}
