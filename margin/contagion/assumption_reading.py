"""From the tables of a file to assumptions: every number and instrument with all its members, and nothing unknown."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from margin.contagion.assumptions import MICRO, Assumption, AssumptionError, Assumptions, Traded
from margin.contagion.tiered import PPM_A_BP, TierError, Tiers, tiers_in
from margin.scenarios.events import EXCHANGES
from margin.scenarios.hours import CALENDARS


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
_MAY_BE = {"maintenance_tiers", "announced_by"}


def _traded(symbol: str, row: Mapping[str, Any]) -> Traded:
    wrong = sorted((set(row) - _MAY_BE) ^ _MEMBERS)
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
    lowest_ppm = int(row["maintenance_bps"]) * PPM_A_BP
    tiers, announced_by = _margin_rules(symbol, row, lowest_ppm)
    return Traded(
        symbol, int(coins_e18), int(lot), float(row["depth_usd_per_percent"]), float(row["open_interest_usd"]),
        float(row["share_of_accounts"]), lowest_ppm, float(row["daily_volatility"]), float(row["volume_usd"]),
        row["hours"], tiers, announced_by,
    )  # fmt: skip


def _margin_rules(symbol: str, row: Mapping[str, Any], lowest_ppm: int) -> tuple[Tiers, str]:
    """What an instrument may have: tiers above its lowest, and an exchange that announces its margins."""
    try:
        tiers = tiers_in(row["maintenance_tiers"], lowest_ppm) if "maintenance_tiers" in row else ()
    except TierError as error:
        raise AssumptionError(f"instrument.{symbol}: maintenance_tiers: {error}") from error
    if "announced_by" in row and row["announced_by"] not in EXCHANGES:
        known = ", ".join(EXCHANGES)
        raise AssumptionError(f"instrument.{symbol}: announced_by is one of {known}, not {row['announced_by']!r}")
    return tiers, row.get("announced_by", "")
