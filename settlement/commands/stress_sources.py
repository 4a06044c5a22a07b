"""Where a run's prices and accounts come from: a packaged event, or files of a user's own."""

import calendar
from collections.abc import Sequence
from pathlib import Path as File

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.inputs.book import book_of
from margin.contagion.inputs.faults import FaultyError
from margin.contagion.inputs.shock import shock_of
from margin.contagion.inputs.venue_file import venue_in
from margin.contagion.laws import draw_population
from margin.contagion.path import Path
from margin.contagion.population import Population
from margin.contagion.scenario_path import cut
from margin.contagion.venues import Venue, VenueError, default_venues, with_own
from margin.scenarios.anchors import Order
from margin.scenarios.candles import read_candles, replace_bars
from margin.scenarios.scenario import Scenario, load_scenario, packaged, packaged_names
from margin.scenarios.table import instant
from settlement.commands.fields import InputError
from settlement.commands.stress_tables import read_table, unit_of

DAY_MINUTES = 1_440
CRASH_S = calendar.timegm((2026, 2, 5, 0, 20, 0))
"""Twenty-four hours before the low."""


def drawn(a: Assumptions, seed: int, count: int, venues: Sequence[Venue]) -> Population:
    """A drawn population. Raises ValueError for too few, VenueError where it cannot be at these venues."""
    nobody = venues[len(default_venues(a)) :]
    if nobody:
        raise VenueError(f"{nobody[0].name}: nobody drawn is there: say which one it replaces, or give --accounts FILE")
    most = a["population.largest_leverage"]
    for venue in venues:
        if 0 < venue.largest_leverage < most:
            least = f"--set population.largest_leverage={venue.largest_leverage}"
            raise VenueError(f"{venue.name}: who is drawn has a leverage of up to {most:g}: {least}")
    people = draw_population(a, seed, count)
    for number, venue in enumerate(venues):
        for which in range(len(a.instruments)):
            if not venue.trades(which) and people.gross_lots()[number, which]:
                symbol = a.instruments[which].symbol
                raise VenueError(f"{venue.name}: who is drawn there holds {symbol}: add it, or give --accounts FILE")
    return people


def book_in(
    source: str, a: Assumptions, venues: Sequence[Venue], weight: float
) -> tuple[Population, tuple[str, ...], list[str]]:
    """A user's own accounts, their names, and what is to be known. Raises InputError with every row that is wrong."""
    try:
        book = book_of(read_table(source), a, venues, weight)
    except FaultyError as error:
        raise InputError(error.told(source, unit_of(source))) from error
    worth = {one.symbol: one.lot_units / MICRO for one in a.instruments}
    said = [f"{source}: {len(book.accounts):,} accounts, each standing for {weight:g}"]
    if book.below:
        some = ", ".join(book.below[:5])
        said.append(f"{source}: {len(book.below):,} start below maintenance margin, {some} first")
    for venue, symbol, lots in book.completed:
        side = "long" if lots > 0 else "short"
        said.append(
            f"{source}: {venue} does not net to zero in {symbol}: its unlevered holder is {side} "
            f"${abs(lots) * worth[symbol]:,.2f} of it"
        )
    return book.population, book.accounts, said


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


def priced(
    event: str,
    shock_file: str,
    candles: Sequence[str],
    minutes: int | None,
    seed: int,
    a: Assumptions,
    order: Order,
) -> tuple[Assumptions, Path, list[str]]:
    """The assumptions with the start's prices, the path, and what is to be said of it. Raises InputError and the
    errors of scenarios, candles and paths.
    """
    scenario = _scenario(event)
    start_s = CRASH_S if scenario.start_s <= CRASH_S < scenario.end_s else scenario.start_s
    if shock_file and candles:
        raise InputError("--shock, --candles: expected one of them: a shock is the whole path")
    if shock_file and order is not Order.DRAWN:
        raise InputError("--order: a shock is the whole path, and leaves no order of lows and highs open")
    if not shock_file:
        for one in candles:
            scenario = replayed(scenario, one)
        steps = DAY_MINUTES if minutes is None else minutes
        told = [f"{one}: in place of the scenario's; forced orders are a part of these moves" for one in candles]
        return a, cut(scenario, a, seed, start_s=start_s, steps=steps, order=order), told
    return shocked(shock_file, a, start_s, minutes)


def shocked(shock_file: str, a: Assumptions, start_s: int, minutes: int | None) -> tuple[Assumptions, Path, list[str]]:
    """The same of a file, which is the whole path. Raises InputError with every row that is wrong."""
    try:
        shock = shock_of(read_table(shock_file), a, start_s)
    except FaultyError as error:
        raise InputError(error.told(shock_file, unit_of(shock_file))) from error
    steps = len(shock.path.units) - 1
    if minutes is not None and minutes > steps:
        raise InputError(f"--minutes: {shock_file} has {steps}, not {minutes}")
    still = f"; {', '.join(shock.still)} stand still" if shock.still else ""
    said = f"{shock_file}: {minutes or steps} minutes of it from {instant(start_s)}{still}"
    return shock.a, shock.path.until(minutes or steps), [said]


def replayed(scenario: Scenario, candles: str) -> Scenario:
    """With the candles of a file, FILE or ASSET=FILE, in place of what the scenario states."""
    asset, _, file = candles.rpartition("=")
    bars = read_candles(File(file), asset or None)
    return replace_bars(scenario, bars[0].asset, bars)


def _scenario(name: str) -> Scenario:
    return packaged(name) if name in packaged_names() else load_scenario(File(name))


def venues_in(files: Sequence[str], a: Assumptions) -> tuple[tuple[Venue, ...], list[str]]:
    """All venues, with those of the files, or packaged ones by name, among them, and what is to be known. Raises
    ScenarioError, VenueError.
    """
    venues, said = default_venues(a), []
    for file in files:
        own, replaced = venue_in(file, a)
        venues = with_own(venues, own, replaced)
        said.append(f"{file}: {own.name} {f'stands for {replaced}' if replaced else 'is one more venue'}")
    return venues, said
