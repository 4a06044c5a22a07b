"""A user's own shock: prices or log returns minute by minute, taken as what comes from outside, exactly as given.

Minutes of a symbol go up by one from row to row; symbols may be mixed. What is not named stands still. Prices are
whole micro-dollars a lot or refused; returns add up from the start, each price then to the nearest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from margin.contagion.assumptions import MICRO, Assumptions, Traded
from margin.contagion.inputs.cells import Cells, Column, Row, Table, header_faults
from margin.contagion.inputs.faults import Fault, FaultyError, shown
from margin.contagion.path import Path
from margin.scenarios.hours import is_open

STEP_S = 60
LONGEST = 44_640
"""Minutes: 31 days."""
_MOST_UNITS = 10**15

COLUMNS = (
    Column("minute", "min", "from the start; prices begin with 0, which is the start, and returns with 1"),
    Column("symbol", "symbol", "of an instrument, as `stress assumptions` has them; those not named stand still"),
    Column("price", "$ a coin", "a whole number of millionths a lot; the file has this column or log_return", "none"),
    Column("log_return", "1", "since the minute before; the file has this column or price", "none"),
)


@dataclass(frozen=True, slots=True)
class Shock:
    """The path, the assumptions with its start's prices, and the symbols that stand still."""

    path: Path
    a: Assumptions
    still: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Point:
    number: int
    minute: int
    which: int
    units: int
    log_return: float


def shock_of(table: Table, a: Assumptions, start_s: int) -> Shock:
    """The shock in these rows, its minute 0 at `start_s` (UTC seconds). Raises FaultyError with all that is wrong."""
    priced = "price" in table.header
    faults = list(table.faults) + header_faults(table.header, COLUMNS)
    if priced == ("log_return" in table.header):
        faults.append(Fault(1, "price", "expected this column or log_return, not both and not neither"))
    if any(one.number == 1 for one in faults):
        raise FaultyError(faults)
    found = [_point(Cells(row, faults), row, a, priced=priced) for row in table.rows]
    by_symbol: list[list[_Point]] = [[] for _ in a.instruments]
    for point in found:
        if point is not None:
            by_symbol[point.which].append(point)
    faults += _out_of_time(by_symbol, a, first=0 if priced else 1, unread={one.number for one in faults})
    if not faults and max((points[-1].minute for points in by_symbol if points), default=0) < 1:
        faults.append(Fault(1, "minute", "expected at least one minute after the start, found none"))
    if faults:
        raise FaultyError(faults)
    return _shock(by_symbol, a, start_s, priced=priced)


def _point(cells: Cells, row: Row, a: Assumptions, *, priced: bool) -> _Point | None:
    before = len(cells.faults)
    symbols = [one.symbol for one in a.instruments]
    minute, symbol = cells.scaled("minute", 0, "a whole one"), cells.chosen("symbol", symbols)
    if minute is not None and not 0 <= minute <= LONGEST:
        cells.fault("minute", f"expected from 0 to {LONGEST}, found {minute}")
    units, log_return = 0, 0.0
    if priced and symbol:
        units = _units(cells, a.instruments[symbols.index(symbol)])
    elif not priced:
        cells.text("log_return")
        log_return = cells.number("log_return", 0.0, -1.0, math.nextafter(1.0, 2.0))
    if len(cells.faults) > before or minute is None:
        return None
    return _Point(row.number, minute, symbols.index(symbol), units, log_return)


def _units(cells: Cells, traded: Traded) -> int:
    """µ$ a lot, exact or a fault."""
    price_e18 = cells.scaled("price", 18, "in $")
    if price_e18 is None:
        return 0
    units, rest = divmod(price_e18 * traded.lot_coins_e18 * MICRO, 10**36)
    if price_e18 <= 0 or not 0 <= units <= _MOST_UNITS:
        cells.fault("price", f"expected a price above 0 that 64 bits hold, found {price_e18 / 1e18:g}")
    elif rest or not units:
        tick = 10**36 / (traded.lot_coins_e18 * MICRO) / 1e18
        cells.fault("price", f"cannot be held: expected a multiple of ${tick:g}, found ${price_e18 / 1e18:g}")
    return units


def _out_of_time(by_symbol: Sequence[Sequence[_Point]], a: Assumptions, *, first: int, unread: set[int]) -> list[Fault]:
    """Gaps, times that go back, and symbols that end early; a minute whose row cannot be read is not missed again."""
    faults = []
    last = max((points[-1].minute for points in by_symbol if points), default=0)
    for traded, points in zip(a.instruments, by_symbol, strict=True):
        due = first
        for point in points:
            if point.minute < due:
                why = f"expected minute {due} of {traded.symbol} or no more of it, found {point.minute}: time goes back"
                faults.append(Fault(point.number, "minute", why))
            elif point.minute > due and not unread:
                why = f"expected minute {due} of {traded.symbol}, found {point.minute}: {point.minute - due} missing"
                faults.append(Fault(point.number, "minute", why))
            due = max(due, point.minute + 1)
        if points and due <= last and not unread:
            why = f"{shown(traded.symbol)} ends at minute {due - 1}, the file at {last}"
            faults.append(Fault(points[-1].number, "minute", why))
    return faults


def _shock(by_symbol: Sequence[Sequence[_Point]], a: Assumptions, start_s: int, *, priced: bool) -> Shock:
    steps = max(points[-1].minute for points in by_symbol if points)
    columns = []
    for traded, points in zip(a.instruments, by_symbol, strict=True):
        if not points:
            columns.append(np.full(steps + 1, traded.lot_units, np.int64))
        elif priced:
            columns.append(np.array([one.units for one in points], np.int64))
        else:
            moved = np.cumsum([0.0, *(one.log_return for one in points)])
            columns.append(np.maximum(np.rint(traded.lot_units * np.exp(moved)), 1).astype(np.int64))
    times = start_s + STEP_S * np.arange(steps + 1, dtype=np.int64)
    flags = np.array([[is_open(one.hours, int(at)) for one in a.instruments] for at in times], bool)
    units = np.column_stack(columns)
    begun = tuple(replace(one, lot_units=int(at)) for one, at in zip(a.instruments, units[0], strict=True))
    still = tuple(one.symbol for one, points in zip(a.instruments, by_symbol, strict=True) if not points)
    return Shock(Path(times, units, flags), replace(a, instruments=begun), still)
