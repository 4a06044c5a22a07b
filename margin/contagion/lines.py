"""Units in lines by the level at which each is to be looked at: whom a level has reached is a stretch at the front.

Every line is sorted once. What changes afterwards is written into a short table beside the lines, which is walked
whole, and merged into them when it has grown; a line's own entry of such a unit is dropped where it is met
(specs/contagion.md §14).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from margin.contagion.closing import Flags
from margin.contagion.draws import Floats
from margin.contagion.population import Indexes

NOWHERE = -1
"""The line of who need not be looked at."""
NEVER_REACHED = np.inf
ALONE = 3
"""How many lines have no twin."""
MERGED_AT = 16
"""The table is merged when it holds more than one unit in so many."""


class Placed(NamedTuple):
    """Where units belong: a line with a key and, where it is less than infinite, the line's twin with another."""

    line: Indexes
    key: Floats
    own: Floats


class _Table(NamedTuple):
    """What has changed since lines were sorted; `slot` by unit, −1 for who stands in the lines."""

    slot: Indexes
    unit: Indexes
    at: Placed


class _Lines(NamedTuple):
    """Line i holds those from `first[i]` until before `stop[i]`, keys rising."""

    first: Indexes
    stop: Indexes
    unit: Indexes
    key: Floats


@njit(cache=True)
def _reached(lines: _Lines, table: _Table, filled: int, levels: Floats, found: Indexes) -> int:
    """Write whoever has a key up to its line's level, some twice; how many. Dead entries at the front are dropped."""
    count, twins = 0, (len(levels) + ALONE) // 2
    for line, level in enumerate(levels):
        begin = lines.first[line]
        end = begin
        while end < lines.stop[line] and lines.key[end] <= level:
            end += 1
        keep = end
        for at in range(end - 1, begin - 1, -1):
            unit = lines.unit[at]
            if table.slot[unit] < 0:
                keep -= 1
                lines.unit[keep], lines.key[keep] = unit, lines.key[at]
                found[count] = unit
                count += 1
        lines.first[line] = keep
    for slot in range(filled):
        line = table.at.line[slot]
        if line >= 0 and (
            table.at.key[slot] <= levels[line]
            or (line + twins < len(levels) and table.at.own[slot] <= levels[line + twins])
        ):
            found[count] = table.unit[slot]
            count += 1
    return count


@njit(cache=True)
def _put(units: Indexes, at: Placed, table: _Table, filled: int) -> int:
    """Write these units' places into the table, over what it says of them; how many it holds then."""
    for number, unit in enumerate(units):
        slot = table.slot[unit]
        if slot < 0:
            slot = filled
            table.slot[unit], table.unit[slot] = slot, unit
            filled += 1
        table.at.line[slot], table.at.key[slot], table.at.own[slot] = at.line[number], at.key[number], at.own[number]
    return filled


@njit(cache=True)
def _merged(lines: _Lines, fresh: _Lines, slot: Indexes) -> _Lines:
    """Each line's entries that are not dead, and the fresh ones, rising."""
    first, stop = np.empty_like(lines.first), np.empty_like(lines.stop)
    unit, key = np.empty(len(lines.unit) + len(fresh.unit), np.int32), np.empty(len(lines.unit) + len(fresh.unit))
    filled = 0
    for line in range(len(first)):
        first[line], new = filled, fresh.first[line]
        for old in range(lines.first[line], lines.stop[line]):
            if slot[lines.unit[old]] >= 0:
                continue
            while new < fresh.stop[line] and fresh.key[new] < lines.key[old]:
                unit[filled], key[filled] = fresh.unit[new], fresh.key[new]
                filled, new = filled + 1, new + 1
            unit[filled], key[filled] = lines.unit[old], lines.key[old]
            filled += 1
        for rest in range(new, fresh.stop[line]):
            unit[filled], key[filled] = fresh.unit[rest], fresh.key[rest]
            filled += 1
        stop[line] = filled
    return _Lines(first, stop, unit[:filled], key[:filled])


class Lines:
    """Lines 0 to `pairs` − 1 have twins; then come those without, and then the twins in the same order."""

    def __init__(self, pairs: int, placed: Placed) -> None:
        count = len(placed.line)
        self._pairs = pairs
        self._lines = _sorted(2 * pairs + ALONE, *_entries(pairs, np.arange(count, dtype=np.int32), placed))
        self._found = np.empty(2 * count, np.int32)  # a unit is in the table, or in a line and perhaps in its twin
        self._begin(count)

    def reached(self, levels: Floats) -> Indexes:
        """Whom these levels, one a line, have reached; some twice. It is good until asked again."""
        return self._found[: _reached(self._lines, self._table, self._filled, levels, self._found)]

    def put(self, units: Indexes, placed: Placed) -> None:
        """These units belong elsewhere from now on. None may be named twice."""
        if self._filled + len(units) > len(self._table.unit):
            self._merge()
        if len(units) > len(self._table.unit):
            self._table = self._table._replace(unit=np.empty(len(units), np.int32), at=room_for(len(units)))
        self._filled = _put(units, placed, self._table, self._filled)

    def _merge(self) -> None:
        """Take the table into the lines."""
        table, at, filled = self._table, self._table.at, self._filled
        placed = Placed(at.line[:filled], at.key[:filled], at.own[:filled])
        fresh = _sorted(2 * self._pairs + ALONE, *_entries(self._pairs, table.unit[:filled], placed))
        self._lines = _merged(self._lines, fresh, table.slot)
        self._begin(len(table.slot))

    def _begin(self, count: int) -> None:
        room = count // MERGED_AT + 1024
        self._filled = 0
        self._table = _Table(np.full(count, -1, np.int32), np.empty(room, np.int32), room_for(room))

    _lines: _Lines
    _table: _Table
    _filled: int


def room_for(count: int) -> Placed:
    return Placed(np.empty(count, np.int32), np.empty(count), np.empty(count))


def _entries(pairs: int, units: Indexes, placed: Placed) -> tuple[Indexes, Indexes, Floats]:
    """Line, unit and key of everything that is to stand in a line."""
    here: Flags = placed.line != NOWHERE
    twin = here & (placed.line < pairs) & (placed.own < NEVER_REACHED)
    return (
        np.concatenate([placed.line[here], placed.line[twin] + np.int32(pairs + ALONE)]),
        np.concatenate([units[here], units[twin]]),
        np.concatenate([placed.key[here], placed.own[twin]]),
    )


def _sorted(count: int, line: Indexes, unit: Indexes, key: Floats) -> _Lines:
    sizes = np.bincount(line, minlength=count)
    stop = np.cumsum(sizes).astype(np.int32)
    order = np.argsort(line.astype(np.int16) if count < 1 << 15 else line, kind="stable")  # by radix, where it is short
    for end, size in zip(stop, sizes, strict=True):
        at = order[end - size : end]
        at[:] = at[np.argsort(key[at])]  # of equals either may come first: those found are put in order afterwards
    return _Lines((stop - sizes).astype(np.int32), stop, unit[order], key[order])
