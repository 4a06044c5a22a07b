"""One run as a value: everything that it depends on, its digest, and its figures as a record.

The same trial gives the same record on one process, on many, or on a cluster: nothing enters but what stands here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, run
from margin.contagion.footing import Footing, charged
from margin.contagion.laws import draw_population
from margin.contagion.losses import Payer
from margin.contagion.moments import measured
from margin.contagion.path import Path
from margin.contagion.population import Kind, Population
from margin.contagion.record import innocent_loss_usd
from margin.contagion.regimes import regime_of

Record = dict[str, float]
GROUPS = 32
"""Random groups of clients, by which what a metric owes to who was drawn is told."""
TOP_PERMILLE = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """`changes` are (name, value) of assumptions, in order of names; `path` is the digest of the exogenous path and
    `assumptions` that of the file; `footing` says what the compared runs share."""

    changes: tuple[tuple[str, float], ...]
    regime: str
    channels: int
    seed: int
    accounts: int
    path: str
    assumptions: str
    footing: str = Footing.SAME_COLLATERAL

    def digest(self) -> str:
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def trial(
    changes: Mapping[str, float], path: Path, base: Assumptions, *, regime: str, seed: int, accounts: int,
    channels: Channels = Channels.ALL, footing: Footing = Footing.SAME_COLLATERAL,
) -> Trial:  # fmt: skip
    """A trial of these changes. Raises AssumptionError or UnknownRegimeError before anything is run."""
    base.changed(changes)
    regime_of(regime)
    ordered = tuple(sorted((name, float(value)) for name, value in changes.items()))
    return Trial(ordered, regime, int(channels), seed, accounts, path.digest(), digest_of(base), footing)


def digest_of(a: Assumptions) -> str:
    """Of all numbers, instruments included, whatever their sources say."""
    numbers = sorted((name, one.value) for name, one in a.numbers.items())
    return sha256(json.dumps([numbers, [asdict(one) for one in a.instruments]]).encode()).hexdigest()


def made(what: Trial, path: Path, base: Assumptions) -> Record:
    """Run it. `path` and `base` are those that the trial names."""
    a = base.changed(dict(what.changes))
    regime, channels = regime_of(what.regime), Channels(what.channels)
    population = draw_population(a, what.seed, what.accounts)
    if what.footing == Footing.SAME_COST:
        population = charged(population, a, regime)
    return recorded(run(Inputs(a, population, path, regime, channels, what.seed)))


def _top(population: Population) -> NDArray[np.bool_]:
    """The accounts of the largest thousandth of clients, the unlevered holders of the rest aside."""
    accounts, kind = population.accounts, population.clients.kind
    wealth = np.bincount(accounts.client, weights=accounts.cash_units)
    wealth[kind == Kind.REST] = 0.0
    count = max(1, int((kind != Kind.REST).sum()) * TOP_PERMILLE // 1000)
    largest = np.zeros(len(wealth), bool)
    largest[np.argsort(-wealth, kind="stable")[:count]] = True
    return np.asarray(largest[accounts.client])


def recorded(done: Run) -> Record:
    """What is kept of a run: the moments, and who paid, in $."""
    weight = done.inputs.population.weight
    paid = {payer: units / MICRO * weight for payer, units in done.losses.paid.items()}
    tally = done.tally
    groups = tally.grouped_usd(done.inputs.population.accounts.client, GROUPS)
    return {
        **measured(done),
        "liquidated_usd": float(tally.liquidated_usd.sum()),
        "btc_liquidated_usd": float(tally.liquidated_usd[0]),
        "btc_depth_usd": done.inputs.a.instruments[0].depth_usd,
        "shortfall_usd": sum(paid.values()),
        "innocent_loss_usd": innocent_loss_usd(done),
        "unsecured_peak_usd": tally.unsecured_usd,
        "without_top_usd": float(tally.by_account_usd[~_top(done.inputs.population)].sum()),
        **{f"group_{number:02}_usd": float(one) for number, one in enumerate(groups)},
        **{f"paid_{payer}_usd": paid.get(payer, 0.0) for payer in Payer},
    }
