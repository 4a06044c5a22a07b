"""What `bulkhead stress run` is asked for, read before anything runs: who, which prices, which venues."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path as File

from margin.contagion.assumptions import MICRO, AssumptionError, Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs
from margin.contagion.inputs.book import Book, book_of
from margin.contagion.inputs.faults import FaultyError
from margin.contagion.inputs.shock import shock_of
from margin.contagion.laws import draw_population
from margin.contagion.path import Path, PathError
from margin.contagion.population import Population
from margin.contagion.regimes import UnknownRegimeError, regime_of
from margin.contagion.scenario_path import cut
from margin.contagion.venues import default_names
from margin.scenarios.candles import CandleError, read_candles, replace_bars
from margin.scenarios.scenario import Scenario, ScenarioError, load_scenario, packaged, packaged_names
from margin.scenarios.table import instant
from settlement.commands.fields import InputError
from settlement.commands.stress_listing import assumptions_in
from settlement.commands.stress_tables import read_table, unit_of

DAY_MINUTES = 1_440
CRASH_S = calendar.timegm((2026, 2, 5, 0, 20, 0))
"""Twenty-four hours before the low."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is the same for every regime of a comparison; `accounts` is a number, or a file of a user's own."""

    scenario: str
    accounts: str
    seed: int
    minutes: int | None = None
    changes: tuple[str, ...] = ()
    assumptions: str = ""
    weight: float = 1.0
    shock: str = ""
    candles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Everything but the regime, and what is to be said about it first."""

    a: Assumptions
    people: Population
    path: Path
    seed: int
    notices: list[str] = field(default_factory=list)

    def inputs(self, regime: str) -> Inputs:
        """Raises InputError for a regime that there is not."""
        try:
            return Inputs(self.a, self.people, self.path, regime_of(regime), Channels.ALL, self.seed)
        except UnknownRegimeError as error:
            raise InputError(str(error)) from error


def started(asked: Asked) -> Start:
    """Raises InputError for whatever cannot be run."""
    if asked.minutes is not None and asked.minutes < 1:
        raise InputError(f"--minutes: expected at least 1, found {asked.minutes}")
    if not asked.weight > 0:
        raise InputError(f"--weight: expected more than 0, found {asked.weight:g}")
    try:
        a, path, notices = priced(asked, changed(assumptions_in(asked.assumptions), asked.changes))
        if asked.accounts.isdecimal():
            return Start(a, draw_population(a, asked.seed, int(asked.accounts)), path, asked.seed, notices)
        book = book_in(asked.accounts, a, default_names(a), asked.weight)
        return Start(a, book.population, path, asked.seed, [*notices, *told(book, asked, a)])
    except (AssumptionError, CandleError, PathError, ScenarioError, ValueError) as error:
        raise InputError(str(error)) from error


def book_in(source: str, a: Assumptions, venues: Sequence[str], weight: float) -> Book:
    """Raises InputError with every row that is wrong."""
    try:
        return book_of(read_table(source), a, venues, weight)
    except FaultyError as error:
        raise InputError(error.told(source, unit_of(source))) from error


def told(book: Book, asked: Asked, a: Assumptions) -> list[str]:
    """What a user must know of the own book before its figures are read."""
    accounts, worth = len(book.accounts), {one.symbol: one.lot_units / MICRO for one in a.instruments}
    said = [f"{asked.accounts}: {accounts:,} accounts, each standing for {asked.weight:g}"]
    if book.below:
        some = ", ".join(book.below[:5])
        said.append(f"{asked.accounts}: {len(book.below):,} start below maintenance margin, {some} first")
    for venue, symbol, lots in book.completed:
        side = "long" if lots > 0 else "short"
        said.append(
            f"{asked.accounts}: {venue} does not net to zero in {symbol}: its unlevered holder is {side} "
            f"${abs(lots) * worth[symbol]:,.2f} of it"
        )
    return said


def changed(a: Assumptions, changes: Sequence[str]) -> Assumptions:
    """With NAME=VALUE of each. Raises InputError, AssumptionError."""
    values = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"--set: expected NAME=VALUE, found {change!r}") from None
    return a.changed(values)


def priced(asked: Asked, a: Assumptions) -> tuple[Assumptions, Path, list[str]]:
    """The path, the assumptions with its start's prices, and what is to be said of it."""
    scenario = _scenario(asked.scenario)
    start_s = CRASH_S if scenario.start_s <= CRASH_S < scenario.end_s else scenario.start_s
    if asked.shock and asked.candles:
        raise InputError("--shock, --candles: expected one of them: a shock is the whole path")
    if not asked.shock:
        for candles in asked.candles:
            scenario = _replayed(scenario, candles)
        steps = DAY_MINUTES if asked.minutes is None else asked.minutes
        told = [f"{one}: in place of the scenario's; forced orders are a part of these moves" for one in asked.candles]
        return a, cut(scenario, a, asked.seed, start_s=start_s, steps=steps), told
    try:
        shock = shock_of(read_table(asked.shock), a, start_s)
    except FaultyError as error:
        raise InputError(error.told(asked.shock, unit_of(asked.shock))) from error
    steps = len(shock.path.units) - 1
    if asked.minutes is not None and asked.minutes > steps:
        raise InputError(f"--minutes: {asked.shock} has {steps}, not {asked.minutes}")
    still = f"; {', '.join(shock.still)} stand still" if shock.still else ""
    said = f"{asked.shock}: {asked.minutes or steps} minutes of it from {instant(start_s)}{still}"
    return shock.a, shock.path.until(asked.minutes or steps), [said]


def _replayed(scenario: Scenario, candles: str) -> Scenario:
    """With the candles of a file, FILE or ASSET=FILE, in place of what the scenario states."""
    asset, _, file = candles.rpartition("=")
    bars = read_candles(File(file), asset or None)
    return replace_bars(scenario, bars[0].asset, bars)


def _scenario(name: str) -> Scenario:
    return packaged(name) if name in packaged_names() else load_scenario(File(name))
