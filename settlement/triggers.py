"""When a cycle is cut off: by schedule, and between two of its times where exposure or volatility asks for it.

A trigger that has fired is armed again once what it measures has fallen well below its threshold, and two mid-cycle
cut-offs are some time apart: a measure that trembles around a threshold costs one settlement, not ten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

BPS = 10_000
DAY_S = 86_400
SCHEDULES_S = (2 * 3_600, 4 * 3_600, 24 * 3_600)
"""The usual cycles (specs/off_exchange_settlement.md §2.1); offsets count from midnight UTC."""


class Trigger(StrEnum):
    """Why a cycle is cut off; where several hold, the earlier member is the reason."""

    DEMAND = "demand"
    VENUE_STRESS = "venue_stress"
    CLIENT_EXPOSURE = "client_exposure"
    VENUE_EXPOSURE = "venue_exposure"
    VOLATILITY = "volatility"
    SCHEDULE = "schedule"


MEASURED = (Trigger.CLIENT_EXPOSURE, Trigger.VENUE_EXPOSURE, Trigger.VOLATILITY)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is agreed. 0 turns a threshold off.

    `client_bps`: one client's unsettled P&L, gain or loss, as a share of its collateral at the venue; `venue_bps`: what
    the venue owes all its winners, as a share of its own collateral; `volatility_e6`: a day's, as a fraction in 1e-6.
    `rearm_bps`: the share of a threshold below which a trigger is armed again. `memory_bps`: the weight of what was
    known in the moving average of squared returns (RiskMetrics, 1996: 0.94 [A]).
    """

    schedule_s: int = 14_400
    client_bps: int = 2_000
    venue_bps: int = 5_000
    volatility_e6: int = 50_000
    rearm_bps: int = 7_000
    memory_bps: int = 9_400
    cool_down_s: int = 900


