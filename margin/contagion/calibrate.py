"""Simulated moments: where a vector of parameters is from February, which vectors cannot be told from the best one.

The search is by cross-entropy: a generation is drawn around the best of the one before, inside the sweep ranges. It is
drawn by name (seed, generation, member), so that the same results give the same next generation wherever they were
computed (specs/contagion.md §13).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from margin.contagion.draws import Floats, normals, uniforms
from margin.contagion.moments import FEBRUARY, Moment, gaps

Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Span:
    """A parameter of the search: its name among the assumptions, its range, and whether logarithms are searched."""

    name: str
    low: float
    high: float
    in_logs: bool = False

    def value(self, part: float) -> float:
        """The value at a part of the range, 0 to 1, to six digits: what is printed is what was run."""
        low, high = (math.log(self.low), math.log(self.high)) if self.in_logs else (self.low, self.high)
        found = low + (high - low) * part
        return float(f"{math.exp(found) if self.in_logs else found:.6g}")

    def part(self, value: float) -> float:
        """The part of the range at which a value is."""
        if self.in_logs:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


SPANS = (
    Span("population.represented_accounts", 2e6, 8e6, in_logs=True),
    Span("population.log_equity_location", 4.5, 7.5),
    Span("population.tail_exponent", 0.7, 1.5),
    Span("population.leverage_at_median", 2.0, 6.0, in_logs=True),
    Span("population.leverage_slope", -0.4, -0.1),
    Span("population.leverage_scale", 0.4, 1.0),
    Span("population.entry_share", 0.1, 0.6),
    Span("population.entry_leverage", 1.0, 5.0, in_logs=True),
    Span("population.entry_long_share", 0.3, 0.7),
    Span("population.stop_share_small", 0.3, 0.9),
    Span("population.top_up_share", 0.1, 0.6),
    Span("population.hedged_share", 0.0, 0.6),
    Span("market.depth_multiple", 0.152, 1.52, in_logs=True),
    Span("market.depth_sensitivity", 0.0, 2.0),
    Span("market.half_life_s", 120.0, 3600.0, in_logs=True),
    Span("market.ordinary_scale", 1.0, 2.0),
    Span("market.exogenous_scale", 0.9, 1.0),
)
"""What is searched, inside the ranges of assumptions.toml; depth so that BTC's stays within $0.2bn to $2bn."""


@dataclass(frozen=True, slots=True)
class Point:
    """A vector, its moments averaged over seeds, and how far they are from the targets."""

    vector: Vector
    moments: Mapping[str, float]
    distance: float


def distance(simulated: Mapping[str, float], moments: Sequence[Moment] = FEBRUARY) -> float:
    """Root of the mean squared gap, in uncertainties: 1 is as far as the targets themselves are unsure."""
    found = _fitted(simulated, moments)
    return math.sqrt(sum(gap * gap for gap in found) / len(found))


def _fitted(simulated: Mapping[str, float], moments: Sequence[Moment] = FEBRUARY) -> list[float]:
    every = gaps(simulated, moments)
    return [every[one.name] for one in moments if one.fitted]


def between(one: Mapping[str, float], other: Mapping[str, float], moments: Sequence[Moment] = FEBRUARY) -> float:
    """The same distance between two simulations, each as tallies would have counted it."""
    pairs = list(zip(_fitted(one, moments), _fitted(other, moments), strict=True))
    return math.sqrt(sum((mine - theirs) ** 2 for mine, theirs in pairs) / len(pairs))


def generation(seed: int, number: int, members: int, start: Vector, so_far: Sequence[Point]) -> Iterator[Vector]:
    """The vectors of a generation: the first around the start, the others around the best quarter of all so far."""
    who = np.arange(members, dtype=np.int64)
    if number == 0 or not so_far:
        centre, spread = np.array([span.part(start[span.name]) for span in SPANS]), np.full(len(SPANS), 0.12)
    else:
        best = sorted(so_far, key=lambda point: point.distance)[: max(len(so_far) // 4, 4)][: 2 * len(SPANS)]
        parts = np.array([[span.part(point.vector[span.name]) for span in SPANS] for point in best])
        centre, spread = parts.mean(axis=0), np.maximum(parts.std(axis=0), 0.02) * 1.1
    drawn = np.column_stack([normals(seed, f"member {span.name}", who, number) for span in SPANS])
    for row in np.clip(centre + spread * drawn, 0.0, 1.0):
        yield {span.name: span.value(float(part)) for span, part in zip(SPANS, row, strict=True)}


def noise(by_seed: Sequence[Mapping[str, float]], seeds: int, draws: int = 1_000, seed: int = 1) -> float:
    """The 95% quantile of the distance at the truth: of means of `seeds` runs from the mean of all of them.

    `by_seed` are runs of one vector, taken as the truth; the means are drawn with replacement.
    """
    table = np.array([_fitted(row) for row in by_seed])
    picks = uniforms(seed, "noise", np.arange(draws * seeds, dtype=np.int64)) * len(table)
    means = table[picks.astype(np.int64)].reshape(draws, seeds, table.shape[1]).mean(axis=1)
    apart: Floats = np.sqrt(((means - table.mean(axis=0)) ** 2).mean(axis=1))
    return float(np.quantile(apart, 0.95))


@dataclass(frozen=True, slots=True)
class Identified:
    """Which vectors are as good as the truth would be, and what they leave open.

    `near_targets`: those whose distance to the targets is below the threshold; `near_best`: those that cannot be told
    from the best one, which is the wider of the two where the model meets no target exactly. `ranges` and
    `together` are of `near_best`.
    """

    threshold: float
    near_targets: tuple[Point, ...]
    near_best: tuple[Point, ...]
    ranges: Mapping[str, tuple[float, float]]
    open_alone: tuple[str, ...]
    together: tuple[tuple[str, str, float], ...]


OPEN = 0.3
"""A parameter whose identified values span more than this part of its range is not identified alone."""
TIED = 0.5
"""Two parameters whose identified values correlate by more than this are not identified separately."""


def identified(points: Sequence[Point], threshold: float) -> Identified:
    """The identified set of what has been tried. Raises ValueError where nothing has been."""
    if not points:
        raise ValueError("nothing has been tried")
    best = min(points, key=lambda point: point.distance)
    near = tuple(point for point in points if between(point.moments, best.moments) <= threshold)
    reached = tuple(point for point in points if point.distance <= threshold)
    parts = np.array([[span.part(point.vector[span.name]) for span in SPANS] for point in near])
    ranges = {
        span.name: (min(p.vector[span.name] for p in near), max(p.vector[span.name] for p in near)) for span in SPANS
    }
    width = parts.max(axis=0) - parts.min(axis=0)
    alone = tuple(span.name for span, wide in zip(SPANS, width, strict=True) if wide > OPEN)
    return Identified(threshold, reached, near, ranges, alone, tuple(_tied(parts)))


def _tied(parts: Floats) -> Iterator[tuple[str, str, float]]:
    if len(parts) < 8:
        return
    for one, other in combinations(range(len(SPANS)), 2):
        first, second = parts[:, one], parts[:, other]
        if first.std() > 0 and second.std() > 0:
            tie = float(np.corrcoef(first, second)[0, 1])
            if abs(tie) > TIED:
                yield SPANS[one].name, SPANS[other].name, tie
