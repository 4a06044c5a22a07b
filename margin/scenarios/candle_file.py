"""The lines of a candle file: each read exactly, and refused by number where it does not say what it must.

CSV with the columns open_ms, open, high, low, close, volume and, optionally, close_ms: the form in which exchanges
publish klines. Times are milliseconds since 1970-01-01 UTC, prices decimal text without exponent.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from margin.scenarios.prices import parse_price_e6, parse_scaled
from margin.scenarios.table import instant

COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")
LAST_COLUMN = "close_ms"
_MS = 1_000
_VOLUME_DECIMALS = 18
_MOST_MS = 253_402_300_799_000  # the last second of the year 9999


class CandleError(Exception):
    """A candle file that cannot be used. The message names file, line, what was expected and what was found."""

    def __init__(self, file: str, line: int, expected: str, found: str) -> None:
        super().__init__(f"{file}, line {line}: expected {expected}, found {found}")
        self.file = file
        self.line = line
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Candle:
    """One line of the file; prices in 1e-6 dollars."""

    line: int
    start_s: int
    open_e6: int
    high_e6: int
    low_e6: int
    close_e6: int


def read_lines(path: Path) -> tuple[Candle, ...]:
    """Read the candles of a file in file order, at least two. Raises CandleError at the first line that is wrong."""
    file = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CandleError(file, 1, "a readable file", error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CandleError(file, line, "UTF-8", f"byte 0x{error.object[error.start]:02x}") from error
    rows = csv.reader(text.splitlines())
    columns = tuple(name.strip() for name in next(rows, []))
    if columns not in {COLUMNS, (*COLUMNS, LAST_COLUMN)}:
        expected = "the columns " + ",".join(COLUMNS) + f" with or without {LAST_COLUMN}"
        raise CandleError(file, 1, expected, ",".join(columns) or "none")
    candles = tuple(_Line(file, rows.line_num, columns, row).candle() for row in rows)
    if len(candles) < 2:
        raise CandleError(file, len(candles) + 1, "two bars or more, which show the interval", f"{len(candles)}")
    return candles


def interval_s(path: Path, candles: Sequence[Candle]) -> int:
    """Return the seconds from bar to bar. Raises CandleError at a double, early, missing or uneven bar."""
    file = str(path)
    for before, candle in pairwise(candles):
        if candle.start_s == before.start_s:
            raise CandleError(file, candle.line, "each bar once", f"{instant(candle.start_s)} again")
        if candle.start_s < before.start_s:
            expected = f"bars in order of time, after {instant(before.start_s)}"
            raise CandleError(file, candle.line, expected, instant(candle.start_s))
    interval = min(candle.start_s - before.start_s for before, candle in pairwise(candles))
    for before, candle in pairwise(candles):
        passed = candle.start_s - before.start_s
        if passed % interval:
            raise CandleError(file, candle.line, f"bars every {interval} s", f"one {passed} s after the last")
        if passed > interval:
            missing = f"the bar of {instant(before.start_s + interval)} ({passed // interval - 1} missing)"
            raise CandleError(file, candle.line, missing, instant(candle.start_s))
    return interval


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one line, and where they stand."""

    file: str
    number: int
    columns: Sequence[str]
    cells: Sequence[str]

    def candle(self) -> Candle:
        if len(self.cells) != len(self.columns):
            raise self._error(f"{len(self.columns)} values", f"{len(self.cells)}")
        candle = Candle(
            line=self.number,
            start_s=self._start_s(),
            open_e6=self._price_e6("open"),
            high_e6=self._price_e6("high"),
            low_e6=self._price_e6("low"),
            close_e6=self._price_e6("close"),
        )
        self._require_volume()
        self._require_close_after(candle)
        self._require_order(candle)
        return candle

    def _error(self, expected: str, found: str) -> CandleError:
        return CandleError(self.file, self.number, expected, found)

    def _cell(self, column: str) -> str:
        return self.cells[self.columns.index(column)].strip()

    def _start_s(self) -> int:
        open_ms = parse_scaled(self._cell("open_ms"), 0)
        if open_ms is None or not 0 <= open_ms <= _MOST_MS or open_ms % _MS:
            raise self._error("whole seconds as milliseconds since 1970 under open_ms", repr(self._cell("open_ms")))
        return open_ms // _MS

    def _price_e6(self, column: str) -> int:
        price_e6 = parse_price_e6(self._cell(column))
        if price_e6 is None:
            raise self._error(f"a price above zero with at most 6 decimals under {column}", repr(self._cell(column)))
        return price_e6

    def _require_volume(self) -> None:
        volume = parse_scaled(self._cell("volume"), _VOLUME_DECIMALS)
        if volume is None or volume < 0:
            raise self._error("a number of zero or more under volume", repr(self._cell("volume")))

    def _require_close_after(self, candle: Candle) -> None:
        """Exchanges end a bar one millisecond early, some exactly at its end; both only say that it ended."""
        if LAST_COLUMN not in self.columns:
            return
        close_ms = parse_scaled(self._cell(LAST_COLUMN), 0)
        if close_ms is None or close_ms <= candle.start_s * _MS:
            raise self._error(f"milliseconds after open_ms under {LAST_COLUMN}", repr(self._cell(LAST_COLUMN)))

    def _require_order(self, candle: Candle) -> None:
        if candle.low_e6 > min(candle.open_e6, candle.close_e6):
            raise self._error("a low up to open and close", self._shown())
        if candle.high_e6 < max(candle.open_e6, candle.close_e6):
            raise self._error("a high from open and close up", self._shown())

    def _shown(self) -> str:
        return ", ".join(f"{column} {self._cell(column)}" for column in ("open", "high", "low", "close"))
