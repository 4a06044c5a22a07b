"""What `bulkhead stress run` is asked for, read before anything runs: who, which prices, who pays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path as File

from margin.contagion.assumptions import AssumptionError, Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs
from margin.contagion.inputs.book_rows import names_of
from margin.contagion.path import Path, PathError
from margin.contagion.population import Population
from margin.contagion.regimes import UnknownRegimeError, regime_of
from margin.contagion.venues import Venue, VenueError
from margin.contagion.waterfalls import applies, payers_of
from margin.default_waterfall import Waterfall, WaterfallError
from margin.scenarios.anchors import Order
from margin.scenarios.candles import CandleError
from margin.scenarios.scenario import ScenarioError
from settlement.commands.fields import InputError
from settlement.commands.margin_waterfalls import waterfall_in
from settlement.commands.stress_listing import assumptions_in
from settlement.commands.stress_sources import book_in, changed, drawn, priced, venues_in
from settlement.commands.stress_tables import require_table


@dataclass(frozen=True, slots=True)
class Asked:
    """What is the same for every regime of a comparison; `accounts` is a number, or a file of a user's own."""

    scenario: str
    accounts: str
    seed: int
    minutes: int | None = None
    changes: tuple[str, ...] = ()
    assumptions: str = ""
    weight: float | None = None
    shock: str = ""
    candles: tuple[str, ...] = ()
    waterfall: str = ""
    venues: tuple[str, ...] = ()
    by_account: str = ""
    out: str = ""
    reproduction: tuple[int, ...] = ()
    order: str = Order.DRAWN

    @property
    def label(self) -> str:
        """Whose prices they are: the scenario's, or those of files, by their names."""
        if self.shock:
            return File(self.shock).name
        return "+".join([self.scenario, *(File(one.rpartition("=")[2]).name for one in self.candles)])


@dataclass(frozen=True, slots=True)
class Start:
    """Everything but the regime, and what is to be said about it first."""

    a: Assumptions
    people: Population
    path: Path
    seed: int
    notices: list[str] = field(default_factory=list)
    waterfall: Waterfall | None = None
    venues: tuple[Venue, ...] = ()
    accounts: tuple[str, ...] = ()

    def inputs(self, regime: str) -> Inputs:
        """Raises UnknownRegimeError, and WaterfallError for steps that are not simulated."""
        cell = regime_of(regime)
        own = self.waterfall if self.waterfall and applies(self.waterfall, cell) else None
        payers = payers_of(own) if own else ()
        return Inputs(self.a, self.people, self.path, cell, Channels.ALL, self.seed, payers, self.venues)


def started(asked: Asked, regimes: Sequence[str]) -> tuple[Start, list[Inputs], list[str]]:
    """What there is, each regime's inputs, and what is to be said first. Raises InputError for what cannot be run."""
    if asked.minutes is not None and asked.minutes < 1:
        raise InputError(f"--minutes: expected at least 1, found {asked.minutes}")
    if asked.weight is not None and not 0.0 < asked.weight < float("inf"):
        raise InputError(f"--weight: expected more than 0, found {asked.weight:g}")
    if asked.weight is not None and asked.accounts.isdecimal():
        raise InputError("--weight: is of a file's accounts: who is drawn stands for population.represented_accounts")
    if asked.by_account:
        require_table(asked.by_account)
        if File(asked.by_account).resolve() == File(asked.accounts).resolve():
            raise InputError(f"--by-account: expected another file than {asked.accounts}, which is read")
    try:
        start = _start(asked)
        every = [start.inputs(name) for name in regimes]
    except WaterfallError as error:
        raise InputError(f"--waterfall: {error}") from error
    except VenueError as error:
        raise InputError(f"--venue: {error}") from error
    except (AssumptionError, CandleError, PathError, ScenarioError, UnknownRegimeError, ValueError) as error:
        raise InputError(str(error)) from error
    return start, every, [*start.notices, *_told_payers(start, regimes, every)]


def _start(asked: Asked) -> Start:
    base = changed(assumptions_in(asked.assumptions), asked.changes)
    a, path, notices = priced(
        asked.scenario, asked.shock, asked.candles, asked.minutes, asked.seed, base, Order(asked.order)
    )
    waterfall = waterfall_in(asked.waterfall) if asked.waterfall else None
    venues, said = venues_in(asked.venues, a)
    if asked.accounts.isdecimal():
        people = drawn(a, asked.seed, int(asked.accounts), venues)
        names = names_of(people)
    else:
        people, names, told = book_in(asked.accounts, a, venues, 1.0 if asked.weight is None else asked.weight)
        said += told
    own = venues if asked.venues else ()
    return Start(a, people, path, asked.seed, [*notices, *said], waterfall, own, names)


def _told_payers(start: Start, regimes: Sequence[str], every: Sequence[Inputs]) -> list[str]:
    """Which regimes a waterfall is for. Raises InputError where it is for none."""
    if start.waterfall is None:
        return []
    custody = start.waterfall.custody
    if not any(one.payers for one in every):
        raise InputError(f"--waterfall: {start.waterfall.name} is for {custody} custody: ask for such a --regime")
    order = ", ".join(next(one.payers for one in every if one.payers))
    return [
        f"{name}: losses are paid by {order}, and then not at all" if one.payers
        else f"{name}: its own order of payers: {start.waterfall.name} is for {custody} custody"
        for name, one in zip(regimes, every, strict=True)
    ]  # fmt: skip
