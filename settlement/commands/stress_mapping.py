"""The work of `bulkhead stress phase` and `sweep`: what custody alone changes, over depth and hedged open interest, and
where in the sweep ranges segregation is worst."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from margin.contagion.assumptions import DEPTH_MULTIPLE
from margin.contagion.channels import Channels
from margin.contagion.draws import uniforms
from margin.contagion.phase import Cell, Interval, break_even, contagion_index, interval
from margin.contagion.regimes import Custody, Regime, matched, regime_of
from margin.contagion.trial import Record, digest_of
from settlement.commands.fields import InputError
from settlement.commands.stress_page import diagram, millions, page, section, table, words
from settlement.commands.stress_setting import Setting, kept

HEDGED_SHARE = "population.hedged_share"
RANGES = (
    "market.depth_sensitivity", HEDGED_SHARE, "population.hedge_correlation", "call.cycle_s", "call.grace_s",
    "call.fast_delay_s", "call.slow_delay_s", "venue.outage_probability", "cost.custody_fee_bps",
    "cost.leverage_response",
)  # fmt: skip
"""What the adversary may choose, each inside its sweep range, besides depth."""
DEPTH_RANGE = (0.1, 1.5)

Pair = tuple[Regime, Regime]


def pairs_of(cells: str) -> list[Pair]:
    """Matched pairs by the part of a cell's name that they share; `all` for the twelve. InputError for none such."""
    known = {str(omnibus).removeprefix("omnibus/"): (omnibus, other) for omnibus, other in matched()}
    if cells == "all":
        return list(known.values())
    for name in cells.split(","):
        if name not in known:
            raise InputError(f"--cells: {name!a} is none of {', '.join(known)}, all")
    return [known[name] for name in cells.split(",")]


def effect(pairs: Sequence[Sequence[Sequence[Record]]], metric: str) -> Interval:
    """Δ_custody of a metric: for each (omnibus, segregated) pair of lists by seed; the mean over pairs, by seed."""
    by_seed = [
        math.fsum(segregated[seed][metric] - omnibus[seed][metric] for omnibus, segregated in pairs) / len(pairs)
        for seed in range(len(pairs[0][0]))
    ]
    return interval(by_seed)


def mapped(world: Setting, pairs: Sequence[Pair], depths: Sequence[float], hedged: Sequence[float]) -> list[Cell]:
    """Every cell of the diagram; the first round is the first pair's omnibus cell without price impact."""
    places = [(depth, share) for share in hedged for depth in depths]
    asked = []
    for depth, share in places:
        changes = {DEPTH_MULTIPLE: depth, HEDGED_SHARE: share}
        asked.append(world.jobs(changes, str(pairs[0][0]), Channels.ALL & ~Channels.IMPACT))
        asked += [world.jobs(changes, str(cell)) for pair in pairs for cell in pair]
    records = iter(world.by_seed(asked))
    return [
        _cell(depth, share, next(records), [(next(records), next(records)) for _ in pairs]) for depth, share in places
    ]


def _cell(
    depth: float, share: float, first: Sequence[Record], pairs: Sequence[tuple[list[Record], list[Record]]]
) -> Cell:
    omnibus = pairs[0][0]
    whole = math.fsum(row["liquidated_usd"] for row in omnibus)
    alone = math.fsum(row["liquidated_usd"] for row in first)
    index = np.mean([contagion_index(row["btc_liquidated_usd"], row["btc_low"], row["btc_depth_usd"]) for row in first])
    burst = np.mean([row["supercritical"] for row in omnibus])
    return Cell(
        depth, share, effect(pairs, "liquidated_usd"), whole / alone if alone else 1.0, float(index), float(burst)
    )


def phase_report(world: Setting, pairs: Sequence[Pair], cells: Sequence[Cell], results: str) -> None:
    """JSON and page: where the effect is zero or negative for segregation first."""
    worst = sorted((cell for cell in cells if cell.custody.high >= 0), key=lambda cell: -cell.custody.mean)
    document = {
        "assumptions": digest_of(world.base), "accounts": world.accounts, "seeds": world.seeds,
        "pairs": [[str(cell) for cell in pair] for pair in pairs],
        "cells": [
            {"depth": one.depth, "hedged": one.hedged, "custody_usd": one.custody.mean,
             "low_usd": _ended(one.custody.low),
             "high_usd": _ended(one.custody.high), "amplification": one.amplification, "r0": one.r0,
             "supercritical": one.supercritical} for one in cells
        ],
        "break_even_default_per_year": {str(bps): break_even(bps) for bps in (8, 20, 25, 42)},
    }  # fmt: skip
    rows = [
        (f"{one.depth:g}", f"{one.hedged:.0%}", millions(one.custody), f"{one.amplification:.2f}", f"{one.r0:.2f}")
        for one in worst
    ]
    columns = ("depth", "hedged", "custody-only effect, $m", "amplification", "R0")
    text = page(
        "Phase diagram",
        _regimes(world, pairs),
        section("Where segregation is no better, or worse", table(
            "Interval touches or is above zero: more is liquidated, or no less can be shown", columns, rows)),
        section("Depth and hedged open interest", diagram(cells)),
        section("Break-even odds of a venue's default", table(
            "Yearly cost over loss given default 76.7% (FTX at its petition date); no prior is hidden elsewhere",
            ("cost, bp a year", "π*, a year"), [(f"{bps}", f"{break_even(bps):.2%}") for bps in (8, 20, 25, 42)])),
        assumptions_table(world),
    )  # fmt: skip
    kept(results, "phase", document, text)


