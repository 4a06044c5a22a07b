"""One run: the ten steps of a minute in their order, to a fixed point, every unit of money accounted for.

Results depend on the order, so it is part of the specification (specs/contagion.md §5). The engine changes nothing but
the books it was given; seeds and times are arguments, and two runs of equal inputs give equal bytes.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.books import Books
from margin.contagion.calling import Calls
from margin.contagion.carry import Carry
from margin.contagion.channels import Channels
from margin.contagion.closing import Flags
from margin.contagion.defaulting import Defaults
from margin.contagion.draws import Floats, Whole
from margin.contagion.entering import Entries
from margin.contagion.fixed_point import executed, to_fixed_point
from margin.contagion.pace import Pace, between
from margin.contagion.path import Path
from margin.contagion.payers import Losses
from margin.contagion.population import Indexes, Kind, Population
from margin.contagion.pressure import Pressure, displaced
from margin.contagion.regimes import Netting, Regime
from margin.contagion.runs import Runs
from margin.contagion.scan import Prices, standings
from margin.contagion.status import Status
from margin.contagion.tally import Tally
from margin.contagion.terms import Terms, terms_of
from margin.contagion.venues import Venue
from margin.contagion.watch import PlainWatch, Watch
from margin.default_waterfall import Means


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a run depends on; `payers` in their order, the regime's own where none are given,
    and `venues`, all of them, where any has terms of its own.
    """

    a: Assumptions
    population: Population
    path: Path
    regime: Regime
    channels: Channels
    seed: int
    payers: tuple[Means, ...] = ()
    venues: tuple[Venue, ...] = ()

    def __deepcopy__(self, _memo: object) -> "Inputs":
        return self  # nothing of it ever changes


