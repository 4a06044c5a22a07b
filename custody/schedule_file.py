"""An edition of the collateral schedule as a TOML file: every field by name, none guessed, none passed over.

Amounts are decimal texts in whole coins, shares and haircuts basis points, times UTC. What is not what it must be
raises ScheduleError with the file, the asset, the field, what was expected and what was found.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from custody.collateral import BPS, Eligible
from custody.money import MAX_SCALE, Asset, MoneyError
from custody.prices import PriceRule, Source
from custody.schedule import Edition, ScheduleError

STANDARD = Path(__file__).parent / "schedules" / "standard.toml"

_EDITION = ("announced_at", "effective_at", "notice_s", "substitution_s", "settlement_asset", "asset")
_TERMS = ("symbol", "scale", "chain_decimals", "haircut_bps", "basis")
_LIMITS = ("most", "most_share_bps")
_PRICE = ("least_sources", "faulty_sources", "max_age_s", "max_spread_bps", "sources")
_LONGEST_S = 366 * 86_400
_SHOWN = 60  # characters of a wrong value that are shown


def read_edition(path: Path) -> Edition:
    """The edition in a file. Raises ScheduleError."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduleError(f"{path}: expected a readable file in UTF-8, found {error}") from error
    return parse_edition(text, path.name)


def parse_edition(text: str, file: str) -> Edition:
    """The edition in a text; `file` is its name in a ScheduleError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError(f"{file}: expected TOML, found {error}") from error
    fields = _Fields(file, values)
    fields.only(_EDITION)
    settlement_asset = fields.text("settlement_asset")
    schedule: dict[str, Eligible] = {}
    for row in fields.tables("asset"):
        eligible = _eligible(row, settlement_asset)
        if eligible.asset.symbol in schedule:
            raise row.unexpected("symbol", "an asset that is not listed above", eligible.asset.symbol)
        schedule[eligible.asset.symbol] = eligible
    times_s = fields.time_s("announced_at"), fields.time_s("effective_at")
    terms_s = fields.whole("notice_s", 0, _LONGEST_S), fields.whole("substitution_s", 0, _LONGEST_S)
    try:
        return Edition(*times_s, *terms_s, settlement_asset, schedule)
    except ScheduleError as error:  # what only shows when the fields are put together
        raise ScheduleError(f"{file}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one table, and where it stands."""

    place: str
    values: Mapping[str, object]

    def only(self, known: Collection[str]) -> None:
        """Raise at the first field with any other name: a misspelt limit must not pass for none."""
        for name in self.values:
            if name not in known:
                raise ScheduleError(f"{self.place}: {name}: expected one of the fields {', '.join(known)}")

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value.strip():
            raise self.unexpected(name, "a text that is not blank", value)
        return value

    def whole(self, name: str, least: int, most: int) -> int:
        value = self._value(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.unexpected(name, f"a whole number from {least} to {most}", value)
        return value

    def time_s(self, name: str) -> int:
        value = self._value(name)
        if not isinstance(value, datetime) or value.utcoffset() != timedelta(0) or value.microsecond:
            raise self.unexpected(name, "a time in UTC with whole seconds, like 2026-01-05T00:00:00Z", value)
        return int(value.timestamp())

    def tables(self, name: str) -> list["_Fields"]:
        value = self._value(name)
        if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
            raise self.unexpected(name, "at least one table", value)
        return [
            _Fields(f"{self.place}: {name} {_label(row, number)}", row) for number, row in enumerate(value, start=1)
        ]

    def names(self, name: str) -> tuple[str, ...]:
        value = self._value(name)
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.unexpected(name, "a list of names", value)
        return tuple(value)

    def unexpected(self, name: str, expected: str, found: object) -> ScheduleError:
        shown = found.isoformat() if isinstance(found, datetime) else repr(found)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        return ScheduleError(f"{self.place}: {name}: expected {expected}, found {shown}")

    def _value(self, name: str) -> object:
        if name not in self.values:
            raise ScheduleError(f"{self.place}: {name}: expected this field, found none")
        return self.values[name]


def _label(row: Mapping[str, object], number: int) -> str:
    named = row.get("symbol", row.get("name"))
    return named if isinstance(named, str) and named.isprintable() else str(number)


def _eligible(row: _Fields, settlement_asset: str) -> Eligible:
    at_par = row.text("symbol") == settlement_asset
    row.only(_TERMS if at_par else (*_TERMS, *_LIMITS, *_PRICE))
    asset = _asset(row)
    haircut_bps, basis = row.whole("haircut_bps", 0, BPS), row.text("basis")
    if at_par:
        # What everything is paid in has no limit: there is nothing to substitute it with.
        return Eligible(asset, haircut_bps, basis=basis)
    try:
        most_units = asset.parse(row.text("most"))
    except MoneyError as error:
        raise row.unexpected("most", "an amount in whole coins", row.text("most")) from error
    return Eligible(asset, haircut_bps, most_units, row.whole("most_share_bps", 0, BPS), _price_rule(row), basis)


def _asset(row: _Fields) -> Asset:
    scale = row.whole("scale", 0, MAX_SCALE)
    try:
        return Asset(row.text("symbol"), scale, row.whole("chain_decimals", scale, 36))
    except MoneyError as error:
        raise ScheduleError(f"{row.place}: symbol: {error}") from error


def _price_rule(row: _Fields) -> PriceRule:
    sources = []
    for one in row.tables("sources"):
        one.only(("name", "books"))
        sources.append(Source(one.text("name"), one.names("books")))
    counts = row.whole("least_sources", 1, len(sources)), row.whole("faulty_sources", 1, len(sources))
    bounds = row.whole("max_age_s", 1, _LONGEST_S), row.whole("max_spread_bps", 0, BPS - 1)
    try:
        return PriceRule(tuple(sources), *counts, *bounds)
    except ValueError as error:
        raise ScheduleError(f"{row.place}: {error}") from error
