"""The work of `bulkhead stress phase`: what custody alone changes, over depth and hedged open interest."""

import math
from collections.abc import Sequence

import numpy as np

from margin.contagion.assumptions import DEPTH_MULTIPLE
from margin.contagion.channels import Channels
from margin.contagion.phase import Cell, Interval, break_even, contagion_index, interval
from margin.contagion.regimes import Regime, matched
from margin.contagion.trial import Record, digest_of
from settlement.commands.fields import InputError
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_page import diagram, millions, page, section, table
from settlement.commands.stress_setting import Setting, kept

HEDGED_SHARE = "population.hedged_share"
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
    columns = [
        {"depth": one.depth, "hedged": one.hedged, "custody_usd": one.custody.mean, "low_usd": ended(one.custody.low),
         "high_usd": ended(one.custody.high), "amplification": one.amplification, "r0": one.r0,
         "supercritical": one.supercritical} for one in cells
    ]  # fmt: skip
    document = {
        "regimes_digest": table_digest(), "assumptions": digest_of(world.base), "accounts": world.accounts,
        "seeds": world.seeds, "pairs": [[str(cell) for cell in pair] for pair in pairs], "cells": columns,
        "break_even_default_per_year": {str(bps): break_even(bps) for bps in (8, 20, 25, 42)},
    }  # fmt: skip
    rows = [
        (f"{one.depth:g}", f"{one.hedged:.0%}", millions(one.custody), f"{one.amplification:.2f}", f"{one.r0:.2f}")
        for one in worst
    ]
    header = ("depth", "hedged", "custody-only effect, $m", "amplification", "R0")
    text = page(
        "Phase diagram",
        regimes_table(world, pairs),
        section("Where segregation is no better, or worse", table(
            "Interval touches or is above zero: more is liquidated, or no less can be shown", header, rows)),
        section("Depth and hedged open interest", diagram(cells)),
        section("Break-even odds of a venue's default", table(
            "Yearly cost over loss given default 76.7% (FTX at its petition date); no prior is hidden elsewhere",
            ("cost, bp a year", "π*, a year"), [(f"{bps}", f"{break_even(bps):.2%}") for bps in (8, 20, 25, 42)])),
        assumptions_table(world),
    )  # fmt: skip
    kept(results, "phase", document, text, columns)


def assumptions_table(world: Setting) -> str:
    rows = [
        (one.name, f"{one.value:g}", one.unit, one.mark, one.source)
        for one in sorted(world.base.numbers.values(), key=lambda one: one.name)
    ]
    return section("Assumptions", table("With their marks", ("name", "value", "unit", "mark", "source"), rows))


def regimes_table(world: Setting, pairs: Sequence[Pair]) -> str:
    rows = [(str(one), str(other)) for one, other in pairs]
    about = f"{world.accounts:,} accounts, {world.seeds} seeds; assumptions {digest_of(world.base)[:16]}; "
    about += f"digest of the table of regimes {table_digest()}"
    return section("Regimes, fixed before the run", table(about, ("omnibus", "segregated"), rows))


def ended(value: float) -> float | None:
    return value if math.isfinite(value) else None