def assumptions_table(world: Setting) -> str:
    rows = [
        (one.name, f"{one.value:g}", one.unit, one.mark, one.source)
        for one in sorted(world.base.numbers.values(), key=lambda one: one.name)
    ]
    return section("Assumptions", table("With their marks", ("name", "value", "unit", "mark", "source"), rows))


def _regimes(world: Setting, pairs: Sequence[Pair]) -> str:
    rows = [(str(one), str(other)) for one, other in pairs]
    about = f"{world.accounts:,} accounts, {world.seeds} seeds; assumptions {digest_of(world.base)[:16]}"
    return section("Regimes, fixed before the run", table(about, ("omnibus", "segregated"), rows))


def _ended(value: float) -> float | None:
    return value if math.isfinite(value) else None


# -- the adversary ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """One choice of the adversary, and what custody alone changes there; above zero segregation is worse."""

    changes: dict[str, float]
    liquidated: Interval
    from_winners: Interval


def searched(world: Setting, pairs: Sequence[Pair], *, draws: int, generations: int, seed: int) -> list[Found]:
    """Uniform draws from the ranges, then generations around the eighth that is worst for segregation; worst first."""
    found: list[Found] = []
    for number in range(generations + 1):
        chosen = _choices(world, draws, number, seed, found)
        asked = [world.jobs(one, str(cell)) for one in chosen for pair in pairs for cell in pair]
        records = iter(world.by_seed(asked))
        for one in chosen:
            runs = [(next(records), next(records)) for _ in pairs]
            found.append(Found(one, effect(runs, "liquidated_usd"), effect(runs, "from_winners_usd")))
        found.sort(key=lambda one: -one.liquidated.mean)
    return found


def _choices(world: Setting, draws: int, number: int, seed: int, found: Sequence[Found]) -> list[dict[str, float]]:
    who = np.arange(draws, dtype=np.int64)
    spans = {name: span for name in RANGES if (span := world.base.numbers[name].sweep) is not None}
    spans[DEPTH_MULTIPLE] = DEPTH_RANGE
    best = found[: max(draws // 8, 1)]
    chosen: list[dict[str, float]] = [{} for _ in range(draws)]
    for name, (low, high) in spans.items():
        parts = uniforms(seed, f"adversary {name}", who, number)
        for place, part in enumerate(parts):
            value = low + (high - low) * float(part)
            if best:  # a third of the way from one of the worst
                near = best[place % len(best)].changes[name]
                value = near + (value - near) / 3.0
            chosen[place][name] = float(f"{value:.6g}")
    return chosen


def sweep_report(world: Setting, pairs: Sequence[Pair], found: Sequence[Found], results: str, *, shown: int) -> None:
    """JSON and page: the cells worst for segregation first."""
    worse = sum(one.liquidated.low > 0 for one in found)
    document = {
        "assumptions": digest_of(world.base), "accounts": world.accounts, "seeds": world.seeds,
        "pairs": [[str(cell) for cell in pair] for pair in pairs], "worse_beyond_noise": worse,
        "found": [
            {"changes": one.changes, "custody_usd": one.liquidated.mean, "low_usd": _ended(one.liquidated.low),
             "high_usd": _ended(one.liquidated.high), "from_winners_usd": one.from_winners.mean} for one in found
        ],
    }  # fmt: skip
    names = list(found[0].changes)
    rows = [
        (millions(one.liquidated), millions(one.from_winners), *(f"{one.changes[name]:g}" for name in names))
        for one in found[:shown]
    ]
    columns = ("liquidated, $m", "paid by winners, $m", *(name.split(".")[1] for name in names))
    text = page(
        "Adversarial sweep",
        _regimes(world, pairs),
        section(
            "Where segregation is worst",
            words(f"In {worse} of {len(found)} choices it liquidates more, beyond noise."),
            table("Custody-only effect, worst first", columns, rows),
        ),
        assumptions_table(world),
    )
    kept(results, "sweep", document, text)


def static_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """The same cells with a static lock in the place of delegation, where that is feasible."""
    locked = [(omnibus, replace(omnibus, custody=Custody.SEGREGATED_STATIC)) for omnibus, _ in pairs]
    return [(omnibus, regime_of(str(other))) for omnibus, other in locked if other.is_feasible]
