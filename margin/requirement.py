"""The plain margin requirement: what one client must hold at one venue.

Per perpetual a share of its notional; per short option the spot-based requirement of Derive's standard manager without
its offsets (specs/derive_margin.md §4, `iso`). Long options are prepaid by their mark and need nothing. There is no
netting across instruments: the standard and portfolio models replace this file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from custody.money import mul_div_up
from margin.instruments import Instrument, Kind

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Requirement:
    """Initial and maintenance margin in 1e-6 USD; both rounded up."""

    initial_units: int
    maintenance_units: int

    def __add__(self, other: "Requirement") -> "Requirement":
        return Requirement(self.initial_units + other.initial_units, self.maintenance_units + other.maintenance_units)


NOTHING = Requirement(0, 0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of notional, in basis points, for one underlying.

    The start values for coins are those of Derive's deployment script (specs/derive_margin.md §13.1): perpetuals
    6.5% / 10% for BTC and ETH, options 9% maintenance, and 15% less the out-of-the-money amount, at least 13%, initial.
    """

    perp_initial_bps: int
    perp_maintenance_bps: int
    option_maintenance_bps: int = 900
    option_initial_bps: int = 1_500
    option_initial_floor_bps: int = 1_300


@dataclass(frozen=True, slots=True)
class Position:
    """A signed number of lots with the marks that margin needs: its own, and its underlying's index (1e-6 USD)."""

    instrument: Instrument
    lots: int
    mark_e6: int
    index_e6: int


def requirement(positions: Iterable[Position], rates: Mapping[str, Rates]) -> Requirement:
    """The requirement of all positions together; each rounds up on its own. A missing underlying raises KeyError."""
    total = NOTHING
    for position in positions:
        total += requirement_of(position, rates[position.instrument.underlying])
    return total


def requirement_of(position: Position, rates: Rates) -> Requirement:
    """The requirement of one position."""
    instrument, lots = position.instrument, position.lots
    if instrument.kind is Kind.PERP:
        notional = abs(lots) * position.mark_e6
        return Requirement(
            mul_div_up(notional, rates.perp_initial_bps, instrument.lots_per_coin * BPS),
            mul_div_up(notional, rates.perp_maintenance_bps, instrument.lots_per_coin * BPS),
        )
    if lots >= 0:
        return NOTHING
    spot, per_coin = position.index_e6, instrument.lots_per_coin * BPS
    initial_bps_spot = max(
        rates.option_initial_bps * spot - BPS * out_of_the_money_e6(instrument, spot),
        rates.option_initial_floor_bps * spot,
    )
    return Requirement(
        mul_div_up(-lots, initial_bps_spot, per_coin), mul_div_up(-lots, rates.option_maintenance_bps * spot, per_coin)
    )


def out_of_the_money_e6(option: Instrument, spot_e6: int) -> int:
    """How far the spot price is from where the option would start to pay; 0 if it pays already."""
    distance = option.strike_e6 - spot_e6 if option.kind is Kind.CALL else spot_e6 - option.strike_e6
    return max(distance, 0)
