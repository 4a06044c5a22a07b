"""How `bulkhead stress decompose` is told: lines, JSON, and a page on which what custody's channels do not add, or take
away, stands first. Intervals are over seeds, and over accounts where a metric is a sum over them."""

from collections.abc import Iterator, Sequence

import numpy as np

from margin.contagion.channels import Channels
from margin.contagion.decompose import Band
from margin.contagion.trial import GROUPS, digest_of
from settlement.commands.stress_decomposing import METRICS, Decomposed, name_of
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_mapping import assumptions_table, ended
from settlement.commands.stress_page import page, section, table, words
from settlement.commands.stress_pictures import Bar, bars
from settlement.commands.stress_setting import Setting, kept

CUSTODY = ("trapped", "mutualisation", "outage")
"""Channels through which the form of custody can matter."""


def lines(one: Decomposed, names: Sequence[str]) -> Iterator[str]:
    """For people, $m."""
    for metric, band in one.shares.items():
        whole = float(one.whole[metric].mean) / 1e6
        yield f"{one.regime}, {metric.removesuffix('_usd')}: together {whole:+,.0f} $m, of which"
        for at, name in enumerate(names):
            over = f"; over accounts {_ends_told(one.accounts[metric], at)}" if metric in one.accounts else ""
            yield f"  {name} {float(band.mean[at]) / 1e6:+,.0f} ({_ends_told(band, at)}{over})"


def rows(one: Decomposed, names: Sequence[str]) -> Iterator[dict[str, object]]:
    """For programs, $: no interval is none."""
    for metric, band in one.shares.items():
        over = one.accounts.get(metric)
        yield {
            "regime": one.regime, "metric": metric, "whole_usd": float(one.whole[metric].mean),
            "shapley_usd": {name: float(band.mean[at]) for at, name in enumerate(names)},
            "seeds_95_usd": {name: _interval(band, at) for at, name in enumerate(names)},
            "accounts_95_usd": {name: _interval(over, at) for at, name in enumerate(names)} if over else None,
        }  # fmt: skip


def decompose_report(world: Setting, players: Sequence[Channels], found: Sequence[Decomposed], results: str) -> None:
    """JSON and page: what custody's channels do not add, or take away, stands first."""
    names = [name_of(one) for one in players]
    document = {
        "regimes_digest": table_digest(), "assumptions": digest_of(world.base), "accounts": world.accounts,
        "seeds": world.seeds, "channels": names, "regimes": [_told(one, names) for one in found],
    }  # fmt: skip
    about = f"{world.accounts:,} accounts, {world.seeds} seeds, {1 << len(players)} sets of channels each"
    about += f"; digest of the table of regimes {table_digest()}"
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
    kept(results, "decompose", document, text, [row for one in found for row in _columns(one, names)])


def _columns(one: Decomposed, names: Sequence[str]) -> Iterator[dict[str, object]]:
    for metric, band in one.shares.items():
        over = one.accounts.get(metric)
        for at, name in enumerate(names):
            low, high = _interval(band, at)
            accounts_low, accounts_high = _interval(over, at) if over else (None, None)
            yield {
                "regime": one.regime, "metric": metric, "channel": name, "shapley_usd": float(band.mean[at]),
                "low_usd": low, "high_usd": high, "accounts_low_usd": accounts_low,
                "accounts_high_usd": accounts_high, "first_in_usd": float(one.first[metric].mean[at]),
                "last_in_usd": float(one.last[metric].mean[at]),
            }  # fmt: skip


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
    over = [(name, *(_range(band, at) for band in one.accounts.values())) for at, name in enumerate(names)]
    about = f"Shapley values, intervals over accounts by {GROUPS} random groups of clients, $m"
    parts.append(table(about, ("channel", *one.accounts), over))
    parts.append(words("Intervals are 95%, 10,000 resamples; nothing is clipped.", quiet=True))
    return section(one.regime, *parts)


def _range(band: Band, at: int) -> str:
    return f"{float(band.mean[at]) / 1e6:+,.0f} ({_ends_told(band, at)})"


def _ends_told(band: Band, at: int) -> str:
    low, high = float(band.low[at]) / 1e6, float(band.high[at]) / 1e6
    return f"{low:+,.0f} to {high:+,.0f}" if np.isfinite(low) else "one seed: no interval"


def _interval(band: Band, at: int) -> list[float | None]:
    return [ended(float(band.low[at])), ended(float(band.high[at]))]


def _told(one: Decomposed, names: Sequence[str]) -> dict[str, object]:
    def bands(found: dict[str, Band]) -> dict[str, object]:
        return {metric: {name: _ends(band, at) for at, name in enumerate(names)} for metric, band in found.items()}

    return {
        "regime": one.regime, "shapley": bands(one.shares), "first_in": bands(one.first), "last_in": bands(one.last),
        "whole": {metric: float(band.mean) for metric, band in one.whole.items()},
        "pairs": {metric: {name: float(band.mean) for name, band in found.items()}
                  for metric, found in one.pairs.items()},
        "shapley_over_accounts": bands(one.accounts),
    }  # fmt: skip


def _ends(band: Band, at: int) -> dict[str, float | None]:
    return {"mean": float(band.mean[at]), "low": ended(float(band.low[at])), "high": ended(float(band.high[at]))}
