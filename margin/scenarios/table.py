"""One table of a scenario file: getters that check, and errors that say where.

A misspelt optional field must not pass for an absent one, so a key that nobody asked for is an error too.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from margin.scenarios.prices import parse_price_e6, parse_scaled

_ABSENT = "nothing"


class ScenarioError(Exception):
    """A scenario that cannot be read. The message names file, line, field, what was expected and what was found."""

    def __init__(self, file: str, line: int, where: str, expected: str, found: str) -> None:
        super().__init__(f"{file}, line {line}: {where}: expected {expected}, found {found}")
        self.file = file
        self.line = line
        self.where = where
        self.expected = expected
        self.found = found


@dataclass(slots=True)
class Table:
    """One table of the file. Each getter returns a checked value and takes its key off the unread ones."""

    file: str
    name: str
    line: int
    values: dict[str, object]
    key_lines: dict[str, int]
    read: set[str] = field(default_factory=set)

    def error(self, key: str, expected: str, found: object = None) -> ScenarioError:
        """Return the error to raise about `key`; `found` defaults to the value as it stands in the file."""
        shown = found if found is not None else self._shown(key)
        where = f"{self.name}.{key}" if self.name else key
        return ScenarioError(self.file, self.key_lines.get(key, self.line), where, expected, str(shown))

    def has(self, key: str) -> bool:
        """Return whether the table states `key`."""
        return key in self.values

    def text(self, key: str) -> str:
        """Return a string that is not blank."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "a text that is not blank")
        return value

    def choice(self, key: str, options: Collection[str]) -> str:
        """Return a string that is one of `options`."""
        value = self._take(key)
        if not isinstance(value, str) or value not in options:
            raise self.error(key, "one of " + ", ".join(options))
        return value

    def integer(self, key: str, least: int, most: int) -> int:
        """Return a whole number within [least, most]."""
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.error(key, f"a whole number from {least} to {most}")
        return value

    def scaled(self, key: str, decimals: int) -> int:
        """Return a decimal number written as a string, times ten to the `decimals`, exactly."""
        value = self._take(key)
        scaled = parse_scaled(value, decimals) if isinstance(value, str) else None
        if scaled is None:
            raise self.error(key, f'a decimal number in quotes with at most {decimals} decimals, like "19.5"')
        return scaled

    def price_e6(self, key: str) -> int:
        """Return a price above zero written as a decimal string, in units of 1e-6."""
        value = self._take(key)
        price_e6 = parse_price_e6(value) if isinstance(value, str) else None
        if price_e6 is None:
            raise self.error(key, 'a price above zero in quotes with at most 6 decimals, like "92631"')
        return price_e6

    def time_s(self, key: str) -> int:
        """Return an instant with whole seconds and UTC as its zone, in seconds since 1970."""
        value = self._take(key)
        if not isinstance(value, datetime) or value.utcoffset() != timedelta(0) or value.microsecond:
            raise self.error(key, "a time in UTC with whole seconds, like 2026-01-20T00:00:00Z")
        return int(value.timestamp())

    def finish(self) -> None:
        """Raise at the first key that no getter asked for."""
        for key in self.values:
            if key not in self.read:
                known = ", ".join(sorted(self.read))
                raise self.error(key, f"one of the keys {known}", f"the key {key}")

    def _take(self, key: str) -> object:
        self.read.add(key)
        if key not in self.values:
            raise self.error(key, "a value", _ABSENT)
        return self.values[key]

    def _shown(self, key: str) -> str:
        value = self.values.get(key)
        if value is None:
            return _ABSENT
        return value.isoformat() if isinstance(value, datetime) else repr(value)


def instant(at_s: int) -> str:
    """Return the instant as people write it: 2026-01-20T00:00:00Z."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
