"""One run as a value: everything that it depends on, its digest, and its figures as a record.

The same trial gives the same record on one process, on many, or on a cluster: nothing enters but what stands here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun
from margin.contagion.figures import by_client, figures, largest
from margin.contagion.footing import Footing, charged
from margin.contagion.laws import draw_population
from margin.contagion.metrics import BY_ACCOUNT
from margin.contagion.moments import measured
from margin.contagion.own import NOTHING, Own
from margin.contagion.path import Path
from margin.contagion.record import ceilings_bps
from margin.contagion.regimes import regime_of
from margin.contagion.reproduction import Reproduction, reproduction

Record = dict[str, float]
GROUPS = 32
"""Random groups of clients, by which what a metric owes to who was drawn is told."""
LOOKED_AT = 8
"""Minutes at which R_t is found, by going on apart: three steps each."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`changes` are (name, value) of assumptions, in order of names; `path` is the digest of the exogenous path and
    `assumptions` that of the file; `footing` says what the compared runs share. `code` is the digest of the sources
    that make it, so that a result of other code is another trial's; `own` is that of what is a user's own.
    """

    changes: tuple[tuple[str, float], ...]
    regime: str
    channels: int
    seed: int
    accounts: int
    path: str
    assumptions: str
    footing: str = Footing.SAME_COLLATERAL
    code: str = ""
    own: str = ""

    def digest(self) -> str:
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def trial(
    changes: Mapping[str, float], path: Path, base: Assumptions, *, regime: str, seed: int, accounts: int,
    channels: Channels = Channels.ALL, footing: Footing = Footing.SAME_COLLATERAL, code: str = "",
    own: str = "",
) -> Trial:  # fmt: skip
    """A trial of these changes. Raises AssumptionError or UnknownRegimeError before anything is run."""
    base.changed(changes)
    regime_of(regime)
    ordered = tuple(sorted((name, float(value)) for name, value in changes.items()))
    return Trial(ordered, regime, int(channels), seed, accounts, path.digest(), digest_of(base), footing, code, own)


def digest_of(a: Assumptions) -> str:
    """Of all numbers, instruments included, whatever their sources say."""
    numbers = sorted((name, one.value) for name, one in a.numbers.items())
    return sha256(json.dumps([numbers, [asdict(one) for one in a.instruments]]).encode()).hexdigest()


def made(what: Trial, path: Path, base: Assumptions, own: Own = NOTHING) -> Record:
    """Run it. `path`, `base` and `own` are those that the trial names."""
    a = base.changed(dict(what.changes))
    regime, channels = regime_of(what.regime), Channels(what.channels)
    population = own.population or draw_population(a, what.seed, what.accounts)
    if what.footing == Footing.SAME_COST:
        population = charged(population, a, regime)
    done = begun(Inputs(a, population, path, regime, channels, what.seed, own.payers(regime), own.venues))
    tried = []
    for step in steepest(path):
        while done.step < step:
            done.advance()
        tried.append(reproduction(done))
    while done.step < len(path.units) - 1:
        done.advance()
    done.books.audit(done.prices)
    return recorded(done, tried)


def steepest(path: Path, count: int = LOOKED_AT) -> list[int]:
    """The steps, in order, at which the first instrument falls most to a price that it had not yet: for R_t."""
    units = path.units[:, 0]
    falls = np.diff(np.log(units))
    falls[units[1:] > np.minimum.accumulate(units)[1:]] = 0.0
    return sorted(1 + int(at) for at in np.argsort(falls, kind="stable")[:count] if falls[at] < 0.0)


def group(number: int, metric: str) -> str:
    """The name of a metric's sum over one random group of clients."""
    return f"group_{number:02}_{metric}"


def _weighted(tried: Sequence[Reproduction], ratios: Sequence[float]) -> float:
    """The mean by what was forced: R_t of what is sold then together."""
    forced = sum(one.forced_usd for one in tried)
    return sum(one.forced_usd * ratio for one, ratio in zip(tried, ratios, strict=True)) / forced if forced else 0.0


def recorded(done: Run, tried: Sequence[Reproduction]) -> Record:
    """What is kept of a run: metrics and moments, and of those by account the sums over groups and without the top."""
    inputs, parts = done.inputs, by_client(done)
    number = np.arange(len(inputs.population.clients)) % GROUPS
    rest = ~largest(inputs.population)
    grouped = {
        group(at, name): float(one)
        for name in BY_ACCOUNT
        for at, one in enumerate(np.bincount(number, parts[name], GROUPS))
    }
    return {
        **measured(done), **figures(done), "reproduction": _weighted(tried, [one.ratio for one in tried]),
        "reproduction_small": _weighted(tried, [one.ratio_small for one in tried]),
        "btc_liquidated_usd": float(done.tally.liquidated_usd[0]),
        "btc_depth_usd": inputs.a.instruments[0].depth_usd,
        **{f"ceiling_{symbol.lower()}_bps": bps for symbol, bps in ceilings_bps(done).items()},
        **{f"without_top_{name}": float(parts[name][rest].sum()) for name in BY_ACCOUNT}, **grouped,
    }  # fmt: skip
