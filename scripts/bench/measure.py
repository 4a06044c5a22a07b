"""A measure and its baseline, run in turn: these machines change speed for seconds at a time, the ratio does not."""

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from os import cpu_count
from statistics import median
from typing import Any, TypeAlias

ROUNDS = 7

Work: TypeAlias = Callable[[], int]
"""Does what is timed, and says how many it did."""
Prepare: TypeAlias = Callable[[], Work]
"""Makes ready what a work takes as given; not timed."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and its baseline's (medians), their ratio (median of the rounds') and how far the rounds lie apart.

    `ratio` says how many times as good as the baseline; for figures where less is better it is the plain quotient
    that the name says, as in `hot_over_cold`.
    """

    measure: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    ratio_least: float
    ratio_most: float


def per_second(prepare: Prepare) -> float:
    """How many of what the work says it did it does a second."""
    work = prepare()
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


def against(name: str, prepare: Prepare, baseline_name: str, baseline: Prepare, rounds: int = ROUNDS) -> Measure:
    """Run a work and its baseline in turn."""
    pairs = [(per_second(prepare), per_second(baseline)) for _ in range(rounds)]
    ratios = [value / other for value, other in pairs]
    return Measure(
        name, median(v for v, _ in pairs), "per second", baseline_name, median(o for _, o in pairs), median(ratios),
        min(ratios), max(ratios),
    )  # fmt: skip


def alone(name: str, prepare: Prepare, rounds: int = 3) -> Measure:
    """A speed that the issue states in absolute terms; it has no baseline."""
    return figure(name, median(per_second(prepare) for _ in range(rounds)), "per second")


def figure(name: str, value: float, unit: str) -> Measure:
    """A figure that is no speed and has no baseline."""
    return Measure(name, value, unit, "none", 0.0, 0.0, 0.0, 0.0)


def report(sizes: dict[str, int], measures: list[Measure]) -> dict[str, Any]:
    """What `bulkhead bench … --json` prints."""
    machine = f"{platform.system()} {platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}"
    return {"machine": machine, "sizes": sizes, "measures": [_rounded(one) for one in measures]}


def _rounded(measure: Measure) -> dict[str, Any]:
    return {name: round(v, 3) if isinstance(v, float) else v for name, v in asdict(measure).items()}
