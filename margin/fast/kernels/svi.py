"""Volatilities of many strikes on one SVI surface in float64: the fast twin of `margin.svi`."""

import numpy as np

from margin.fast.kernels.prices import Floats
from margin.svi import REACH, TOTAL_VARIANCE_CAP, Svi, SviError


def volatilities(surface: Svi, strikes: Floats) -> Floats:
    """A year, as fractions; 0 for a strike of 0. Raises SviError as `Svi.volatility` does."""
    a, b, rho, m, sigma, fwd, tau = map(
        float, (surface.a, surface.b, surface.rho, surface.m, surface.sigma, surface.fwd, surface.tau)
    )
    if fwd <= 0 or tau <= 0 or a + b * sigma < 0:
        raise SviError(f"a surface needs a forward, a time and a variance above zero: {surface}")
    reach = REACH * np.sqrt(a + b * sigma)
    # Below 1e-18 the ratio counts as none, and is clamped with what is far away.
    k = np.clip(np.log(np.maximum(strikes / fwd, 1e-300)), -reach, reach) - m
    variance = np.where(strikes > 0, a + b * (rho * k + np.hypot(k, sigma)), 0.0)
    if (variance < 0).any():
        raise SviError(f"the surface has a negative variance at strike {strikes[variance < 0][0]}")
    return np.asarray(np.sqrt(np.minimum(variance, TOTAL_VARIANCE_CAP) / tau))
