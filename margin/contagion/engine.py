"""One run: the ten steps of a minute in their order, to a fixed point, every unit of money accounted for.

Results depend on the order, so it is part of the specification (specs/contagion.md §5). The engine changes nothing but
the books it was given; seeds and times are arguments, and two runs of equal inputs give equal bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.books import Books
from margin.contagion.calling import Calls
from margin.contagion.carry import Carry
from margin.contagion.channels import Channels
from margin.contagion.closing import Flags, Orders, fill, orders_of
from margin.contagion.defaulting import Defaults
from margin.contagion.draws import Floats, Whole
from margin.contagion.entering import Entries
from margin.contagion.losses import Losses, absorb
from margin.contagion.path import Path
from margin.contagion.population import Indexes, Kind, Population
from margin.contagion.pressure import SUPERCRITICAL, Pressure, displaced
from margin.contagion.regimes import Netting, Regime
from margin.contagion.runs import Runs
from margin.contagion.scan import PPM, Prices, standings
from margin.contagion.status import Status
from margin.contagion.tally import Tally
from margin.contagion.terms import Terms, terms_of
from margin.contagion.venues import Venue
from margin.contagion.watch import Breaches, PlainWatch, Watch
from margin.contagion.waterfalls import order_of
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
    step: int = 0
    _makers: Indexes = field(init=False)
    _maker_units: int = field(init=False)
    _hits: tuple[float, float] = field(init=False)
    _terms: Terms = field(init=False)
    _at_once: Flags = field(init=False)

    def __post_init__(self) -> None:
        population = self.inputs.population
        kind = population.clients.kind[population.accounts.client]
        self._makers = np.flatnonzero(kind == Kind.MARKET_MAKER).astype(np.int32)
        self._hits = (1.0, self.inputs.a["population.stop_hits_book_share"])
        self._maker_units = self._maker_equity()
        self._terms = terms_of(self.inputs)
        self._at_once = self._terms.at_once[population.accounts.venue]

    def advance(self) -> None:
        """Make one step: marks, depth, margin, arrivals, the test and what follows to a fixed point, losses, status."""
        self.step += 1
        path, now_s = self.inputs.path, int(self.inputs.path.times_s[self.step])
        self.pressure.pass_time(path.returns(self.step))
        self.prices.current[:] = displaced(path.units[self.step], self.pressure.displacement)
        depth = self.pressure.depth_usd(self._maker_health())
        self._terms.ask(self.prices, self.pressure, self.step)
        self.status.pass_time(self.step, float(self.pressure.stress[0]))
        self.calls.arrive(now_s // path.step_s, self.status.moves(), self.prices, self.watch)
        entered = self.entries.open(self.step, self.books, self.prices, self._terms.is_open(self.step))
        self.watch.touched(entered)
        if self.inputs.channels & Channels.MUTUALISATION and not self.inputs.regime.is_segregated:
            self.watch.touched(self.runs.pass_time(path.step_s, self.status.venue_up, self.prices, self.inputs.regime))
        self._settle(now_s)
        if self.defaults.strike(self.step, self.prices, self.losses):
            self.watch.changed()
        self._to_fixed_point(now_s, depth)
        self._sell_for_calls(depth)
        self.tally.note_step(self, depth)
        self.tally.note_trapped(self.step, self.calls.idle_elsewhere(self.prices), path.step_s)
        if self.audited:
            self.books.audit(self.prices)

    # -- the test, to a fixed point ---------------------------------------------------------------------------------

    def _to_fixed_point(self, now_s: int, depth: Floats) -> None:
        """Liquidate, let prices move, look again, until nobody new is below: the least fixed point."""
        empty: list[Indexes] = []
        pressed = np.zeros(len(depth))
        while True:
            found = self.watch.breaches(self.prices)
            forced, stopped = self._chosen(found, now_s)
            made = [self._orders(forced), self._orders(stopped)]
            if not any(len(orders.position) for orders in made):
                break
            pressed += self._executed(list(zip(made, self._hits, strict=True)), depth)
            self._charge(made[0])
            closed = np.concatenate([forced, stopped])
            empty.append(self._emptied(closed))
            self.tally.note_liquidated(self, self._touched(made[:1]), made[0])  # a shut market has closed nobody
            self.watch.touched(self._touched(made))
        if empty:
            self._absorb(np.unique(np.concatenate(empty)))
        if np.abs(pressed).max() > SUPERCRITICAL:
            self.tally.note_supercritical(self.step)
        self.calls.close_healthy(self.prices)

    def _chosen(self, found: Breaches, now_s: int) -> tuple[Indexes, Indexes]:
        """Who is closed by the venue, and who closes by itself: above maintenance margin, but below its own stop."""
        below = found.equity < found.needed
        stopped = found.account[~below]
        margin = Breaches(found.account[below], found.equity[below], found.needed[below])
        at_once = self._at_once[margin.account]
        if at_once.all():
            return margin.account, stopped
        called = Breaches(margin.account[~at_once], margin.equity[~at_once], margin.needed[~at_once])
        late = self.calls.look(called, now_s, self.inputs.path.step_s, self.prices)
        return np.union1d(margin.account[at_once], late).astype(np.int32), stopped

    def _orders(self, accounts: Indexes) -> Orders:
        a = self.inputs.a
        above = int(a["call.slice_above_usd"] * MICRO)
        is_open = self._terms.is_open(self.step)
        return orders_of(accounts, self.books.rows, self.prices, is_open, above, round(a["call.slice_share"] * PPM))

    def _executed(self, made: Sequence[tuple[Orders, float]], depth: Floats) -> Floats:
        """Fill at the mid of the old and the new price; of each flow a share hits the book. The log moves."""
        weight = self.inputs.population.weight
        flow = np.zeros(len(depth))
        for orders, share in made:
            flow += share * weight * orders.flow_units.sum(axis=0) / MICRO
        moves = self.pressure.press(flow, depth)
        after = displaced(self.inputs.path.units[self.step], self.pressure.displacement)
        at: Whole = (self.prices.current + after) // 2
        for orders, _ in made:
            fill(orders, self.books.owner, self.books.rows, self.prices, at, self.books.rest)
        self.prices.current[:] = after
        return moves

    def _charge(self, orders: Orders) -> None:
        """Where a venue takes a fee for liquidations, at the prices of now."""
        if self._terms.fee_bps.any():
            which = self.books.rows.instrument[orders.position]
            worth = np.abs(orders.lots) * self.prices.current[which]
            self.books.charge(self.books.owner[orders.position], worth, self._terms.fee_bps, self.prices)

    def press_more(self, flow_usd: Floats, depth_usd: Floats) -> None:
        """Sell more at the end of this step than was ($, + bought), to see what follows: prices move, nothing else."""
        self.pressure.press(flow_usd, depth_usd)
        self.prices.current[:] = displaced(self.inputs.path.units[self.step], self.pressure.displacement)

    def _touched(self, made: list[Orders]) -> Indexes:
        return np.unique(self.books.owner[np.concatenate([orders.position for orders in made])])

    def _emptied(self, accounts: Indexes) -> Indexes:
        """Of these, those that hold nothing any more and owe."""
        rows = self.books.rows
        _, needed = standings(accounts, rows, self.prices)
        return np.asarray(accounts[(needed == 0) & (rows.principal[accounts] + rows.realised[accounts] < 0)])

    def _absorb(self, empty: Indexes) -> None:
        if len(empty):
            sponsored = Channels.MUTUALISATION not in self.inputs.channels
            order = self.inputs.payers or order_of(self.inputs.regime)
            if absorb(self.books, self.prices, empty, order, self.losses, sponsored=sponsored):
                self.watch.changed()

    def _sell_for_calls(self, depth: Floats) -> None:
        """Funds that are called for what they lost elsewhere sell what is open; others see it at the next test."""
        if Channels.CARRY not in self.inputs.channels:
            return
        self.carry.notice(self.step)
        orders = self.carry.orders(self.prices, depth, self._terms.is_open(self.step))
        if len(orders.position):
            self._executed([(orders, 1.0)], depth)
            self.watch.touched(self.carry.take(orders, self.prices, self.inputs.regime))

    # -- the rest of a step -----------------------------------------------------------------------------------------

    def _settle(self, now_s: int) -> None:
        """Segregated: unsettled gains and losses are paid at the end of each cycle, if venue and custodian are up."""
        if not self.inputs.regime.is_segregated or now_s % int(self.inputs.a["call.cycle_s"]):
            return
        self.tally.note_unsecured(self)
        for venue in np.flatnonzero(self.status.moves() & ~self.books.defaulted):
            self.books.settle(int(venue), self.prices)  # nobody's equity changes, at any price

    def standings(self) -> tuple[Whole, Whole]:
        """Equity and maintenance margin of every account now (µ$)."""
        return standings(np.arange(len(self.books.rows.venue), dtype=np.int32), self.books.rows, self.prices)

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
        Losses(round(a["cost.rehedge_bps"])),
    )  # fmt: skip


def run(inputs: Inputs, *, audited: bool = False, plain: bool = False) -> Run:
    """All steps of the path."""
    made = begun(inputs, audited=audited, plain=plain)
    for _ in range(len(inputs.path.units) - 1):
        made.advance()
    made.books.audit(made.prices)
    return made
