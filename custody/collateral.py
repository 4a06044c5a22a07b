"""What counts as collateral and for how much: haircuts, and the bound that forbids double delegation.

Prices here are index prices, never those of the venue whose positions the collateral backs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.money import Asset, mul_div_down, mul_div_up

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Eligible:
    """An asset that venues accept, with the share of its value that does not count (basis points)."""

    asset: Asset
    haircut_bps: int

    def __post_init__(self) -> None:
        if not 0 <= self.haircut_bps <= BPS:
            raise ValueError(f"a haircut on {self.asset.symbol} is from 0 to {BPS} bps, not {self.haircut_bps}")

    def worth_units(self, units: int, price_e6: int) -> int:
        """Market value in 1e-6 USD, rounded down. `price_e6` is 1e-6 USD per whole coin."""
        return mul_div_down(units, price_e6, 10**self.asset.scale)

    def collateral_units(self, units: int, price_e6: int) -> int:
        """Value after the haircut in 1e-6 USD, rounded down once."""
        return mul_div_down(units, price_e6 * (BPS - self.haircut_bps), 10**self.asset.scale * BPS)

    def units_worth(self, value_units: int, price_e6: int) -> int:
        """The fewest units whose value after the haircut is at least `value_units`."""
        return mul_div_up(value_units, 10**self.asset.scale * BPS, price_e6 * (BPS - self.haircut_bps))


Schedule = Mapping[str, Eligible]
"""Eligible assets by symbol, in the order in which they are drawn: the settlement asset first."""


def collateral_value(schedule: Schedule, holdings: Mapping[str, int], prices_e6: Mapping[str, int]) -> int:
    """What `holdings` (ledger units by asset) count as collateral, in 1e-6 USD. Unknown assets raise KeyError."""
    return sum(schedule[asset].collateral_units(units, prices_e6[asset]) for asset, units in holdings.items() if units)


def market_value(schedule: Schedule, holdings: Mapping[str, int], prices_e6: Mapping[str, int]) -> int:
    """What `holdings` are worth before haircuts, in 1e-6 USD, rounded down per asset."""
    return sum(schedule[asset].worth_units(units, prices_e6[asset]) for asset, units in holdings.items() if units)


def delegable_units(eligible: Eligible, available_units: int, delegated_units: int) -> int:
    """How much more of one asset may be delegated: Σ_v delegated ≤ (1 − haircut) × holding, within what is available.

    (specs/off_exchange_settlement.md §3, guard of the delegation.) The rule is per asset, so no price can turn a
    delegation that was allowed into a double one.
    """
    ceiling = mul_div_down(available_units + delegated_units, BPS - eligible.haircut_bps, BPS)
    return max(min(available_units, ceiling - delegated_units), 0)
