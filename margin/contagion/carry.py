"""Funds that lose elsewhere sell what can be sold now: why crypto falls first when only crypto is open.

A fund's book outside (metals, equities) loses as the instruments do that have opening hours; each new low asks it for
cash after a notice. Called for C, it sells s over the open markets that it is long in: s_a = C 𝔻_a / Σ 𝔻
minimises Σ s_a² / (2 𝔻_a) (specs/contagion.md §5.9). With the channel off it pays from outside cash, and nothing
of it is seen here.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.books import Books
from margin.contagion.closing import Flags, Orders
from margin.contagion.draws import Floats, Whole
from margin.contagion.free import free_units
from margin.contagion.path import Path
from margin.contagion.population import Indexes, Kind
from margin.contagion.regimes import Regime
from margin.contagion.scan import Prices


@dataclass(slots=True)
class Carry:
    """What funds are asked for: notices by the step at which they are due, and what is owed by fund (µ$)."""

    a: Assumptions
    books: Books
    path: Path
    funds: Indexes = field(init=False)
    owed_units: Whole = field(init=False)
    sold_units: int = 0
    taken_units: int = 0
    _notices: deque[tuple[int, float]] = field(default_factory=deque)
    _outside: Flags = field(init=False)
    _fallen: float = 0.0
    _at: Indexes = field(init=False)
    _fund: Whole = field(init=False)

    def __post_init__(self) -> None:
        population = self.books.population
        kind = population.clients.kind[population.accounts.client]
        self.funds = np.flatnonzero(kind == Kind.FUND).astype(np.int32)
        self.owed_units = np.zeros(len(self.funds), np.int64)
        self._outside = np.array([one.hours != "always" for one in self.a.instruments], bool)
        self._at = np.flatnonzero(kind[self.books.owner] == Kind.FUND).astype(np.int32)
        self._fund = np.searchsorted(self.funds, self.books.owner[self._at])

    def notice(self, step: int) -> None:
        """Ask for what the outside book has lost at a new low, after its notice."""
        fallen = self._drawdown(step)
        if fallen > self._fallen:
            due = step + int(self.a["carry.notice_s"]) // self.path.step_s
            self._notices.append((due, fallen - self._fallen))
            self._fallen = fallen
        while self._notices and self._notices[0][0] <= step:
            part = self._notices.popleft()[1] * self.a["carry.outside_exposure"]
            self.owed_units += np.floor(self.books.population.accounts.cash_units[self.funds] * part).astype(np.int64)

    def orders(self, prices: Prices, depth_usd: Floats, is_open: Flags) -> Orders:
        """What they sell now of what they are long in; what finds no open market stays owed."""
        rows, kinds = self.books.rows, len(prices.current)
        if not self.owed_units.any():
            return Orders(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(prices.settled.shape, np.int64))
        which, lots = rows.instrument[self._at], rows.lots[self._at]
        can_sell = is_open[rows.venue[self.books.owner[self._at]], which] & (lots > 0)
        liquid = np.where(can_sell, depth_usd[which], 0.0)
        whole = np.bincount(self._fund, weights=liquid, minlength=len(self.funds))
        share = liquid / np.maximum(whole[self._fund], 1.0)
        wanted = np.floor(self.owed_units[self._fund] * share / prices.current[which]).astype(np.int64)
        closed = np.minimum(wanted, np.maximum(lots, 0))
        some = closed > 0
        at, closed, which = self._at[some], closed[some], which[some]
        sold = closed * prices.current[which]
        np.subtract.at(self.owed_units, self._fund[some], sold)
        self.sold_units += int(sold.sum())
        flow = np.zeros(prices.settled.shape, np.int64)
        venue = rows.venue[self.books.owner[at]].astype(np.int64)
        np.subtract.at(flow.ravel(), venue * kinds + which, sold)
        return Orders(at, closed, flow)

    def take(self, orders: Orders, prices: Prices, regime: Regime) -> Indexes:
        """Pay the calls out of what the sales have freed; the accounts. Gains not settled yet cannot be taken."""
        sellers = np.unique(self.books.owner[orders.position])
        sold = np.zeros(len(self.books.rows.venue), np.int64)
        np.add.at(sold, self.books.owner[orders.position],
                  orders.lots * prices.current[self.books.rows.instrument[orders.position]])  # fmt: skip
        free = free_units(self.books, prices, regime, sellers)
        taken = np.minimum(np.minimum(sold[sellers], free), np.maximum(self.books.rows.principal[sellers], 0))
        self.books.take(sellers, taken)
        self.books.brought_units -= int(taken.sum())
        self.taken_units += int(taken.sum())
        return sellers

    def _drawdown(self, step: int) -> float:
        """How far the instruments with opening hours are below the start, on average (0 if they are above)."""
        if not self._outside.any():
            return 0.0
        now, start = self.path.units[step, self._outside], self.path.units[0, self._outside]
        return max(0.0, float(1.0 - (now / start).mean()))
