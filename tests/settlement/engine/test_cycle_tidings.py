"""What a step says of others: each tiding reached, and what says nothing."""

from dataclasses import replace

import pytest

from settlement.cycle_record import CycleRecord
from settlement.cycle_states import Act, State
from settlement.engine.cycle_tidings import PENDING, tidings
from settlement.triggers import MEASURED, Trigger

CYCLE = CycleRecord("harbour/1", "harbour", 1)


def told(source: State, act: Act, target: State, was_short: int = 0, is_short: int = 0, reason: str = "") -> list[str]:
    before = replace(CYCLE, state=source, short_units=was_short)
    after = replace(CYCLE, state=target, short_units=is_short, reason=reason)
    return [one.name for one in tidings(before, after, act)]


@pytest.mark.parametrize(("step", "names"), [
    ((State.COMPUTED, Act.PROPOSE, State.LATE, 0, 7), ["call.opened"]),
    ((State.WINDOW, Act.REVERT, State.LATE, 0, 7), ["call.opened"]),
    ((State.WINDOW, Act.TIME_OUT, State.LATE), []),
    ((State.LATE, Act.TIME_OUT, State.LATE, 7, 7), []),
    ((State.LATE, Act.PROPOSE, State.PROPOSED, 7), ["call.met"]),
    ((State.LATE, Act.FINALIZE, State.FINAL, 7, 7), ["call.met"]),
    ((State.LATE, Act.TIME_OUT, State.FAILED, 7, 7), ["call.expired", "venue.halted"]),
    ((State.LATE, Act.EXPIRE, State.FAILED, 7, 7), ["call.expired", "venue.halted"]),
    ((State.LATE, Act.EXPIRE, State.FAILED), []),
    ((State.PROPOSED, Act.DISPUTE, State.DISPUTED), ["venue.degraded"]),
    ((State.COMPUTED, Act.TIME_OUT, State.FAILED), ["venue.degraded"]),
    ((State.DISPUTED, Act.TIME_OUT, State.FAILED), ["venue.degraded"]),
    ((State.PROPOSED, Act.TIME_OUT, State.FAILED), ["custodian.outage"]),
    ((State.CUT_OFF, Act.TIME_OUT, State.FAILED), []),
    ((State.PROPOSED, Act.AGREE, State.AGREED), ["custodian.recovered"]),
    ((State.PAID, Act.RECONCILE, State.CONFIRMED), ["venue.recovered"]),
    ((State.PAID, Act.RECONCILE, State.PARTIALLY_COMPLETED), ["venue.recovered"]),
])  # fmt: skip
def test_what_is_told_of_others(step: tuple[State, Act, State], names: list[str]) -> None:
    assert told(*step) == names


@pytest.mark.parametrize("trigger", Trigger)
def test_a_cut_off_for_a_measure_is_a_limit_that_was_breached(trigger: Trigger) -> None:
    names = ["limit.breached"] if trigger in MEASURED else []
    assert told(State.OPEN, Act.CUT_OFF, State.CUT_OFF, reason=str(trigger)) == names


def test_a_cycle_is_pending_from_the_venues_signature_until_it_is_paid_or_given_up() -> None:
    assert {state for state in State if state not in PENDING} == {
        State.OPEN, State.CUT_OFF, State.COMPUTED, State.DISPUTED, State.PAID, State.CONFIRMED,
        State.PARTIALLY_COMPLETED, State.FAILED,
    }  # fmt: skip
