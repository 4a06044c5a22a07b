"""The same book re-margined at mark after mark: by the engine's fast watch, and as rivals are given it.

One instrument, one rate, no feedback: what all three models have in common. Whoever has less than the rate of what it
holds is closed whole at the mark, and stays closed. All numbers are whole µ$, so that no rounding can tell them apart.
"""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from margin.contagion.books import Books
from margin.contagion.closing import fill, orders_of
from margin.contagion.draws import Floats, Whole, normals, uniforms
from margin.contagion.fast_watch import FastWatch
from margin.contagion.population import Accounts, Clients, Kind, Population, Positions, closed
from margin.contagion.scan import Prices

ENTRY_UNITS, TICK_UNITS = 100_000_000, 10_000
RATE_PPM = 5_000
FALL = 0.04
WHOLE_SLICE_PPM, NO_SLICES = 1_000_000, 1 << 62


@dataclass(frozen=True, slots=True)
class Book:
    """By account: collateral (µ$) and signed lots, held since the entry price; and the marks (µ$ a lot) in order."""

    cash_units: Whole
    lots: Whole
    marks: Whole

    @classmethod
    def drawn(cls, accounts: int, marks: int) -> "Book":
        """Four in five are long, leverages spread around 5 as in the population; the marks wander down by 4%.

        That closes some hundreds at a mark, as the minutes of 5 February did: 580,000 in a day.
        Collateral ends in three µ$, which no product of lots, ticks and the rate does: nobody is ever exactly at it.
        """
        who = np.arange(accounts, dtype=np.int64)
        cents = np.exp(10.0 + 1.5 * normals(1, "equity", who)).astype(np.int64) + 2_000
        leverage = np.clip(np.exp(1.6 + 0.7 * normals(1, "leverage", who)), 0.5, 50.0)
        side = np.where(uniforms(1, "side", who) < 0.8, 1, -1)
        lots = np.maximum((cents * leverage / 10_000).astype(np.int64), 1) * side
        steps = normals(1, "mark", np.arange(marks, dtype=np.int64)) - 1.0
        falls = np.minimum.accumulate(np.cumsum(steps)) + normals(1, "noise", np.arange(marks, dtype=np.int64)) ** 2
        ticks = np.rint(falls / -falls.min() * FALL * ENTRY_UNITS / TICK_UNITS).astype(np.int64)
        return cls(cents * 10_000 + 3, lots, ENTRY_UNITS + ticks * TICK_UNITS)

    def write(self, file: Path) -> None:
        """As rivals read it."""
        np.savez(file, cash_units=self.cash_units, lots=self.lots, marks=self.marks, entry=[ENTRY_UNITS],
                 rate_ppm=[RATE_PPM])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passed:
    """What a model has done: seconds in all marks, accounts closed at each, and which, in order of their numbers."""

    took_s: float
    closed: list[int]
    who: list[int]


def passed(book: Book) -> Passed:
    """Our own: the engine's watch, orders and fills."""
    books, prices = _opened(book)
    watch, is_open = FastWatch(books, across_venues=False), np.ones((1, 1), bool)
    counts, who = [], []
    books.rows.realised.fill(0)  # a rival's book is in memory before the clock starts, and so is ours
    watch.breaches(prices)
    started = perf_counter()
    for mark in book.marks:
        prices.current[0] = mark
        found = watch.breaches(prices).account
        if len(found):
            orders = orders_of(found, books.rows, prices, is_open, NO_SLICES, WHOLE_SLICE_PPM)
            fill(orders, books.owner, books.rows, prices, prices.current, books.rest)
            watch.touched(found)
        counts.append(len(found))
        who.append(found)
    took_s = perf_counter() - started
    books.audit(prices)
    return Passed(took_s, counts, np.sort(np.concatenate(who)).tolist())


def _opened(book: Book) -> tuple[Books, Prices]:
    """Every account its own client at one venue, and the unlevered holder of the other side."""
    count = len(book.lots)
    none: Floats = np.zeros(count)
    clients = Clients(np.full(count, Kind.RETAIL, np.int8), np.zeros(count, np.int64), none, np.zeros(count, np.int32),
                      none, np.arange(count))  # fmt: skip
    accounts = Accounts(np.arange(count, dtype=np.int32), np.zeros(count, np.int8), book.cash_units)
    positions = Positions(np.arange(count + 1, dtype=np.int32), np.zeros(count, np.int8), book.lots)
    entry = np.array([ENTRY_UNITS], np.int64)
    population: Population = closed(("ONE",), entry, 1, 1.0, clients, accounts, positions)
    return Books.opened(population, 0, 0, 0), Prices(entry.copy(), entry[None].copy(), np.array([[RATE_PPM]], np.int64))
