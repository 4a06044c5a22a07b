"""What is due now: what was made, with penalties for earlier lateness, less what each has settled itself."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from settlement.cycle_record import CycleRecord
from settlement.cycle_states import State
from settlement.engine.cycle_dues import History, owed_now, penalties_units
from settlement.mirror import HOUSE
from settlement.netting import Obligation


def rows(**units: int) -> tuple[Obligation, ...]:
    return tuple(Obligation(party, "USDC", one) for party, one in sorted(units.items()))


LATE = CycleRecord("harbour/1", "harbour", 1, State.CONFIRMED, penalty_units=10,
                   obligations=rows(hedger=60, maker=30, treasury=-50, house=-40))  # fmt: skip
NEXT = CycleRecord("harbour/2", "harbour", 2)


def test_a_penalty_goes_to_those_to_whom_the_venue_was_late_with_the_next_cycle() -> None:
    assert penalties_units([LATE, NEXT], NEXT) == {"hedger": 7, "maker": 3, HOUSE: -10}
    assert penalties_units([LATE, NEXT], LATE) == {}


def test_a_penalty_is_paid_once() -> None:
    profit = {"hedger": 60, "maker": 30, "treasury": -50, HOUSE: -40}
    assert owed_now(profit, NEXT, History([LATE, NEXT], {}, "USDC")) == {"hedger": 7, "maker": 3, HOUSE: -10}
    paid = replace(NEXT, state=State.CONFIRMED, obligations=rows(hedger=7, maker=3, house=-10))
    third = CycleRecord("harbour/3", "harbour", 3)
    assert owed_now(profit, third, History([LATE, paid, third], {}, "USDC")) == {}


def test_what_the_venue_has_advanced_stays_due() -> None:
    history = History([replace(LATE, penalty_units=0), NEXT], {"treasury": 20, HOUSE: -20}, "USDC")
    profit = {"hedger": 60, "maker": 30, "treasury": -50, HOUSE: -40}
    assert owed_now(profit, NEXT, history) == {"treasury": -20, HOUSE: 20}


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(-100, 100)), st.integers(0, 50))
def test_dues_balance_whatever_came_before(made: dict[str, int], penalty_units: int) -> None:
    profit = {**made, HOUSE: -sum(made.values())}
    history = History([replace(LATE, penalty_units=penalty_units), NEXT], {"a": 5, HOUSE: -5}, "USDC")
    assert sum(owed_now(profit, NEXT, history).values()) == 0
