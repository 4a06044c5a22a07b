"""`bulkhead bench contagion`: the whole crash day, event-driven against the plain scan, with equal liquidations."""

import calendar
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from margin.contagion.assumption_file import packaged
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, run
from margin.contagion.laws import draw_population
from margin.contagion.regimes import regime_of
from margin.contagion.scenario_path import cut
from margin.scenarios.scenario import packaged as scenario
from scripts.bench.measure import Measure, figure

SIZES = {"accounts": 1_000_000, "steps": 1_440, "rounds": 3, "depth_multiple": 5}
"""`depth_multiple`: of the assumed depth; even at five times it the uncalibrated day turns supercritical."""
REGIMES = ("pooled_instant", "segregated_grace")
START_S = calendar.timegm((2026, 2, 5, 12, 0, 0))

Say = Callable[[str], None]


def measures(say: Say) -> list[Measure]:
    """Run the whole benchmark; `say` is told what comes next. `vs_flox` and `vs_mesa` are not measured yet."""
    say("vs_flox and vs_mesa are left out: they are not built yet")
    say(f"{SIZES['accounts']:,} accounts are drawn")
    asked = _asked(SIZES["accounts"])
    for plain in (False, True):
        _day(_asked(1_000), plain=plain)  # compiles
    say("day_s, day_over_scan")
    pairs = [_pair(asked) for _ in range(SIZES["rounds"])]
    ratios = [fast / plain for fast, plain in pairs]
    day = median(fast for fast, _ in pairs)
    return [
        figure("day_s", day, f"s, the day under {len(REGIMES)} regimes"),
        Measure("day_over_scan", day, "s", "full scan, s", median(plain for _, plain in pairs), median(ratios),
                min(ratios), max(ratios)),
    ]  # fmt: skip


def _asked(accounts: int) -> list[Inputs]:
    a = packaged().changed({"market.depth_multiple": float(SIZES["depth_multiple"])})
    path = cut(scenario("feb_2026"), a, 1, start_s=START_S, steps=SIZES["steps"])
    people = draw_population(a, 1, accounts)
    return [Inputs(a, people, path, regime_of(name), Channels.ALL, 1) for name in REGIMES]


def _pair(asked: list[Inputs]) -> tuple[float, float]:
    """Seconds, event-driven and plain. Raises RuntimeError where they do not close the same accounts."""
    (fast_s, fast), (plain_s, plain) = _day(asked, plain=False), _day(asked, plain=True)
    for one, other in zip(fast, plain, strict=True):
        if not np.array_equal(one.tally.liquidated, other.tally.liquidated) or not one.tally.liquidated.any():
            raise RuntimeError("the two ways do not liquidate the same accounts, or none at all")
    return fast_s, plain_s


def _day(asked: list[Inputs], *, plain: bool) -> tuple[float, list[Run]]:
    started = perf_counter()
    made = [run(inputs, plain=plain) for inputs in asked]
    return perf_counter() - started, made
