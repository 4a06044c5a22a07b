"""The table of a cycle's states, every pair tried, and the comparison on which a signature depends."""

from itertools import product

import pytest

from settlement.cycle import NEXT, Cycle, CycleError, Difference, State, compare
from settlement.netting import PaymentPlan

# Written down again from the specification: a row for each state, what may follow it.
TABLE = """
open       cut_off
cut_off    computed failed
computed   proposed late failed
proposed   agreed disputed failed
agreed     window voided
window     final disputed voided late failed
final      paid window
paid       confirmed partially_completed
confirmed
partially_completed
disputed   proposed failed
voided     agreed window failed
late       proposed final voided failed disputed
failed
"""
LISTED = {(State(here), State(there)) for here, *rest in map(str.split, TABLE.split("\n")[1:-1]) for there in rest}


def cycle(state: State) -> Cycle:
    return Cycle("harbour", 4, 1_769_000_000, {"hedger": -5, "maker": 5}, PaymentPlan((), ()), state)


@pytest.mark.parametrize(("here", "there"), list(product(State, State)), ids=lambda state: state.value)
def test_every_listed_step_goes_and_every_other_is_refused(here: State, there: State) -> None:
    if (here, there) in LISTED:
        moved = cycle(here).to(there)
        assert moved == cycle(there), "and nothing but the state changes"
    else:
        told = f"harbour cycle 4 cannot go from {here.value} to {there.value}"
        with pytest.raises(CycleError, match=told):
            cycle(here).to(there)


def test_the_table_lists_every_state_and_thirty_steps() -> None:
    assert NEXT.keys() == set(State)
    assert len(LISTED) == 30


def test_a_dispute_is_paid_only_after_both_have_signed_again() -> None:
    reachable, todo = set(), [State.DISPUTED]
    while todo:
        here = todo.pop()
        reachable.add(here)
        todo += NEXT[here] - reachable - {State.PROPOSED}
    assert reachable == {State.DISPUTED, State.FAILED}


def test_several_steps_go_in_turn_or_not_at_all() -> None:
    whole = (State.PROPOSED, State.AGREED, State.WINDOW, State.FINAL, State.PAID, State.CONFIRMED)
    assert cycle(State.COMPUTED).to(*whole).state is State.CONFIRMED
    start = cycle(State.COMPUTED)
    with pytest.raises(CycleError, match="cannot go from agreed to final"):
        start.to(State.PROPOSED, State.AGREED, State.FINAL)
    assert start.state is State.COMPUTED
    assert start.to() == start


@pytest.mark.parametrize(("venue", "custodian", "differences"), [
    ({}, {}, ()),
    ({"hedger": -5, "maker": 5}, {"maker": 5, "hedger": -5}, ()),
    ({"hedger": -5, "maker": 5}, {"hedger": -6, "maker": 6}, (Difference("hedger", -5, -6), Difference("maker", 5, 6))),
    ({"maker": 5}, {"hedger": -5}, (Difference("hedger", 0, -5), Difference("maker", 5, 0))),
    ({"hedger": 0}, {}, ()),
    ({"maker": 5, "hedger": -5}, {"maker": 5}, (Difference("hedger", -5, 0),)),
])  # fmt: skip
def test_compare_names_every_party_that_differs_by_name_with_both_figures(
    venue: dict[str, int], custodian: dict[str, int], differences: tuple[Difference, ...]
) -> None:
    assert compare(venue, custodian) == differences