@dataclass(slots=True)
class Run:
    """A run under way; `step` is the last one made."""

    inputs: Inputs
    audited: bool
    books: Books
    watch: Watch
    prices: Prices
    pressure: Pressure
    calls: Calls
    status: Status
    tally: Tally
    entries: Entries
    runs: Runs
    defaults: Defaults
    carry: Carry
    losses: Losses
    pace: Pace
    step: int = 0
    terms: Terms = field(init=False)
    at_once: Flags = field(init=False)
    is_open: NDArray[np.bool_] = field(init=False)
    _outside_units: Whole = field(init=False)
    _makers: Indexes = field(init=False)
    _maker_units: int = field(init=False)

    def __post_init__(self) -> None:
        population = self.inputs.population
        kind = population.clients.kind[population.accounts.client]
        self._makers = np.flatnonzero(kind == Kind.MARKET_MAKER).astype(np.int32)
        self._maker_units = self._maker_equity()
        self.terms = terms_of(self.inputs)
        self.at_once = self.terms.at_once[population.accounts.venue]
        self._outside_units = self.inputs.path.units[0]

    def advance(self) -> None:
        """Make one step: marks, depth, margin, arrivals, the test and what follows to a fixed point, losses, status."""
        self.step += 1
        self.is_open = self.terms.is_open(self.step)
        path, end_s, parts = self.inputs.path, int(self.inputs.path.times_s[self.step]), self.pace.begin()
        for part in range(1, parts):
            self._test(end_s - path.step_s * (parts - part) // parts, self._mark(part, parts))
        depth = self._mark(parts, parts)
        self.status.pass_time(self.step, float(self.pressure.stress[0]))
        self._arrive(end_s)
        self._settle(end_s)
        if self.defaults.strike(self.step, self.prices, self.losses):
            self.watch.changed()
        self._test(end_s, depth)
        self._sell_for_calls(depth)
        self.tally.note_step(self, depth)
        self.tally.note_trapped(self.step, self.calls.idle_elsewhere(self.prices), path.step_s)
        if self.audited:
            self.books.audit(self.prices)

    def press(self, flow_usd: Floats, depth_usd: Floats) -> Floats:
        """Sell so much ($, + bought) at the prices of now: they move, nothing else does. The log moves."""
        moves = self.pressure.press(flow_usd, depth_usd)
        self.prices.current[:] = displaced(self._outside_units, self.pressure.displacement)
        return moves

    def standings(self) -> tuple[Whole, Whole]:
        """Equity and maintenance margin of every account now (µ$)."""
        return standings(np.arange(len(self.books.rows.venue), dtype=np.int32), self.books.rows, self.prices)

    # -- the parts of a step ----------------------------------------------------------------------------------------

    def _mark(self, part: int, parts: int) -> Floats:
        """Marks, depth and margin at the end of a part of this step; the depth ($ per 1%)."""
        path, before = self.inputs.path, self._outside_units
        self._outside_units = between(path.units[self.step - 1], path.units[self.step], part, parts)
        self.pressure.pass_time(np.log(self._outside_units / before), path.step_s / parts)
        self.prices.current[:] = displaced(self._outside_units, self.pressure.displacement)
        depth = self.pressure.depth_usd(self._maker_health())
        self.terms.ask(self.prices, self.pressure, self.step)
        return depth

    def _arrive(self, now_s: int) -> None:
        """Top-ups, moves and positions that are due, and who runs."""
        path, regime = self.inputs.path, self.inputs.regime
        self.calls.arrive(now_s // path.step_s, self.status.moves(), self.prices, self.watch)
        self.watch.touched(self.entries.open(self.step, self.books, self.prices, self.is_open))
        if self.inputs.channels & Channels.MUTUALISATION and not regime.is_segregated:
            self.watch.touched(self.runs.pass_time(path.step_s, self.status.venue_up, self.prices, regime))

    def _test(self, now_s: int, depth: Floats) -> None:
        """Liquidate until nobody new is below."""
        if self.pace.moved(float(np.abs(to_fixed_point(self, now_s, depth)).max())):
            self.tally.note_supercritical(self.step)

    def _sell_for_calls(self, depth: Floats) -> None:
        """Funds that are called for what they lost elsewhere sell what is open; others see it at the next test."""
        if Channels.CARRY not in self.inputs.channels:
            return
        self.carry.notice(self.step)
        orders = self.carry.orders(self.prices, depth, self.is_open)
        if len(orders.position):
            executed(self, [(orders, 1.0)], depth)
            self.watch.touched(self.carry.take(orders, self.prices, self.inputs.regime))

    def _settle(self, now_s: int) -> None:
        """Segregated: unsettled gains and losses are paid at the end of each cycle, and as soon as a price has gone far
        from the last settlement's, if venue and custodian are up.
        """
        if not self.inputs.regime.is_segregated:
            return
        due = np.full(len(self.books.defaulted), now_s % int(self.inputs.a["call.cycle_s"]) == 0)
        if (far := self.inputs.a["call.cycle_trigger"]) > 0.0:
            due |= (np.abs(np.log(self.prices.current / self.prices.settled)) >= far).any(axis=1)
        if due.any():
            self.tally.note_unsecured(self)
        for venue in np.flatnonzero(due & self.status.moves() & ~self.books.defaulted):
            self.books.settle(int(venue), self.prices)  # nobody's equity changes, at any price

    def _maker_health(self) -> float:
        """Market makers' equity over that at the start; 1 where there are none in the books."""
        return self._maker_equity() / self._maker_units if self._maker_units > 0 else 1.0

    def _maker_equity(self) -> int:
        equity, _ = standings(self._makers, self.books.rows, self.prices)
        return int(equity.sum())


def begun(inputs: Inputs, *, audited: bool = False, plain: bool = False) -> Run:
    """A run before its first step; `audited` adds the books up after each, `plain` looks at every account each time."""
    from margin.contagion.fast_watch import FastWatch

    a, population = inputs.a, inputs.population
    fund, capital, guarantee = (
        int(a[f"venue.{name}"] * MICRO / population.weight)
        for name in ("insurance_fund_usd", "capital_usd", "custodian_guarantee_usd")
    )
    terms = terms_of(inputs)
    books = Books.opened(population, fund, capital, guarantee, terms.own_units(population.weight))
    entries = Entries.withheld(books, len(inputs.path.units) - 1)
    across = inputs.regime.netting is Netting.ACROSS_VENUES or Channels.TRAPPED not in inputs.channels
    watch: Watch = (PlainWatch if plain else FastWatch)(books, across_venues=across)
    pressure, prices = Pressure(a, inputs.channels, inputs.path.step_s), terms.opening()
    terms.ask(prices, pressure, 0)
    calls = Calls(a, inputs.regime, inputs.channels, books)
    status = Status.at_start(inputs)
    return Run(
        inputs, audited, books, watch, prices, pressure, calls, status, Tally.empty(inputs), entries,
        Runs(a, books, inputs.seed), Defaults(a, books, inputs.path, inputs.regime), Carry(a, books, inputs.path),
        Losses(round(a["cost.rehedge_bps"])), Pace(inputs.path.step_s, a["market.burst_move"]),
    )  # fmt: skip


def run(inputs: Inputs, *, audited: bool = False, plain: bool = False) -> Run:
    """All steps of the path."""
    made = begun(inputs, audited=audited, plain=plain)
    for _ in range(len(inputs.path.units) - 1):
        made.advance()
    made.books.audit(made.prices)
    return made
