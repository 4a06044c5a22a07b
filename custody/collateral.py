"""What may be collateral and on which terms: haircut, limits, price rule.

What a client's holdings count for under these terms is `custody.valuation`'s to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.money import MAX_UNITS, Asset, mul_div_down, mul_div_up
from custody.prices import PriceRule

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Eligible:
    """An asset that venues accept, and its terms.

    `haircut_bps`: the share of its value that does not count. `most_units`: ledger units of it that count, of one
    client at one venue. `most_share_bps`: the share that it may be of what the client's collateral there counts for.
    `price`: whom to ask for its price; None where the asset is the unit of account, or the caller prices it. `basis`:
    where these terms come from.
    """

    asset: Asset
    haircut_bps: int
    most_units: int = MAX_UNITS
    most_share_bps: int = BPS
    price: PriceRule | None = None
    basis: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.haircut_bps <= BPS:
            raise ValueError(f"a haircut on {self.asset.symbol} is from 0 to {BPS} bps, not {self.haircut_bps}")
        if not 0 <= self.most_share_bps <= BPS:
            raise ValueError(f"a share of {self.asset.symbol} is from 0 to {BPS} bps, not {self.most_share_bps}")
        if not 0 <= self.most_units <= MAX_UNITS:
            raise ValueError(f"a limit on {self.asset.symbol} is from 0 to {MAX_UNITS} units, not {self.most_units}")

    def worth_units(self, units: int, price_e6: int) -> int:
        """Market value in 1e-6 USD, rounded down. `price_e6` is 1e-6 USD per whole coin."""
        return mul_div_down(units, price_e6, 10**self.asset.scale)

    def collateral_units(self, units: int, price_e6: int) -> int:
        """Value after the haircut, before any limit, in 1e-6 USD, rounded down once."""
        return mul_div_down(units, price_e6 * (BPS - self.haircut_bps), 10**self.asset.scale * BPS)

    def units_worth(self, value_units: int, price_e6: int) -> int:
        """The fewest units whose value after the haircut, before any limit, is at least `value_units`."""
        return mul_div_up(value_units, 10**self.asset.scale * BPS, price_e6 * (BPS - self.haircut_bps))


Schedule = Mapping[str, Eligible]
"""Eligible assets by symbol, in the order in which they are drawn: the settlement asset first."""
