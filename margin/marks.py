"""What margin is computed at: prices with the confidence of those who gave them (specs/derive_margin.md §3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from margin.fixed import ONE, ZERO, Fixed, positive


class MissingMarkError(LookupError):
    """A position needs a price, forward or volatility that is not there. It names which; nothing is taken as zero."""


def above_zero(price: Fixed, of: str) -> Fixed:
    """The price, where it is one. Raises MissingMarkError: a feed that has nothing says zero."""
    if price <= 0:
        raise MissingMarkError(f"no price above zero of {of}")
    return price


class Surface(Protocol):
    """Where the volatility of a strike comes from."""

    def volatility(self, strike: Fixed) -> Fixed:
        """A year, as a fraction."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Volatilities stated strike by strike."""

    of_strike: Mapping[Fixed, Fixed]

    def volatility(self, strike: Fixed) -> Fixed:
        """Raises MissingMarkError for a strike that is not quoted."""
        if strike not in self.of_strike:
            raise MissingMarkError(f"no volatility of strike {strike}")
        return self.of_strike[strike]


@dataclass(frozen=True, slots=True)
class Mark:
    """A price in USD and its confidence from 0 to 1."""

    price: Fixed
    confidence: Fixed = ONE


@dataclass(frozen=True, slots=True)
class Expiry:
    """The forward, rate and volatilities of the options that expire in `seconds`.

    The forward has a part that a shock of spot leaves as it is (what has already gone into the settlement average) and
    one that moves with it. `rate` is a year's, as a fraction; margin floors it at zero.
    """

    seconds: int
    forward_variable: Fixed
    surface: Surface
    forward_fixed: Fixed = ZERO
    rate: Fixed = ZERO
    forward_confidence: Fixed = ONE
    rate_confidence: Fixed = ONE
    volatility_confidence: Fixed = ONE

    @property
    def forward(self) -> Fixed:
        return self.forward_fixed + self.forward_variable

    @property
    def floored_rate(self) -> Fixed:
        return positive(self.rate)

    def shocked_forward(self, spot_shock: Fixed) -> Fixed:
        """The forward when spot is multiplied by `spot_shock`."""
        return self.forward_fixed + self.forward_variable * spot_shock


@dataclass(frozen=True, slots=True)
class Market:
    """One underlying: spot, the mark of its perpetual, and the expiries of its options by their seconds."""

    spot: Mark
    perp: Mark = field(default_factory=lambda: Mark(ZERO))
    expiries: Mapping[int, Expiry] = field(default_factory=dict)

    def expiry(self, seconds: int) -> Expiry:
        """Raises MissingMarkError for an expiry without a forward."""
        if seconds not in self.expiries:
            raise MissingMarkError(f"no forward and volatilities of the expiry in {seconds} s")
        return self.expiries[seconds]
