"""What a run starts from, as values: instruments, population, market, venues, calls and costs, each with its source.

The numbers stand in `assumptions.toml` with unit, mark, source and the range to sweep; `assumption_file` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from margin.scenarios.hours import CALENDARS, Calendar

MICRO = 1_000_000
"""Money units in one dollar: µ$."""


class AssumptionError(ValueError):
    """A number that is missing, unknown or outside what it can be; the text names it."""


@dataclass(frozen=True, slots=True)
class Traded:
    """An instrument: a lot is `lot_coins_e18` 1e-18 coins, and `lot_units` µ$ at the start.

    Depth is one-sided notional that moves it by 1%.
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
            rates = (max(1, min(round(one.maintenance_ppm * value), 1_000_000)) for one in instruments)
            instruments = tuple(
                replace(one, maintenance_ppm=rate) for one, rate in zip(instruments, rates, strict=True)
            )
        elif name in numbers:
            numbers[name] = replace(numbers[name], value=float(value))
        else:
            raise AssumptionError(f"there is no assumption {name!r}; `bulkhead stress assumptions` lists them")
    return Assumptions(instruments, numbers)


def read(document: Mapping[str, Any]) -> Assumptions:
    """From the tables of a file. Raises AssumptionError with the name of what is wrong."""
    tables = dict(document)
    instruments = tuple(_traded(symbol, row) for symbol, row in dict(tables.pop("instrument", {})).items())
    if not instruments:
        raise AssumptionError("instrument: no instrument is given")
    numbers = {}
    for table, rows in tables.items():
        for key, row in rows.items():
            numbers[f"{table}.{key}"] = _number(f"{table}.{key}", row)
    return Assumptions(instruments, numbers)


def _number(name: str, row: Mapping[str, Any]) -> Assumption:
    unknown = sorted(set(row) - {"value", "unit", "mark", "source", "sweep"})
    missing = sorted({"value", "unit", "mark", "source"} - set(row))
    if unknown or missing:
        raise AssumptionError(f"{name}: {f'unknown {unknown[0]}' if unknown else f'{missing[0]} is missing'}")
    if isinstance(row["value"], bool) or not isinstance(row["value"], int | float):
        raise AssumptionError(f"{name}: value is a number, not {row['value']!r}")
    sweep = row.get("sweep")
    span = None if sweep is None else (float(sweep[0]), float(sweep[1]))
    return Assumption(name, float(row["value"]), row["unit"], row["mark"], row["source"], span)


_MEMBERS = {
    "lot_coins", "price_usd", "depth_usd_per_percent", "open_interest_usd", "share_of_accounts", "maintenance_bps",
    "daily_volatility", "volume_usd", "hours", "source",
}  # fmt: skip


def _traded(symbol: str, row: Mapping[str, Any]) -> Traded:
    wrong = sorted(set(row) ^ _MEMBERS)
    if wrong:
        raise AssumptionError(f"instrument.{symbol}: {wrong[0]} is {'unknown' if wrong[0] in row else 'missing'}")
    coins_e18 = Decimal(row["lot_coins"]) * 10**18
    lot = Decimal(row["lot_coins"]) * Decimal(row["price_usd"]) * MICRO
    if row["hours"] not in CALENDARS:
        raise AssumptionError(f"instrument.{symbol}: hours are one of {', '.join(CALENDARS)}, not {row['hours']!r}")
    if lot < 1:
        raise AssumptionError(f"instrument.{symbol}: a lot of {lot} µ$ is less than one")
    if coins_e18 != int(coins_e18):
        raise AssumptionError(f"instrument.{symbol}: lot_coins has at most 18 decimals, not {row['lot_coins']}")
    return Traded(
        symbol, int(coins_e18), int(lot), float(row["depth_usd_per_percent"]), float(row["open_interest_usd"]),
        float(row["share_of_accounts"]), int(row["maintenance_bps"]) * 100, float(row["daily_volatility"]),
        float(row["volume_usd"]), row["hours"],
    )  # fmt: skip
