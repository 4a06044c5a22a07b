"""A user's own accounts, prices, venues and waterfall in comparisons over many runs: read once, before any of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from settlement.commands.stress_setting import Setting

Files = Annotated[list[str] | None, Parameter(negative=())]
Set = Annotated[list[str] | None, Parameter(name="--set", negative=())]


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """As they are asked for; `accounts` is a number, or a file."""

    accounts: str
    weight: float | None = None
    shock: str = ""
    candles: Sequence[str] = ()
    waterfall: str = ""
    venues: Sequence[str] = ()
    changes: Sequence[str] = ()

    @property
    def is_drawn(self) -> bool:
        return self.accounts.isdecimal()


def _label(files: OwnFiles) -> list[str]:
    """What is a user's own, by the names of files."""
    told = [(name, one) for name, one in (("shock", files.shock), ("waterfall", files.waterfall)) if one]
    told += [("candles", one) for one in files.candles] + [("venue", one) for one in files.venues]
    if not files.is_drawn:
        told.append(("accounts", files.accounts))
    named = [f"{name} {File(one.rpartition('=')[2]).name}" for name, one in told]
    return [f"your own: {', '.join([*named, *files.changes])}"] if named or files.changes else []


def setting_of(
    files: OwnFiles, assumptions: str, results: str, *, seeds: int, jobs: int, dask: str, order: str = "drawn"
) -> "Setting":
    """Read and check everything. Raises InputError for what cannot be run, with every row of a file that is wrong."""
    from margin.contagion.assumptions import AssumptionError
    from margin.contagion.own import Own
    from margin.contagion.path import PathError
    from margin.contagion.venues import VenueError
    from margin.default_waterfall import WaterfallError
    from margin.scenarios.candles import CandleError
    from margin.scenarios.scenario import ScenarioError
    from settlement.commands.fields import InputError
    from settlement.commands.margin_waterfalls import waterfall_in
    from settlement.commands.stress_setting import START_S, setting
    from settlement.commands.stress_sources import book_in, changed, drawn, replayed, shocked, venues_in

    if files.shock and files.candles:
        raise InputError("--shock, --candles: expected one of them: a shock is the whole path")
    if files.shock and order != "drawn":
        raise InputError("--order: a shock is the whole path, and leaves no order of lows and highs open")
    said = _label(files)
    count = int(files.accounts) if files.is_drawn else 100
    world = setting(assumptions, results, accounts=count, seeds=seeds, jobs=jobs, dask=dask, order=order)
    try:
        world.base = changed(world.base, files.changes)
        if files.shock:
            world.base, world.whole, told = shocked(files.shock, world.base, START_S, None)
            said += told
        for one in files.candles:
            world.scenario = replayed(world.scenario, one)
        venues, told = venues_in(files.venues, world.base)
        said += told
        people = None
        if files.is_drawn:
            if files.venues:
                drawn(world.base, 1, count, venues)  # whoever is drawn must be able to be there
        else:
            weight = 1.0 if files.weight is None else files.weight
            people, _, told = book_in(files.accounts, world.base, venues, weight)
            said += told
            world.accounts = len(people.clients)
        waterfall = waterfall_in(files.waterfall) if files.waterfall else None
        world.own = Own(people, venues if files.venues else (), waterfall)
        world.own.digest()
    except (AssumptionError, CandleError, PathError, ScenarioError, VenueError, WaterfallError, ValueError) as error:
        raise InputError(str(error)) from error
    world.notices = said
    return world
