"""What a run starts from, as values: instruments, population, market, venues, calls and costs, each with its source.

The numbers stand in `assumptions.toml` with unit, mark, source and the range to sweep; `assumption_reading` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from margin.contagion.tiered import Tiers
from margin.scenarios.hours import Calendar

MICRO = 1_000_000
"""Money units in one dollar: µ$."""


class AssumptionError(ValueError):
    """A number that is missing, unknown or outside what it can be; the text names it."""


@dataclass(frozen=True, slots=True)
class Traded:
    """An instrument: a lot is `lot_coins_e18` 1e-18 coins, and `lot_units` µ$ at the start.

    Depth is one-sided notional that moves it by 1%. `maintenance_ppm` is asked of the lowest tier, of all where there
    are no others; where a scenario dates margin steps of the exchange `announced_by`, it moves with them.
    """

    symbol: str
    lot_coins_e18: int
    lot_units: int
    depth_usd: float
    open_interest_usd: float
    share: float
    maintenance_ppm: int
    daily_volatility: float
    volume_usd: float
    hours: Calendar
    maintenance_tiers: Tiers = ()
    announced_by: str = ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One number, and where it is from."""

    name: str
    value: float
    unit: str
    mark: str
    source: str
    sweep: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Assumptions:
    """All numbers of a run; `a["market.permanent_share"]` is one of them."""

    instruments: tuple[Traded, ...]
    numbers: Mapping[str, Assumption]

    def __deepcopy__(self, _memo: object) -> "Assumptions":
        return self  # nothing of it ever changes

    def __getitem__(self, name: str) -> float:
        return self.numbers[name].value

    def changed(self, values: Mapping[str, float]) -> "Assumptions":
        """The same with other values. Raises AssumptionError for a name that there is not."""
        return _scaled(self, values)

    def differences(self, base: "Assumptions") -> dict[str, tuple[float, float]]:
        """Name to (base, here) of what was changed."""
        found = {name: (base[name], one.value) for name, one in self.numbers.items() if one.value != base[name]}
        for own, other in zip(self.instruments, base.instruments, strict=True):
            if own.depth_usd != other.depth_usd:
                found[f"depth.{own.symbol}"] = (other.depth_usd, own.depth_usd)
            if own.maintenance_ppm != other.maintenance_ppm:
                found[f"maintenance.{own.symbol}"] = (other.maintenance_ppm, own.maintenance_ppm)
        return found


DEPTH_MULTIPLE = "market.depth_multiple"
"""Not a number of the file: all depths times this."""
MAINTENANCE_MULTIPLE = "market.maintenance_multiple"
"""Nor this: all maintenance rates times it."""


def _scaled(base: Assumptions, values: Mapping[str, float]) -> Assumptions:
    numbers = dict(base.numbers)
    instruments = base.instruments
    for name, value in values.items():
        if name == DEPTH_MULTIPLE:
            if not value > 0:
                raise AssumptionError(f"{name} is more than 0, not {value}")
            instruments = tuple(replace(one, depth_usd=one.depth_usd * value) for one in instruments)
        elif name == MAINTENANCE_MULTIPLE:
            if not value > 0:
                raise AssumptionError(f"{name} is more than 0, not {value}")
            instruments = tuple(_asking(one, value) for one in instruments)
        elif name in numbers:
            numbers[name] = replace(numbers[name], value=float(value))
        else:
            raise AssumptionError(f"there is no assumption {name!r}; `bulkhead stress assumptions` lists them")
    return Assumptions(instruments, numbers)


def _asking(one: Traded, multiple: float) -> Traded:
    def scaled(ppm: int) -> int:
        return max(1, min(round(ppm * multiple), 1_000_000))

    tiers = tuple((above, scaled(ppm)) for above, ppm in one.maintenance_tiers)
    return replace(one, maintenance_ppm=scaled(one.maintenance_ppm), maintenance_tiers=tiers)
