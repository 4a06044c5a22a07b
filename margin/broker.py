"""A margin account elsewhere, on futures or shares: what it demands when prices fall or its rate is raised."""

from dataclasses import dataclass, replace

from custody.money import mul_div_up
from margin.requirement import BPS


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """A long book of `units` at the last price, with the client's equity at the broker; money in 1e-6 USD.

    Gains stay with the broker and stand for later losses; only what is missing is called.
    """

    asset: str
    units: int
    rate_bps: int
    price_e6: int
    equity_units: int

    @classmethod
    def opened(cls, asset: str, units: int, rate_bps: int, price_e6: int) -> "BrokerAccount":
        """A new account with exactly its requirement in it."""
        bare = cls(asset, units, rate_bps, price_e6, 0)
        return replace(bare, equity_units=bare.required_units)

    @property
    def required_units(self) -> int:
        """Rate × price × size, rounded up (CME percentage margins, specs/events.md §1)."""
        return mul_div_up(self.units * self.price_e6, self.rate_bps, BPS)

    @property
    def call_units(self) -> int:
        """What is missing today."""
        return max(self.required_units - self.equity_units, 0)

    def at_price(self, price_e6: int) -> "BrokerAccount":
        """The account after variation margin at a new price."""
        return replace(
            self, price_e6=price_e6, equity_units=self.equity_units + self.units * (price_e6 - self.price_e6)
        )

    def at_rate(self, rate_bps: int) -> "BrokerAccount":
        """The account after the exchange changes its rate."""
        return replace(self, rate_bps=rate_bps)

    def paid(self, units: int) -> "BrokerAccount":
        """The account after the client has sent money."""
        return replace(self, equity_units=self.equity_units + units)
