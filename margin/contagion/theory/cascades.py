"""How far a shock goes when sales make sales: fixed points, branching, final size, odds of being reached at all.

Throughout, D is liquidation notional per unit of (log) return, so that R0 = λ D under linear impact λ per dollar is how
much selling one dollar of selling makes (specs/contagion.md §7).
"""

import math
from statistics import NormalDist

_NORMAL = NormalDist()
MONITORING = 0.5826
"""−ζ(1/2)/√(2π): by so many σ√Δt a barrier watched at intervals seems further (Broadie, Glasserman and Kou 1997)."""


def amplification(r0: float) -> float:
    """1 / (1 − R0). Infinite from R0 = 1 on; ValueError below zero."""
    if r0 < 0.0:
        raise ValueError(f"R0 is at least 0, not {r0}")
    return 1.0 / (1.0 - r0) if r0 < 1.0 else math.inf


def linear_fixed_point(shock: float, r0: float) -> float:
    """x = s + R0 x: the fall that a shock s ends in under linear impact. Infinite from R0 = 1 on, unless s = 0."""
    return 0.0 if shock == 0.0 else shock * amplification(r0)


def square_root_fixed_point(shock: float, impact: float, density: float) -> float:
    """x = s + c √(D x), the largest: c the impact of a square-root law, of √$. Never explodes; c² D as s → 0."""
    rate = impact * impact * density
    return ((math.sqrt(rate) + math.sqrt(rate + 4.0 * shock)) / 2.0) ** 2


def contagion_index(liquidated_usd: float, fall_percent: float, depth_usd: float) -> float:
    """R0 from sums: forced sales per 1% of fall, over the depth that a 1% move takes. Raises ValueError for none."""
    if fall_percent <= 0.0 or depth_usd <= 0.0:
        raise ValueError("a fall and a depth are above zero")
    return liquidated_usd / fall_percent / depth_usd


def cluster_size(reproduction: float) -> float:
    """Mean size of a branching process that starts with one: 1 / (1 − R)."""
    return amplification(reproduction)


def cluster_probability(size: int, reproduction: float) -> float:
    """Borel's law, of Poisson offspring: P(n) = e^{−Rn} (Rn)^{n−1} / n!. ValueError for a size below 1."""
    if size < 1:
        raise ValueError(f"a cluster has at least 1, not {size}")
    if reproduction == 0.0:
        return float(size == 1)
    mean = reproduction * size
    return math.exp(-mean + (size - 1) * math.log(mean) - math.lgamma(size + 1))


def final_size(r0: float) -> float:
    """z = 1 − e^{−R0 z}, the largest solution in [0, 1): 0 up to R0 = 1 (Kermack and McKendrick 1927)."""
    if r0 <= 1.0:
        return 0.0
    low, high = 1e-12, 1.0
    for _ in range(200):  # z − 1 + e^{−R0 z} is convex and below zero between its two roots
        middle = (low + high) / 2.0
        if middle - 1.0 + math.exp(-r0 * middle) < 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def hit_probability(barrier: float, volatility: float, time: float = 1.0, *, watched_every: float = 0.0) -> float:
    """2 Φ(−b / (σ √T)): odds that an isolated position is reached without feedback; b and σ in log units, T in days.

    Watched at intervals the barrier seems further by 0.5826 σ √Δt. ValueError unless b ≥ 0 and σ, T > 0.
    """
    if barrier < 0.0 or volatility <= 0.0 or time <= 0.0:
        raise ValueError("a barrier is at least 0, volatility and time are above 0")
    seen = barrier + MONITORING * volatility * math.sqrt(watched_every)
    return 2.0 * _NORMAL.cdf(-seen / (volatility * math.sqrt(time)))