@dataclass(frozen=True, slots=True)
class Seen:
    """A venue at one moment (UTC seconds): 1e-6 USD; `marks_e6` in 1e-6 USD per whole coin.

    `unsettled_units`: what each client would receive (or pay) were the cycle cut off now; `collateral_units` what it
    has at the venue, after haircuts.
    """

    at_s: int
    unsettled_units: Mapping[str, int]
    collateral_units: Mapping[str, int]
    venue_collateral_units: int
    marks_e6: Mapping[int, int]
    is_demanded: bool = False
    is_stressed: bool = False

    @property
    def owed_units(self) -> int:
        """What the venue owes its winners: the exposure that a settlement ends."""
        return sum(units for units in self.unsettled_units.values() if units > 0)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered between two looks. `variance_e18`: per second, of the instrument that moves most; squared
    returns in 1e-18. `disarmed`: triggers that have fired and not calmed down yet.
    """

    last_cut_off_s: int
    seen_at_s: int = 0
    marks_e6: Mapping[int, int] = field(default_factory=dict)
    variance_e18: Mapping[int, int] = field(default_factory=dict)
    disarmed: frozenset[Trigger] = frozenset()


def look(watch: Watch, seen: Seen, thresholds: Thresholds) -> tuple[Watch, Trigger | None]:
    """The watch after a look, and why the cycle is to be cut off now, if it is."""
    watch = _moved(watch, seen, thresholds)
    levels = {trigger: _level_bps(trigger, watch, seen, thresholds) for trigger in MEASURED}
    calm = {trigger for trigger, level in levels.items() if level < thresholds.rearm_bps}
    watch = replace(watch, disarmed=watch.disarmed - calm)
    is_cool = seen.at_s >= watch.last_cut_off_s + thresholds.cool_down_s
    asked = {
        Trigger.DEMAND: seen.is_demanded,
        Trigger.VENUE_STRESS: seen.is_stressed and is_cool,
        **{one: level >= BPS and is_cool and one not in watch.disarmed for one, level in levels.items()},
        Trigger.SCHEDULE: seen.at_s // thresholds.schedule_s > watch.last_cut_off_s // thresholds.schedule_s,
    }
    fired = next((trigger for trigger in Trigger if asked[trigger]), None)
    if fired is None:
        return watch, None
    hot = frozenset(trigger for trigger, level in levels.items() if level >= BPS)
    return replace(watch, last_cut_off_s=seen.at_s, disarmed=watch.disarmed | hot), fired


def _level_bps(trigger: Trigger, watch: Watch, seen: Seen, thresholds: Thresholds) -> int:
    """How far a measure is towards its threshold, which is at 10,000; rounded down."""
    match trigger:
        case Trigger.CLIENT_EXPOSURE:
            return max(
                (_share_bps(abs(units), seen.collateral_units.get(client, 0), thresholds.client_bps)
                 for client, units in seen.unsettled_units.items()), default=0,
            )  # fmt: skip
        case Trigger.VENUE_EXPOSURE:
            return _share_bps(seen.owed_units, seen.venue_collateral_units, thresholds.venue_bps)
    wanted_e18 = thresholds.volatility_e6**2 * 10**6
    variance_e18 = max(watch.variance_e18.values(), default=0) * DAY_S
    # Compared as variances: a level of volatility is their square root.
    return variance_e18 * BPS // wanted_e18 if wanted_e18 else 0


def _share_bps(units: int, of_units: int, threshold_bps: int) -> int:
    if not threshold_bps or not units:
        return 0
    # Exposure against no collateral at all is beyond any threshold.
    return units * BPS * BPS // (of_units * threshold_bps) if of_units > 0 else BPS


def _moved(watch: Watch, seen: Seen, thresholds: Thresholds) -> Watch:
    """The moving average of squared returns with the marks of this look."""
    elapsed_s, variance = seen.at_s - watch.seen_at_s, dict(watch.variance_e18)
    if elapsed_s <= 0:
        return watch
    for number, mark_e6 in seen.marks_e6.items():
        before_e6 = watch.marks_e6.get(number, 0)
        if before_e6 <= 0:
            continue
        step_e9 = (mark_e6 - before_e6) * 10**9 // before_e6
        fresh, known = step_e9**2 // elapsed_s, variance.get(number)
        kept = thresholds.memory_bps
        variance[number] = fresh if known is None else (known * kept + fresh * (BPS - kept)) // BPS
    return replace(watch, seen_at_s=seen.at_s, marks_e6=dict(seen.marks_e6), variance_e18=variance)


@dataclass(frozen=True, slots=True)
class Measured:
    """What triggers did to exposure over a while: what the venue owed its winners, at most and on average over time
    (1e-6 USD, rounded down), and the cut-offs with their reasons.
    """

    peak_units: int
    mean_units: int
    cut_offs: tuple[tuple[int, Trigger], ...]


def measure(path: Sequence[Seen], thresholds: Thresholds) -> Measured:
    """Play a path of unsettled P&L, as it were without any settlement, and settle whenever a trigger fires.

    Each settlement takes what is unsettled as the new zero. The last look lasts no time. Run it twice, with thresholds
    and without, and the difference is the reduction of exposure.
    """
    watch, base = Watch(path[0].at_s if path else 0), dict[str, int]()
    peak_units, left, cut_offs = 0, [], []
    for seen in path:
        open_units = {client: units - base.get(client, 0) for client, units in seen.unsettled_units.items()}
        now = replace(seen, unsettled_units=open_units)
        watch, fired = look(watch, now, thresholds)
        peak_units = max(peak_units, now.owed_units)
        left.append(0 if fired else now.owed_units)
        if fired is not None:
            base = dict(seen.unsettled_units)
            cut_offs.append((seen.at_s, fired))
    spans = [after.at_s - before.at_s for before, after in pairwise(path)]
    area = sum(units * span for units, span in zip(left, spans, strict=False))
    return Measured(peak_units, area // sum(spans) if sum(spans) else 0, tuple(cut_offs))
