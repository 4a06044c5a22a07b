"""The life of a call: each row of the table, calls to the unit, and agreement with the rule in one step."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.call_states import TABLE, CallRecord, CallState, CallTerms, Figures, assessed
from margin.calls import CallPolicy, MarginCall, Verdict, assess
from margin.requirement import Requirement

TERMS = CallTerms(grace_s=1_000, critical_bps=5_000, accelerated_s=100)
ASKED = Requirement(100, 65)  # half of maintenance: 33 is not yet critical, 32 is

# Each row: state before, equity, top-ups arrived, now; a call that is open was made at 500 and falls due at 1,500.
ROWS = """
before      equity arrived now  after
healthy     100    0       900  healthy
healthy     99     0       900  warning
healthy     65     0       900  warning
healthy     64     0       900  called
healthy     32     0       900  called
warning     100    0       900  healthy
warning     80     0       900  warning
warning     64     0       900  called
met         100    0       900  healthy
met         64     0       900  called
called      100    0       900  met
called      100    50      1500 met
called      99     0       1500 expired
called      99     50      1500 expired
called      99     50      1499 partly_met
called      64     0       1499 called
called      32     0       900  called
partly_met  100    0       900  met
partly_met  99     0       1500 expired
partly_met  99     0       1499 partly_met
expired     99     0       900  liquidation
expired     100    0       900  healthy
liquidation 99     0       900  liquidation
liquidation 100    0       900  healthy
"""


def before(state: str) -> CallRecord:
    if state not in ("called", "partly_met"):
        return CallRecord(CallState(state))
    return CallRecord(CallState(state), 40, 40, 10 if state == "partly_met" else 0, 500, 1_500)


@pytest.mark.parametrize("row", ROWS.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()))
def test_the_first_row_that_holds(row: str) -> None:
    state, equity, arrived, now_s, after = row.split()
    found = assessed(before(state), Figures(int(equity), ASKED, int(arrived)), int(now_s), TERMS)
    assert found.state == after
    if found.state.is_open:
        assert found.missing_units == 100 - int(equity)


def test_the_rows_above_reach_every_row_of_the_table() -> None:
    moves = {(row.split()[0], row.split()[-1]) for row in ROWS.strip().splitlines()[1:]}
    for sources, target, _, _ in TABLE:
        assert any((source, target) in moves for source in sources), (sources, target)
    assert {state for move in moves for state in move} == set(CallState)


def test_a_call_is_met_to_the_unit_and_not_made_twice() -> None:
    call = assessed(CallRecord(), Figures(60, ASKED), 1_000, TERMS)
    assert call == CallRecord(CallState.CALLED, 40, 40, 0, 1_000, 2_000)
    part = assessed(call, Figures(99, ASKED, 39), 1_100, TERMS)
    assert part == CallRecord(CallState.PARTLY_MET, 40, 1, 39, 1_000, 2_000)
    # A loss meanwhile: the same call asks for more, its deadline stays.
    more = assessed(part, Figures(70, ASKED), 1_200, TERMS)
    assert more == CallRecord(CallState.PARTLY_MET, 40, 30, 39, 1_000, 2_000)
    met = assessed(more, Figures(100, ASKED, 30), 1_300, TERMS)
    assert met == CallRecord(CallState.MET, 40, 0, 69, 1_000, 2_000)
    assert assessed(met, Figures(100, ASKED), 1_400, TERMS) == CallRecord()


def test_a_critical_call_falls_due_sooner_and_stays_so() -> None:
    call = assessed(CallRecord(), Figures(60, ASKED), 1_000, TERMS)
    hurried = assessed(call, Figures(32, ASKED), 1_200, TERMS)
    assert (hurried.deadline_s, hurried.is_accelerated) == (1_300, True)
    assert assessed(hurried, Figures(32, ASKED), 1_250, TERMS).deadline_s == 1_300
    assert assessed(hurried, Figures(64, ASKED), 1_299, TERMS) == CallRecord(
        CallState.CALLED, 40, 36, 0, 1_000, 1_300, is_accelerated=True
    )
    assert assessed(hurried, Figures(64, ASKED), 1_300, TERMS).state is CallState.EXPIRED
    # Late in its life the deadline is near enough already.
    assert assessed(call, Figures(32, ASKED), 1_900, TERMS) == CallRecord(CallState.CALLED, 40, 68, 0, 1_000, 2_000)
    at_once = assessed(CallRecord(), Figures(32, ASKED), 1_000, TERMS)
    assert (at_once.deadline_s, at_once.is_accelerated) == (1_100, True)


def test_where_nobody_waits_it_is_expired_at_once() -> None:
    impatient = CallTerms(grace_s=1_000, critical_bps=5_000)
    found = assessed(CallRecord(), Figures(32, ASKED), 1_000, impatient)
    assert found == CallRecord(CallState.EXPIRED, 68, 68, 0, 1_000, 1_000, is_accelerated=True)
    assert assessed(CallRecord(), Figures(33, ASKED), 1_000, impatient).state is CallState.CALLED


def test_it_agrees_with_the_rule_in_one_step() -> None:
    """Two that must say the same: the record of states, and `calls.assess` on the same figures."""
    reached: Counter[Verdict] = Counter()
    policy, terms = CallPolicy(1_000, 5_000), CallTerms(1_000, 5_000)
    equity = st.one_of(st.integers(-10, 130), st.integers(40, 99))
    spared = st.one_of(st.just(0), st.integers(0, 40))
    steps = st.lists(st.tuples(equity, st.integers(0, 30), st.integers(0, 1_500), spared), max_size=8)

    @settings(derandomize=True, max_examples=200)
    @given(steps)
    def holds(taken: list[tuple[int, int, int, int]]) -> None:
        record, now_s = CallRecord(), 0
        for equity, arrived, passed_s, spared_units in taken:
            now_s += passed_s
            call = None
            if record.state.is_open:
                call = MarginCall("1", "c", "v", record.asked_units, record.opened_at_s, record.deadline_s)
            verdict = assess(equity, ASKED, call, now_s, policy, spared_units).verdict
            after = assessed(record, Figures(equity, ASKED, arrived, spared_units), now_s, terms)
            reached[verdict] += 1
            states = {
                Verdict.HEALTHY: (CallState.HEALTHY, CallState.WARNING),
                Verdict.CALL: (CallState.CALLED,),
                Verdict.WAIT: (CallState.CALLED, CallState.PARTLY_MET),
                Verdict.MET: (CallState.MET,),
                Verdict.LIQUIDATE_EXPIRED: (CallState.EXPIRED,),
                Verdict.LIQUIDATE_CRITICAL: (CallState.EXPIRED,),
            }[verdict]
            assert after.state in states
            record = after
            if record.state is CallState.EXPIRED:
                return

    holds()
    assert set(reached) == set(Verdict)
