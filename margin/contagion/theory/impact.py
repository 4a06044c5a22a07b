"""What an order does to a price, by the laws that were measured or derived; scales of time must not be mixed.

Walking a book is convex (depth grows with distance^0.67, so impact with Q^1.48), an order worked over a day is concave
(Q^0.5): the first holds inside a minute, the second for a day's sum (specs/contagion.md §7).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

ALMGREN_GAMMA, ALMGREN_ETA = 0.314, 0.142
"""Almgren, Thum, Hauptmann and Li (2005), of US shares."""


def square_root(volatility: float, quantity: float, volume: float, factor: float = 1.0) -> float:
    """I = Y σ √(Q / V): log impact of a metaorder, σ and V over the same time (arXiv 1412.4503 for bitcoin)."""
    if quantity < 0.0 or volume <= 0.0:
        raise ValueError("a quantity is at least 0 and a volume above 0")
    return factor * volatility * math.sqrt(quantity / volume)


def square_root_ceiling(volatility: float, quantity: float, volume: float, factor: float = 1.0) -> float:
    """2 Y σ √(Q / V): beyond it a day's displacement is not what that much selling does, and a run is supercritical."""
    return 2.0 * square_root(volatility, quantity, volume, factor)


def depth_exponent(near_bps: float, near: float, far_bps: float, far: float) -> float:
    """β of depth ~ distance^β through two points; walking such a book moves a price by Q^{1/β}."""
    return math.log(far / near) / math.log(far_bps / near_bps)


def almgren(quantity: float, volume: float, shares: float, volatility: float, time: float) -> tuple[float, float]:
    """(permanent I, realised J) of Almgren et al. 2005, J in the order's direction: I/σ = γ (X/V)(Θ/V)^{1/4},
    J = I/2 + η σ |X/(VT)|^{3/5} with the order's sign; V a day's volume, Θ shares outstanding, T days.
    """
    sign = math.copysign(1.0, quantity)
    permanent = volatility * ALMGREN_GAMMA * (quantity / volume) * (shares / volume) ** 0.25
    return permanent, permanent / 2.0 + sign * ALMGREN_ETA * volatility * abs(quantity / (volume * time)) ** 0.6


def leverage_limit(impact: float) -> float:
    """λ_c = 3 / (2 I): beyond it impact-adjusted leverage rises as one sells; I the square-root impact of selling all
    (Caccioli, Bouchaud and Farmer, arXiv 1204.0922)."""
    if impact <= 0.0:
        raise ValueError("an impact is above zero")
    return 1.5 / impact


def obizhaeva_wang(quantity: float, resilience: float, time: float) -> tuple[float, float]:
    """(block at the start and at the end, rate between): x0 = xT = X / (ρT + 2), the rest evenly at ρ x0."""
    block = quantity / (resilience * time + 2.0)
    return block, resilience * block


def propagated(flows: Sequence[float], exponent: float, scale: float = 1.0) -> list[float]:
    """Prices after each step of the propagator: p_t = Σ_{t' ≤ t} G(t − t') f(v), G(ℓ) = scale (1 + ℓ)^{−β}."""
    return [
        math.fsum(flow * scale * (1.0 + (now - at)) ** -exponent for at, flow in enumerate(flows[: now + 1]))
        for now in range(len(flows))
    ]


# -- Almgren and Chriss 2000 ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Execution:
    """Selling X over N intervals of T: what is left after each, expected cost and its variance, and at an even pace."""

    kappa: float
    half_life: float
    left: tuple[float, ...]
    expected_cost: float
    variance: float
    expected_cost_even: float


def almgren_chriss(
    quantity: float, time: float, steps: int, *, volatility: float, spread: float, permanent: float, temporary: float,
    aversion: float,
) -> Execution:  # fmt: skip
    """The optimal trajectory with linear impact γ, η, fixed cost ε a share and risk aversion λ (Almgren and Chriss
    2000, eqs. 11 to 20); volatility in price units per √time."""
    step = time / steps
    adjusted = temporary - permanent * step / 2.0
    kappa = math.acosh(aversion * volatility**2 / adjusted * step**2 / 2.0 + 1.0) / step
    left = [quantity * math.sinh(kappa * (time - at * step)) / math.sinh(kappa * time) for at in range(steps + 1)]

    def cost(trajectory: Sequence[float]) -> float:
        sold = [one - two for one, two in pairwise(trajectory)]
        return (
            permanent * quantity**2 / 2.0
            + spread * math.fsum(map(abs, sold))
            + adjusted / step * math.fsum(one * one for one in sold)
        )

    even = [quantity * (steps - at) / steps for at in range(steps + 1)]
    variance = volatility**2 * math.fsum(step * one * one for one in left[1:])
    return Execution(kappa, 1.0 / kappa, tuple(left), cost(left), variance, cost(even))


# -- Kyle 1985 -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Auctions:
    """Depth λ, remaining variance Σ after each auction, and the insider's expected profit."""

    depths: tuple[float, ...]
    variances: tuple[float, ...]
    profit: float


def kyle(auctions: int, prior_variance: float, noise_variance: float) -> Auctions:
    """The sequential equilibrium (Kyle 1985, theorem 2), noise trades of `noise_variance` over all auctions.

    The difference system is solved backwards from the last auction for variance 1, then scaled. One auction: λ =
    ½ √(Σ0 / σu²); many: λ → √(Σ0 / σu²), profit → √(Σ0 σu²). ValueError for no auction.
    """
    if auctions < 1:
        raise ValueError(f"at least one auction, not {auctions}")
    noise = 1.0 / auctions
    low, high = 1e-12, 4.0  # Σ after the last but one: found so that the first is 1
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _backwards(auctions, middle, noise)[0] < 1.0 else (low, middle)
    _, depths, variances, alpha, delta = _backwards(auctions, (low + high) / 2.0, noise)
    scale = math.sqrt(prior_variance / noise_variance)
    profit = (alpha + delta) * math.sqrt(prior_variance * noise_variance)
    return Auctions(tuple(one * scale for one in depths), tuple(one * prior_variance for one in variances), profit)


def _backwards(auctions: int, last: float, noise: float) -> tuple[float, list[float], list[float], float, float]:
    """Variance before the first auction if it is `last` after the last, all in between, and the profit's two parts."""
    alpha, delta, after = 0.0, 0.0, last
    depths: list[float] = []
    variances: list[float] = []
    for _ in range(auctions):
        depth = _depth(alpha, after, noise)
        beta = depth * noise / after if after else math.inf
        before = after / (1.0 - beta * depth)
        depths.insert(0, depth)
        variances.insert(0, after)
        delta += alpha * depth**2 * noise
        alpha = 1.0 / (4.0 * depth * (1.0 - alpha * depth))
        after = before
    return after, depths, variances, alpha * after, delta


def _depth(alpha: float, after: float, noise: float) -> float:
    """λ of one auction: (1 − λ² σu² Δt / Σ)(1 − α λ) = ½, the middle root of the cubic, by bisection."""
    low, high = 0.0, min(1.0 / alpha if alpha else math.inf, math.sqrt(after / noise))
    for _ in range(200):
        middle = (low + high) / 2.0
        if (1.0 - middle**2 * noise / after) * (1.0 - alpha * middle) > 0.5:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
