"""What segregation costs, in closed form: unsettled gains and grace (specs/contagion.md §9); see `netting_benefit`."""

import math
from statistics import NormalDist

_NORMAL = NormalDist()
DAY_HOURS = 24.0
DAY_MINUTES = 1440.0


def unsettled_mean(daily_volatility: float, hours: float) -> float:
    """E|P&L| between settlements, of notional: σ √T √(2/π). Half of it is the winners' unsecured claim."""
    return daily_volatility * math.sqrt(hours / DAY_HOURS) * math.sqrt(2.0 / math.pi)


def unsettled_quantile(daily_volatility: float, hours: float, probability: float = 0.999) -> float:
    """The quantile of P&L between settlements, of notional."""
    return daily_volatility * math.sqrt(hours / DAY_HOURS) * _NORMAL.inv_cdf(probability)


def grace_shortfall(daily_volatility: float, minutes: float, buffer: float) -> float:
    """E[(loss over the window − b)⁺], of notional: s φ(b/s) − b Φ(−b/s), s = σ √W (Bachelier).

    Grace makes liquidations fewer and their shortfalls larger; both are to be told. ValueError for σ or W not above 0.
    """
    spread = daily_volatility * math.sqrt(minutes / DAY_MINUTES)
    if spread <= 0.0:
        raise ValueError("volatility and window are above zero")
    return spread * _NORMAL.pdf(buffer / spread) - buffer * _NORMAL.cdf(-buffer / spread)
