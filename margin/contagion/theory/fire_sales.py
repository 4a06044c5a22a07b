"""Portfolios that sell what others hold: Greenwood–Landier–Thesmar, Cont–Schaanning, Cont–Wagalath.

Banks are rows, assets columns; falls are below zero (specs/contagion.md §7).
"""

import math
from dataclasses import dataclass

import numpy as np

from margin.contagion.draws import Floats


@dataclass(frozen=True, slots=True)
class Spillover:
    """`returns` (N) and `sales` (K, $, below zero) of the first round, the `moves` (K) they make, what equity loses.

    `direct` and `aggregate` vulnerability and `systemicness` (N) are parts of total equity, below zero for losses.
    """

    returns: Floats
    sales: Floats
    moves: Floats
    direct: float
    aggregate: float
    systemicness: Floats


def greenwood_landier_thesmar(
    assets: Floats, leverage: Floats, weights: Floats, impact: Floats, shock: Floats
) -> Spillover:
    """One round: R1 = M F, φ = M' A B R1, F2 = L φ; AV = 1' A M L M' A B M F / E, S(n) its part through bank n.

    assets: (N) $; leverage: (N) debt over equity; weights: (N, K) rows summing to 1; impact: (K) per $; shock: (K)
    """
    equity = float((assets / (1.0 + leverage)).sum())
    returns = weights @ shock
    sold = assets * leverage * returns
    sales = weights.T @ sold
    held = weights.T @ assets  # 1' A M: what all hold of each asset
    through = (held * impact) @ (weights.T * sold)
    return Spillover(
        returns,
        sales,
        impact * sales,
        float(assets @ returns / equity),
        float(through.sum() / equity),
        through / equity,
    )


def walked(quantity: float, depth: float, floor: float) -> float:
    """Ψ(q) = (1 − B/S)(1 − e^{−q/δ}): an impact that takes no price below its floor B/S (Cont and Schaanning 2017)."""
    return (1.0 - floor) * (1.0 - math.exp(-quantity / depth))


def depth_over(volume: float, volatility: float, days: float, factor: float) -> float:
    """c (ADV/σ) √τ: what a market takes over a horizon per unit of log price (Norges Bank WP 2/2017)."""
    return factor * volume / volatility * math.sqrt(days)


def deleveraged(assets: Floats, equity: Floats, limit: float, target: float) -> Floats:
    """What each sells on a breach: nothing up to a limit of assets over equity, beyond it down to a buffered target.

    All where equity is gone. ValueError unless 1 ≤ target ≤ limit.
    """
    if not 1.0 <= target <= limit:
        raise ValueError(f"a target between 1 and the limit, not {target} and {limit}")
    breached = assets > limit * equity
    return np.where(breached, assets - np.maximum(target * equity, 0.0), 0.0)


def cont_wagalath(covariance: Floats, impact: Floats, exposure: Floats, portfolio: Floats) -> Floats:
    """Realised covariance with a fund that sells: Σ + L M0 ΠΠ' Σ + Σ ΠΠ' M0 L + L M0 Π (Π'ΣΠ) Π' M0 L.

    covariance: (K, K); impact: (K) the diagonal of L; exposure: (K) that of M0; portfolio: (K) Π. Only what is sold
    together is correlated more.
    """
    pressed = impact * exposure * portfolio
    cross = np.outer(pressed, portfolio @ covariance)
    return np.asarray(
        covariance + cross + cross.T + np.outer(pressed, pressed) * float(portfolio @ covariance @ portfolio)
    )
