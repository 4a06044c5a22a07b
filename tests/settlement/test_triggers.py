"""Each trigger at its threshold to the unit, in precedence, once until it calms down; and what settling early does."""

from dataclasses import replace
from random import Random

from settlement.triggers import Seen, Thresholds, Trigger, Watch, look, measure

T = Thresholds()
START_S = 4 * 14_400
CALM = Seen(START_S + 900, {"hedger": 0}, {"hedger": 1_000}, 1_000, {1: 10**9})
WATCH = Watch(START_S, START_S, {1: 10**9})


def why(watch: Watch = WATCH, thresholds: Thresholds = T, **changed: object) -> Trigger | None:
    return look(watch, replace(CALM, **changed), thresholds)[1]


def test_each_threshold_is_met_to_the_unit() -> None:
    assert why() is None
    assert why(unsettled_units={"hedger": 199}) is None
    assert why(unsettled_units={"hedger": 200}) is why(unsettled_units={"hedger": -200}) is Trigger.CLIENT_EXPOSURE
    big = {"hedger": 10**6, "maker": 10**6}
    assert why(unsettled_units={"hedger": 250, "maker": 249}, collateral_units=big) is None
    assert why(unsettled_units={"hedger": 250, "maker": 250}, collateral_units=big) is Trigger.VENUE_EXPOSURE
    assert why(unsettled_units={"hedger": -900, "maker": -900}, collateral_units=big) is None, "owed to the venue"
    assert why(unsettled_units={"stranger": 1}) is Trigger.CLIENT_EXPOSURE, "against no collateral at all"


def test_volatility_is_that_of_a_day() -> None:
    """One return in 900 s: 5% a day is 0.51% in 900 s (5% × √(900/86,400) = 0.5103%)."""
    assert why(marks_e6={1: 1_005_100_000}) is None
    assert why(marks_e6={1: 1_005_104_000}) is Trigger.VOLATILITY
    assert why(marks_e6={1: 994_896_000}) is Trigger.VOLATILITY


def test_the_moving_average_weighs_94_to_6() -> None:
    watch, _ = look(WATCH, replace(CALM, marks_e6={1: 1_001_000_000}), T)
    assert watch.variance_e18 == {1: 1_000_000**2 // 900}
    watch, _ = look(watch, replace(CALM, at_s=CALM.at_s + 100, marks_e6={1: 1_001_000_000}), T)
    assert watch.variance_e18 == {1: (1_000_000**2 // 900) * 94 // 100}


def test_the_earlier_reason_is_the_answer() -> None:
    everything = {
        "at_s": START_S + 14_400, "is_demanded": True, "is_stressed": True, "unsettled_units": {"hedger": 900},
        "marks_e6": {1: 2 * 10**9},
    }  # fmt: skip
    told = []
    for cure in (
        {}, {"is_demanded": False}, {"is_stressed": False}, {"collateral_units": {"hedger": 10**6}},
        {"unsettled_units": {}}, {"marks_e6": {1: 10**9}}, {"at_s": START_S + 14_399},
    ):  # fmt: skip
        everything |= cure
        told.append(why(**everything))
    assert told == [*Trigger, None]


def test_nothing_but_demand_and_schedule_cuts_off_while_it_is_cool() -> None:
    hot = {"at_s": START_S + 899, "unsettled_units": {"hedger": 900}, "is_stressed": True}
    assert why(**hot) is None
    assert why(**hot, is_demanded=True) is Trigger.DEMAND


def test_a_trigger_that_has_fired_waits_until_its_measure_is_well_below() -> None:
    """The exposure stays although a cycle was cut off, as while a window lasts: one cut-off, not ten."""
    watch, told = WATCH, []
    for step, units in enumerate((200, 250, 190, 141, 139, 199, 200), start=1):
        seen = replace(CALM, at_s=START_S + 900 * step, unsettled_units={"hedger": units})
        watch, fired = look(watch, seen, T)
        told.append(fired)
    assert told == [Trigger.CLIENT_EXPOSURE, None, None, None, None, None, Trigger.CLIENT_EXPOSURE]


def test_thresholds_of_zero_are_off() -> None:
    off = Thresholds(client_bps=0, venue_bps=0, volatility_e6=0)
    assert why(thresholds=off, unsettled_units={"hedger": 10**9}, marks_e6={1: 1}) is None


def test_settling_between_the_times_of_the_schedule_takes_exposure_off() -> None:
    """A walk of one day by minutes, seeded: the peak of what is owed falls by more than half, at a known price."""
    dice, units, path = Random(6), 0, []
    for minute in range(1_440):
        units += dice.randint(-40, 46)
        seen = Seen(START_S + 60 * minute, {"hedger": units, "maker": -units}, {"hedger": 4_000, "maker": 4_000},
                    10_000, {1: 10**9})  # fmt: skip
        path.append(seen)
    by_schedule = measure(path, Thresholds(client_bps=0, venue_bps=0, volatility_e6=0))
    by_threshold = measure(path, Thresholds(client_bps=1_000, venue_bps=0, volatility_e6=0))
    assert len(by_schedule.cut_offs) == 5
    assert {why for _, why in by_threshold.cut_offs} == {Trigger.CLIENT_EXPOSURE, Trigger.SCHEDULE}
    assert (by_schedule.peak_units, by_threshold.peak_units) == (1_500, 426)
    assert (by_schedule.mean_units, by_threshold.mean_units) == (421, 144)
    assert len(by_threshold.cut_offs) == 14
