"""What a client's collateral at one venue counts for, asset by asset, and why.

    holding → at most the limit in units → × price × (1 − haircut), rounded down → at most its share of what counts

What does not count is not lost: it stands in the line that says so. An asset that has no price counts for nothing, and
its line says which refusal stands in the price's place; no zero and no old price takes its place in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from custody.collateral import BPS, Schedule
from custody.concentration import within_shares
from custody.prices import PriceRefusal

NOT_ELIGIBLE = "not_eligible"
"""Stands beside the price's refusals: the schedule does not name the asset."""

Prices = Mapping[str, int | PriceRefusal]
"""By asset: 1e-6 USD per whole coin, or why there is no price."""


@dataclass(frozen=True, slots=True)
class Line:
    """One asset of a valuation. `units` are ledger units; the other amounts are 1e-6 USD, each rounded down.

    `market_units` before the haircut, of all that is held. `over_units` and `over_share_units`: value after the haircut
    that does not count because of the limit in units, and of the limit in share. `counted_units`: what is left.
    `refusal` is "" where the asset counts, and then `price_e6` is its price.
    """

    asset: str
    units: int
    price_e6: int
    haircut_bps: int
    market_units: int
    over_units: int
    over_share_units: int
    counted_units: int
    refusal: str = ""

    @property
    def collateral_units(self) -> int:
        """Value after the haircut, before any limit."""
        return self.counted_units + self.over_units + self.over_share_units


@dataclass(frozen=True, slots=True)
class Valuation:
    """A line for every asset held: in the schedule's order, then what is not eligible, by name."""

    lines: tuple[Line, ...]

    @property
    def collateral_units(self) -> int:
        """What all of it counts for as collateral, in 1e-6 USD."""
        return sum(line.counted_units for line in self.lines)

    @property
    def market_units(self) -> int:
        """What all that has a price is worth before haircuts and limits, in 1e-6 USD."""
        return sum(line.market_units for line in self.lines)

    @property
    def counted(self) -> dict[str, int]:
        """What each asset held counts for, in 1e-6 USD."""
        return {line.asset: line.counted_units for line in self.lines}

    @property
    def refused(self) -> tuple[Line, ...]:
        """The lines that count for nothing because the asset is not eligible or has no price."""
        return tuple(line for line in self.lines if line.refusal)


def value(schedule: Schedule, holdings: Mapping[str, int], prices: Prices) -> Valuation:
    """Value `holdings` (ledger units by asset; not negative) of one client at one venue.

    Every eligible asset that is held needs an answer in `prices`, if only a refusal: a KeyError is the caller's fault.
    """
    lines = [_line(schedule, asset, units, prices[asset]) for asset in schedule if (units := holdings.get(asset, 0))]
    lines += [
        _not_eligible(asset, units) for asset, units in sorted(holdings.items()) if units and asset not in schedule
    ]
    if any(asset.most_share_bps < BPS for asset in schedule.values()):
        lines = _within_shares(schedule, lines)
    return Valuation(tuple(lines))


def _line(schedule: Schedule, asset: str, units: int, price: int | PriceRefusal) -> Line:
    eligible = schedule[asset]
    if isinstance(price, PriceRefusal):
        return Line(asset, units, 0, eligible.haircut_bps, 0, 0, 0, 0, price)
    worth, collateral = eligible.worth_units(units, price), eligible.collateral_units(units, price)
    counted = eligible.collateral_units(min(units, eligible.most_units), price)
    return Line(asset, units, price, eligible.haircut_bps, worth, collateral - counted, 0, counted)


def _not_eligible(asset: str, units: int) -> Line:
    return Line(asset, units, 0, BPS, 0, 0, 0, 0, NOT_ELIGIBLE)


def _within_shares(schedule: Schedule, lines: list[Line]) -> list[Line]:
    values = {line.asset: line.counted_units for line in lines if line.asset in schedule}
    counted = within_shares(values, {asset: schedule[asset].most_share_bps for asset in values})
    return [
        replace(line, over_share_units=line.counted_units - counted[line.asset], counted_units=counted[line.asset])
        if line.asset in counted
        else line
        for line in lines
    ]
