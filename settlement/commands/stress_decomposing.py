"""The work of `bulkhead stress decompose`: how much of an outcome each channel makes, with intervals over seeds and
accounts, and how channels work together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from margin.contagion.channels import Channels
from margin.contagion.decompose import Band, bootstrap, first_in, last_in, over_groups, pairs, shapley
from margin.contagion.draws import Floats
from margin.contagion.metrics import BY_ACCOUNT
from margin.contagion.trial import GROUPS, Record, group
from settlement.commands.fields import InputError
from settlement.commands.stress_setting import Setting

METRICS = ("liquidated_usd", "without_top_liquidated_usd", "shortfall_usd", "innocent_loss_usd")


@dataclass(frozen=True, slots=True)
class Decomposed:
    """One regime: by metric the bands of Shapley values, first in and last in (players), of the whole, and of pairs;
    `accounts` are the bands of Shapley values over accounts instead of seeds, of what is a sum over them."""

    regime: str
    shares: dict[str, Band]
    first: dict[str, Band]
    last: dict[str, Band]
    whole: dict[str, Band]
    pairs: dict[str, dict[str, Band]]
    accounts: dict[str, Band]


def players_of(without: str) -> list[Channels]:
    """The channels that play, in their order. InputError for a name that is none."""
    known = {str(one.name).lower(): one for one in Channels if one not in (Channels.NONE, Channels.ALL)}
    left_out = [name for name in without.split(",") if name]
    for name in left_out:
        if name not in known:
            raise InputError(f"--without: {name!a} is none of {', '.join(known)}")
    playing: list[Channels] = [one for name, one in known.items() if name not in left_out]
    if not playing:
        raise InputError("--without: at least one channel has to play")
    return playing


def decomposed(world: Setting, regime: str, players: Sequence[Channels]) -> Decomposed:
    """Every set of channels on every seed, with the same draws; then what each makes."""
    sets = [_set(players, bits) for bits in range(1 << len(players))]
    records = world.by_seed([world.jobs({}, regime, one) for one in sets])
    names = [name_of(one) for one in players]

    def values(metric: str) -> Floats:
        return np.array([[row[metric] for row in rows] for rows in records])

    every = {metric: values(metric) for metric in METRICS}
    groups = {
        metric: np.array([[_groups(row, metric) for row in rows] for rows in records]).mean(axis=1)
        for metric in METRICS if metric in BY_ACCOUNT
    }  # fmt: skip
    return Decomposed(
        regime,
        {metric: bootstrap(shapley(one), 1) for metric, one in every.items()},
        {metric: bootstrap(first_in(one), 1) for metric, one in every.items()},
        {metric: bootstrap(last_in(one), 1) for metric, one in every.items()},
        {metric: bootstrap(one[-1] - one[0], 1) for metric, one in every.items()},
        {
            metric: {f"{names[a]} x {names[b]}": bootstrap(found, 1) for (a, b), found in pairs(one).items()}
            for metric, one in every.items()
        },
        {metric: over_groups(shapley(one), 1) for metric, one in groups.items()},
    )


def _set(players: Sequence[Channels], bits: int) -> Channels:
    found = Channels.NONE
    for number, one in enumerate(players):
        if bits >> number & 1:
            found |= one
    return found


def _groups(row: Record, metric: str) -> list[float]:
    """Sums over random groups of clients, each of whom stands for as many as its weight says."""
    return [row[group(number, metric)] for number in range(GROUPS)]


def name_of(one: Channels) -> str:
    return str(one.name).lower()
