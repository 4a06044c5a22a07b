"""The page of `bulkhead stress effect`: what the command prints, in the same order, with a picture of the effects."""

from collections.abc import Sequence

from margin.contagion.effects import CUSTODY
from margin.contagion.metrics import METRICS
from settlement.commands.stress_effect import Effects, Estimate
from settlement.commands.stress_effect_telling import better, no_better, number, odds_told, others, payers, ranged
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_mapping import Pair, assumptions_table, regimes_table
from settlement.commands.stress_page import page, section, table, words
from settlement.commands.stress_pictures import Bar, bars
from settlement.commands.stress_setting import Setting

PICTURED = ("liquidated_usd", "loss_usd", "innocent_loss_usd")
COLUMNS = ("effect of", "metric", "mean", "95% over seeds", "95% over accounts")


def effect_page(world: Setting, pairs: Sequence[Pair], found: Effects) -> str:
    """One file."""
    paid = [(cell, ", ".join(f"{who} {usd / 1e6:,.1f}" for who, usd in borne.items())) for cell, borne in payers(found)]
    return page(
        "What custody alone changes",
        regimes_table(world, pairs),
        words(f"Digest of the table of regimes, fixed before the run: {table_digest()}"),
        section("Where segregation is no better, or worse", _table(
            "The interval touches zero or is above it", no_better(found))),
        section("What custody alone changes besides", _table("Segregated less omnibus", better(found))),
        section("Effects and their intervals", *(_picture(found, name) for name in PICTURED)),
        section("How much of the fall", words(
            f"Forced orders can have made at most {found.explained:.0%} of it, by the square root law.")),
        section("Who bore what was short", table("Mean over seeds, $m", ("cell", "payers"), paid)),
        section("Odds of a venue's default at which segregation pays its fee", *(
            words(odds_told(one)) for one in found.break_evens)),
        assumptions_table(world),
        section("Calls, netting, loss rules, and two together", _table("Higher level less lower", others(found))),
        section("Definitions", table("Metrics", ("metric", "unit", "definition"), [
            (one.name, one.unit, one.definition) for one in METRICS])),
    )  # fmt: skip


def _table(caption: str, rows: Sequence[Estimate]) -> str:
    cells = [
        (one.contrast, one.metric, number(one.metric, one.seeds.mean), ranged(one.metric, one.seeds),
         ranged(one.metric, one.accounts)) for one in rows
    ]  # fmt: skip
    return table(caption, COLUMNS, cells)


def _picture(found: Effects, metric: str) -> str:
    """Custody first, by itself and in every matched cell, then what else there is."""
    first = [one for one in found.estimates if one.contrast == CUSTODY.name]
    rest = [one for one in found.estimates if one.contrast != CUSTODY.name]
    rows = [
        Bar(_short(one.contrast), one.seeds.mean, one.seeds.low, one.seeds.high)
        for one in (*first, *found.pairs, *rest)
        if one.metric == metric
    ]
    title = f"{metric.removesuffix('_usd').replace('_', ' ')}, $m"
    return words(title) + bars(title, rows)


def _short(name: str) -> str:
    return name.removeprefix("segregated_multi_venue/")
