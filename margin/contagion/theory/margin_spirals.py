"""How margins that follow volatility feed on themselves: spirals, the response of an EWMA, and loans.

Sources: Brunnermeier and Pedersen 2009, proposition 5 (RFS 22(6)); arXiv 2212.07306. How much a margin rate moves with
the market is in `margin.procyclicality`.
"""

import math


def price_response(
    margin: float, *, aversion: float, variance: float, position: float, start: float, slope: float, groups: int = 2
) -> float:
    """∂p/∂η: what a dollar of speculators' wealth moves the price by, 1 / (g m/(γσ²) + (∂m/∂p) x − x₀).

    `groups` (g) of customers, one or two, each with risk aversion γ; m the margin of a unit, x the speculators'
    position now and x₀ at the start; `slope` is ∂m/∂p, zero where margins do not follow prices. Infinite where the
    denominator is zero: there the spiral has no end. ValueError for numbers that are none.
    """
    if groups not in (1, 2) or margin <= 0.0 or aversion <= 0.0 or variance <= 0.0:
        raise ValueError("one or two groups; margin, aversion and variance are above zero")
    down = groups * margin / (aversion * variance) + slope * position - start
    return 1.0 / down if down else math.inf


def ewma_response(before: float, after: float, decay: float, steps: int) -> float:
    """E σ_n², a variance estimate n steps after the true one went from σ0² to σ1²: σ1² + (σ0² − σ1²) λⁿ."""
    if not 0.0 <= decay <= 1.0 or steps < 0:
        raise ValueError("a decay is from 0 to 1, and steps are none or more")
    return after + (before - after) * decay**steps


def liquidation_helps(loan_to_value: float, incentive: float) -> bool:
    """Whether a liquidation lowers LTV: as long as LTV < 1/(1+i), where the liquidator is paid i of what it repays."""
    return loan_to_value * (1.0 + incentive) < 1.0


def loan_to_value_after(debt: float, collateral: float, repaid: float, incentive: float) -> float:
    """LTV when `repaid` of a debt is bought off for (1 + i) as much collateral. ValueError where that is too much."""
    left = collateral - repaid * (1.0 + incentive)
    if not 0.0 <= repaid <= debt or left <= 0.0:
        raise ValueError("more is repaid than is owed, or more taken than there is")
    return (debt - repaid) / left
