"""Gatheral's SVI: implied volatility over strikes of one expiry from five numbers (specs/derive_margin.md §2.2)."""

from dataclasses import dataclass

from margin.fixed import ZERO, Fixed
from margin.functions import ln, root

TOTAL_VARIANCE_CAP = 144
REACH = 4
"""Log-moneyness is clamped to this many times √(a + b·σ)."""


class SviError(ValueError):
    """A surface that gives no volatility: a forward of zero, or parameters that make a variance negative."""


@dataclass(frozen=True, slots=True)
class Svi:
    """The surface of one expiry. `fwd` and `tau` (years) are its own reference forward and time, not the live ones."""

    a: Fixed
    b: Fixed
    rho: Fixed
    m: Fixed
    sigma: Fixed
    fwd: Fixed
    tau: Fixed

    def volatility(self, strike: Fixed) -> Fixed:
        """The volatility of a strike, a year, as a fraction; 0 for a strike of 0. Raises SviError."""
        if not strike:
            return ZERO
        if self.fwd <= 0 or self.tau <= 0:
            raise SviError(f"a surface needs a forward and a time above zero, not {self.fwd} and {self.tau}")
        k = self._log_moneyness(strike) - self.m
        variance = self.a + self.b * (self.rho * k + root(k * k + self.sigma * self.sigma))
        if variance < 0:
            raise SviError(f"the surface has a negative variance of {variance} at strike {strike}")
        return root(min(variance, Fixed.of(TOTAL_VARIANCE_CAP)) / self.tau)

    def _log_moneyness(self, strike: Fixed) -> Fixed:
        at_the_money = self.a + self.b * self.sigma
        if at_the_money < 0:
            raise SviError(f"a + b·σ is negative: {at_the_money}")
        reach = root(at_the_money) * REACH
        ratio = strike / self.fwd
        return max(-reach, min(ln(ratio), reach)) if ratio else -reach
