"""Every verdict in its order of precedence, and a call that restores initial margin to the unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.calls import Assessment, CallPolicy, MarginCall, Verdict, assess
from margin.requirement import Requirement

POLICY = CallPolicy(grace_s=3_600, critical_bps=5_000)
CALL = MarginCall("call/1", "long_fund", "meridian", 40, opened_at_s=400, deadline_s=4_000)

# Initial margin 100, maintenance 65, so half of maintenance is 32.5: 33 is not yet critical, 32 is.
VERDICTS = """
equity call now  verdict            needed
-1     no   0    LIQUIDATE_CRITICAL 101
32     no   0    LIQUIDATE_CRITICAL 68
33     no   9999 CALL               67
64     no   0    CALL               36
65     no   0    HEALTHY            35
99     no   0    HEALTHY            1
100    no   0    HEALTHY            0
500    no   0    HEALTHY            0
-1     yes  9999 LIQUIDATE_CRITICAL 101
32     yes  0    LIQUIDATE_CRITICAL 68
32     yes  4000 LIQUIDATE_CRITICAL 68
100    yes  9999 MET                0
100    yes  0    MET                0
500    yes  4000 MET                0
33     yes  4000 LIQUIDATE_EXPIRED  67
65     yes  4000 LIQUIDATE_EXPIRED  35
99     yes  4000 LIQUIDATE_EXPIRED  1
99     yes  9999 LIQUIDATE_EXPIRED  1
33     yes  3999 WAIT               67
99     yes  3999 WAIT               1
"""


@pytest.mark.parametrize("row", VERDICTS.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[:4]))
def test_the_first_rule_that_holds_is_the_verdict(row: str) -> None:
    equity, is_called, now_s, verdict, needed = row.split()
    tested = assess(int(equity), Requirement(100, 65), CALL if is_called == "yes" else None, int(now_s), POLICY)
    assert (tested.verdict, tested.needed_units) == (Verdict[verdict], int(needed))
    assert (tested.equity_units, tested.requirement) == (int(equity), Requirement(100, 65))


def test_the_table_has_every_verdict() -> None:
    assert {row.split()[3] for row in VERDICTS.strip().splitlines()[1:]} == set(Verdict.__members__)


@pytest.mark.parametrize(
    ("equity", "call", "verdict"),
    [
        (0, None, Verdict.HEALTHY),
        (7, None, Verdict.HEALTHY),
        (0, CALL, Verdict.MET),
        (-1, None, Verdict.LIQUIDATE_CRITICAL),
        (-1, CALL, Verdict.LIQUIDATE_CRITICAL),
    ],
)
def test_without_positions_only_a_debt_is_a_breach(equity: int, call: MarginCall | None, verdict: Verdict) -> None:
    assert assess(equity, Requirement(0, 0), call, 9_999, POLICY).verdict is verdict


def test_an_open_call_is_met_by_initial_margin_even_where_nothing_need_be_maintained() -> None:
    assert assess(5, Requirement(10, 0), CALL, 500, POLICY).verdict is Verdict.WAIT
    assert assess(10, Requirement(10, 0), CALL, 500, POLICY).verdict is Verdict.MET


def test_only_two_verdicts_let_anybody_touch_positions() -> None:
    assert {verdict for verdict in Verdict if verdict.liquidates} == {
        Verdict.LIQUIDATE_EXPIRED,
        Verdict.LIQUIDATE_CRITICAL,
    }


@pytest.mark.parametrize(("critical_bps", "least"), [(0, 0), (1, 1), (5_000, 33), (6_667, 44), (10_000, 65)])
def test_the_critical_share_is_exact(critical_bps: int, least: int) -> None:
    policy = CallPolicy(3_600, critical_bps)
    assert not assess(least, Requirement(100, 65), CALL, 500, policy).verdict.liquidates
    assert assess(least - 1, Requirement(100, 65), CALL, 500, policy).verdict is Verdict.LIQUIDATE_CRITICAL


amounts = st.integers(0, 10**15)


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    initial = draw(amounts)
    return Requirement(initial, draw(st.integers(0, initial)))


@given(st.integers(-(10**15), 2 * 10**15), requirements(), st.booleans(), st.integers(0, 9_000), st.integers(0, 10_000))
def test_what_is_called_restores_initial_margin_to_the_unit(
    equity: int, required: Requirement, is_called: bool, now_s: int, critical_bps: int
) -> None:
    policy = CallPolicy(3_600, critical_bps)
    tested = assess(equity, required, CALL if is_called else None, now_s, policy)
    assert plain_verdict(tested, CALL.deadline_s if is_called else None, now_s, critical_bps) == tested.verdict.value
    paid = equity + tested.needed_units
    if tested.needed_units:
        assert assess(paid, required, CALL, now_s, policy).verdict is Verdict.MET
        assert assess(paid - 1, required, CALL, now_s, policy).verdict is not Verdict.MET
    # Nobody who has just paid a call is called again at the same marks.
    assert assess(paid, required, None, now_s, policy).verdict is Verdict.HEALTHY


def plain_verdict(tested: Assessment, deadline_s: int | None, now_s: int, critical_bps: int) -> str:
    """The lifecycle as the specification tells it, in one sentence a state."""
    equity, required = tested.equity_units, tested.requirement
    if 10_000 * equity < critical_bps * required.maintenance_units:
        return "critical"
    if deadline_s is None:
        return "call" if equity < required.maintenance_units else "healthy"
    if equity >= required.initial_units:
        return "met"
    return "wait" if now_s < deadline_s else "expired"
