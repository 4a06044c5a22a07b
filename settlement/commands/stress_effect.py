"""The work of `bulkhead stress effect`: what custody alone changes, what calls, netting and loss rules do, by metric.

Every cell runs on the same accounts, prices and draws, once more without impact for what is a first round, and once
more with the largest venue failing at the low, for the odds of that at which segregation pays.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from margin.contagion.channels import Channels
from margin.contagion.decompose import Band, bootstrap, over_groups
from margin.contagion.draws import Floats
from margin.contagion.effects import applied, contrasts
from margin.contagion.metrics import BY_ACCOUNT, METRICS, amplified
from margin.contagion.phase import Interval, break_even
from margin.contagion.placebos import Placebo, Within, placebo, placebo_within
from margin.contagion.regimes import Custody, Regime
from margin.contagion.trial import GROUPS, Record, group
from settlement.commands.stress_mapping import Pair
from settlement.commands.stress_setting import Setting

WITHOUT_TOP = "without_top_"
NAMES = (*(one.name for one in METRICS), *(WITHOUT_TOP + name for name in BY_ACCOUNT))


@dataclass(frozen=True, slots=True)
class Estimate:
    """One effect on one metric: intervals over seeds, and over accounts where it is a sum over them."""

    contrast: str
    metric: str
    seeds: Interval
    accounts: Interval | None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """`odds`: yearly ones of a venue's default at which a cell's cost is worth it, infinite where it saves nothing;
    `saved` is the part of balances at that venue that segregation keeps; `cheap` and `dear` at the ends of fees."""

    cell: str
    saved: Interval
    odds: Interval
    cheap: float
    dear: float


@dataclass(frozen=True, slots=True)
class Effects:
    """`pairs` are matched cells by themselves; `values` are by cell, metric and seed; `within` is of the first cell."""

    cells: tuple[Regime, ...]
    values: Floats
    estimates: tuple[Estimate, ...]
    pairs: tuple[Estimate, ...]
    break_evens: tuple[BreakEven, ...]
    explained: float
    placebo: Placebo | None
    within: Within | None

    @property
    def empty(self) -> tuple[str, ...]:
        """Metrics of which there was nothing in any run."""
        return tuple(name for at, name in enumerate(NAMES) if not np.any(self.values[:, at]))


def effects(world: Setting, pairs: Sequence[Pair], *, shuffled: bool) -> Effects:
    """Run all cells of these pairs, and their static twins where nothing nets across venues."""
    static = [replace(one, custody=Custody.SEGREGATED_STATIC) for one, _ in pairs]
    cells = [cell for pair in pairs for cell in pair] + [cell for cell in static if cell.is_feasible]
    quiet = Channels.ALL & ~Channels.IMPACT
    default = {"venue.default_at": _low(world)}
    asked = [world.jobs({}, str(cell)) for cell in cells]
    asked += [world.jobs({}, str(cell), quiet) for cell in cells]
    asked += [world.jobs(default, str(cell)) for pair in pairs for cell in pair]
    records = world.by_seed(asked)
    whole, first, failed = records[: len(cells)], records[len(cells) : 2 * len(cells)], records[2 * len(cells) :]
    values = np.array([
        [[_value(row, early, name) for row, early in zip(rows, before, strict=True)] for name in NAMES]
        for rows, before in zip(whole, first, strict=True)
    ])  # fmt: skip
    groups = np.array([[_groups(rows, name) for name in BY_ACCOUNT] for rows in whole])
    differences = np.array([values[2 * at + 1] - values[2 * at] for at in range(len(pairs))])
    return Effects(
        tuple(cells), values,
        tuple(one for name, weights in contrasts(cells).items()
              for one in _estimates(name, applied(weights, cells, values), applied(weights, cells, groups))),
        tuple(one for at, (_, cell) in enumerate(pairs)
              for one in _estimates(str(cell), differences[at], groups[2 * at + 1] - groups[2 * at])),
        tuple(_break_even(world, pair, failed[2 * at : 2 * at + 2]) for at, pair in enumerate(pairs)),
        _explained(world, whole[0]), placebo(differences, 1) if shuffled else None,
        placebo_within(groups[0], 1) if shuffled else None,
    )  # fmt: skip


def _low(world: Setting) -> float:
    """When the first path is lowest, as a part of the run."""
    units = world.path(1, {}).units[:, 0]
    return float(np.argmin(units) / (len(units) - 1))


def _value(row: Record, first: Record, name: str) -> float:
    if name == "first_round_usd":
        return first["liquidated_usd"]
    if name.endswith("amplification"):
        return amplified(row, first, "liquidated_usd" if name == "amplification" else "loss_usd")
    return row[name]


def _groups(rows: Sequence[Record], name: str) -> Floats:
    """By group, the mean over seeds."""
    every = np.array([[row[group(at, name)] for at in range(GROUPS)] for row in rows])
    return np.asarray(every.mean(axis=0))


def _estimates(contrast: str, by_seed: Floats, by_group: Floats) -> list[Estimate]:
    """`by_seed` has a row a metric, `by_group` one for each that is a sum over accounts."""
    seeds, accounts = bootstrap(by_seed, 1), over_groups(by_group, 1)
    return [
        Estimate(
            contrast, name, taken(seeds, at), taken(accounts, BY_ACCOUNT.index(name)) if name in BY_ACCOUNT else None
        )
        for at, name in enumerate(NAMES)
    ]


def taken(band: Band, at: int) -> Interval:
    return Interval(float(band.mean[at]), float(band.low[at]), float(band.high[at]))


def _break_even(world: Setting, pair: Pair, failed: Sequence[Sequence[Record]]) -> BreakEven:
    """The part of balances that a default takes pooled, less what it takes segregated; odds at the ends turn round."""
    saved = [
        (pooled["paid_venue_default_usd"] - other["paid_venue_default_usd"]) / max(pooled["claims_at_default_usd"], 1.0)
        for pooled, other in zip(*failed, strict=True)
    ]
    band = bootstrap(np.array([saved]), 1)
    part = taken(band, 0)

    def odds(saved_part: float, bps: float) -> float:
        return break_even(bps, saved_part) if saved_part > 0.0 else math.inf

    cost = failed[1][0]["cost_bps_year"]
    fee = world.base["cost.custody_fee_bps"]
    cheap, dear = (cost - fee + end for end in world.base.numbers["cost.custody_fee_bps"].sweep or (fee, fee))
    ends = Interval(odds(part.mean, cost), odds(part.high, cost), odds(part.low, cost))
    return BreakEven(str(pair[1]), part, ends, odds(part.mean, cheap), odds(part.mean, dear))


def _explained(world: Setting, rows: Sequence[Record]) -> float:
    """The share of the exogenous fall that forced orders can have made at most, in the first cell."""
    parts = []
    for seed, row in enumerate(rows, 1):
        units = world.path(seed, {}).units[:, 0]
        fall = 1.0 - float(units.min() / units[0])
        parts.append(min(row["ceiling_btc_bps"] / 1e4 / fall, 1.0) if fall > 0.0 else 0.0)
    return math.fsum(parts) / len(parts)
