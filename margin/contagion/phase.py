"""What custody alone changes, cell by cell: matched runs subtracted, with intervals; contours; break-even odds.

Δ_custody = mean of Z(segregated) − Z(omnibus) over runs that are equal in everything else; below zero, segregation is
better for a metric that counts harm (specs/contagion.md §6.2, §12).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

DEPTHS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.25, 1.5)
HEDGED = (0.0, 0.1, 0.2, 0.3, 0.4)

_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t, 97.5%, by degrees of freedom from 1."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95% interval over seeds; one seed alone has none, and its ends are infinite."""

    mean: float
    low: float
    high: float

    @property
    def covers_zero(self) -> bool:
        return self.low <= 0.0 <= self.high


def student(freedom: int) -> float:
    """t, 97.5%, by degrees of freedom from 1; beyond 30 the normal's."""
    return _T_975[freedom - 1] if freedom <= len(_T_975) else 1.96


def interval(values: Sequence[float]) -> Interval:
    """Of a mean, by Student's t. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return Interval(mean, -math.inf, math.inf)
    variance = math.fsum((one - mean) ** 2 for one in values) / (len(values) - 1)
    half = student(len(values) - 1) * math.sqrt(variance / len(values))
    return Interval(mean, mean - half, mean + half)


@dataclass(frozen=True, slots=True)
class Cell:
    """A point of the diagram: `custody` is Δ_custody, `amplification` L_total over L_first, `r0` the index."""

    depth: float
    hedged: float
    custody: Interval
    amplification: float
    r0: float
    supercritical: float


def contagion_index(first_round_usd: float, fall: float, depth_usd: float) -> float:
    """R0: forced sales of an instrument per 1% of its fall, without feedback, over depth per 1%. 0 without a fall."""
    percent = abs(fall) * 100.0
    return first_round_usd / percent / depth_usd if percent > 0 else 0.0


Line = tuple[tuple[float, float], tuple[float, float]]


def contour(xs: Sequence[float], ys: Sequence[float], values: Sequence[Sequence[float]], level: float) -> list[Line]:
    """Where linear interpolation passes a level: line pieces by marching squares; `values[j][i]` is at xs[i], ys[j].

    In a cell that the level passes four times the pieces are joined in the order of its sides.
    """
    pieces: list[Line] = []
    for j in range(len(ys) - 1):
        for i in range(len(xs) - 1):
            corners = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
            passed = []
            for one, other in zip(corners, (*corners[1:], corners[0]), strict=True):
                a, b = values[one[1]][one[0]] - level, values[other[1]][other[0]] - level
                if (a < 0) != (b < 0):
                    part = a / (a - b)
                    x = xs[one[0]] + part * (xs[other[0]] - xs[one[0]])
                    passed.append((x, ys[one[1]] + part * (ys[other[1]] - ys[one[1]])))
            pieces += [(passed[at], passed[at + 1]) for at in range(0, len(passed) - 1, 2)]
    return pieces


FTX_LOSS = 1.0 - 2.7 / 11.6
"""Loss given default at the petition date: assets of $2.7bn, claims of $11.6bn; later recoveries were far higher."""


def break_even(cost_bps_year: float, loss_given_default: float = FTX_LOSS) -> float:
    """π*, the yearly odds of a venue's default at which segregation pays: its yearly cost over what a default takes.

    `cost_bps_year` is of balances: fee, and what more collateral costs (specs/contagion.md §9).
    """
    return cost_bps_year / 10_000 / loss_given_default


def interval_score(low: float, high: float, observed: float, alpha: float = 0.05) -> float:
    """Of a central interval (Gneiting and Raftery 2007): its width, and 2/α times what it misses by; less is better."""
    below, above = max(low - observed, 0.0), max(observed - high, 0.0)
    return high - low + 2.0 / alpha * (below + above)
