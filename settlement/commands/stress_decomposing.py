"""The work of `bulkhead stress decompose`: how much of an outcome each channel makes, with intervals over seeds and
accounts, and how channels work together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from margin.contagion.channels import Channels
from margin.contagion.decompose import Band, bootstrap, first_in, last_in, over_groups, pairs, shapley
from margin.contagion.draws import Floats
from margin.contagion.trial import GROUPS, Record, digest_of, group
from settlement.commands.fields import InputError
from settlement.commands.stress_mapping import assumptions_table, ended
from settlement.commands.stress_page import page, section, table, words
from settlement.commands.stress_pictures import Bar, bars
from settlement.commands.stress_setting import Setting, kept

METRICS = ("liquidated_usd", "without_top_liquidated_usd", "shortfall_usd", "innocent_loss_usd")
CUSTODY = ("trapped", "mutualisation", "outage")
"""Channels through which the form of custody can matter."""


@dataclass(frozen=True, slots=True)
class Decomposed:
    """One regime: by metric the bands of Shapley values, first in and last in (players), of the whole, and of pairs;
    `accounts` is the band of Shapley values of forced notional over accounts instead of seeds."""

    regime: str
    shares: dict[str, Band]
    first: dict[str, Band]
    last: dict[str, Band]
    whole: dict[str, Band]
    pairs: dict[str, dict[str, Band]]
    accounts: Band


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
    names = [_name(one) for one in players]

    def values(metric: str) -> Floats:
        return np.array([[row[metric] for row in rows] for rows in records])

    every = {metric: values(metric) for metric in METRICS}
    groups = np.array([[_groups(row) for row in rows] for rows in records]).mean(axis=1)
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
        over_groups(shapley(groups), 1),
    )


def _set(players: Sequence[Channels], bits: int) -> Channels:
    found = Channels.NONE
    for number, one in enumerate(players):
        if bits >> number & 1:
            found |= one
    return found


def _groups(row: Record) -> list[float]:
    return [row[group(number, METRICS[0])] for number in range(GROUPS)]


def _name(one: Channels) -> str:
    return str(one.name).lower()


def decompose_report(world: Setting, players: Sequence[Channels], found: Sequence[Decomposed], results: str) -> None:
    """JSON and page: what custody's channels do not add, or take away, stands first."""
    names = [_name(one) for one in players]
    document = {
        "assumptions": digest_of(world.base), "accounts": world.accounts, "seeds": world.seeds, "channels": names,
        "regimes": [_told(one, names) for one in found],
    }  # fmt: skip
    about = f"{world.accounts:,} accounts, {world.seeds} seeds, {1 << len(players)} sets of channels each"
    none = [
        (one.regime, metric, name, _range(band, number)) for one in found for metric, band in one.shares.items()
        for number, name in enumerate(names) if name in CUSTODY and band.low[number] <= 0.0
    ]  # fmt: skip
    text = page(
        "What each channel makes",
        section("Regimes, fixed before the run", table(about, ("regime",), [(one.regime,) for one in found])),
        section("Where custody's channels add nothing, or take away", table(
            "The interval touches zero or is below it", ("regime", "metric", "channel", "$m"), none)),
        *(_section(one, names) for one in found),
        assumptions_table(world),
    )  # fmt: skip
    kept(results, "decompose", document, text)


def _section(one: Decomposed, names: Sequence[str]) -> str:
    parts = []
    for metric, band in one.shares.items():
        rows = [
            Bar(name, float(band.mean[at]), float(band.low[at]), float(band.high[at])) for at, name in enumerate(names)
        ]
        told = [
            (name, _range(band, at), _range(one.first[metric], at), _range(one.last[metric], at))
            for at, name in enumerate(names)
        ]
        parts.append(bars(f"{metric.removesuffix('_usd').replace('_', ' ')}, $m", rows))
        parts.append(table(metric, ("channel", "Shapley, $m", "alone", "last"), told))
    worked = sorted(one.pairs[METRICS[0]].items(), key=lambda item: -abs(float(item[1].mean)))[:8]
    together = [(name, f"{float(band.mean) / 1e6:+,.0f}") for name, band in worked]
    parts.append(table("Pairs of channels, liquidated, $m beyond what each makes alone", ("pair", "$m"), together))
    over = [(name, _range(one.accounts, at)) for at, name in enumerate(names)]
    parts.append(table("Shapley values, liquidated, intervals over accounts", ("channel", "$m"), over))
    parts.append(words("Intervals are 95%, 10,000 resamples; nothing is clipped.", quiet=True))
    return section(one.regime, *parts)


def _range(band: Band, at: int) -> str:
    mean, low, high = (float(one[at]) / 1e6 for one in (band.mean, band.low, band.high))
    ends = f"{low:+,.0f} to {high:+,.0f}" if np.isfinite(low) else "one seed: no interval"
    return f"{mean:+,.0f} ({ends})"


def _told(one: Decomposed, names: Sequence[str]) -> dict[str, object]:
    def bands(found: dict[str, Band]) -> dict[str, object]:
        return {metric: {name: _ends(band, at) for at, name in enumerate(names)} for metric, band in found.items()}

    return {
        "regime": one.regime, "shapley": bands(one.shares), "first_in": bands(one.first), "last_in": bands(one.last),
        "whole": {metric: float(band.mean) for metric, band in one.whole.items()},
        "pairs": {metric: {name: float(band.mean) for name, band in found.items()}
                  for metric, found in one.pairs.items()},
        "shapley_over_accounts": {name: _ends(one.accounts, at) for at, name in enumerate(names)},
    }  # fmt: skip


def _ends(band: Band, at: int) -> dict[str, float | None]:
    return {"mean": float(band.mean[at]), "low": ended(float(band.low[at])), "high": ended(float(band.high[at]))}
