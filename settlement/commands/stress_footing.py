"""The work of `bulkhead stress footing`: what custody changes at equal collateral, cost, safety, and boldness."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from margin.contagion.assumptions import MAINTENANCE_MULTIPLE
from margin.contagion.footing import LEVERAGE, Footing, equal_safety, responded
from margin.contagion.phase import Interval
from margin.contagion.trial import Record, digest_of
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_mapping import Pair, assumptions_table, effect, ended, regimes_table
from settlement.commands.stress_page import millions, page, section, table, words
from settlement.commands.stress_setting import Setting, kept

METRICS = ("liquidated_usd", "shortfall_usd", "innocent_loss_usd")
RESPONSES = (0.0, 0.25, 0.5)
MARGINS = (0.25, 4.0)
"""Multiples of all margins among which equal safety is looked for."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One matched pair on one footing; `setting` says what was made equal, or how strong the response is."""

    omnibus: str
    segregated: str
    footing: str
    setting: str
    effects: dict[str, Interval]


def compared(world: Setting, pairs: Sequence[Pair]) -> list[Compared]:
    """Every pair on every footing; the pooled runs are the same each time."""
    return [row for pair in pairs for row in _pair(world, pair)]


def _pair(world: Setting, pair: Pair) -> list[Compared]:
    omnibus, other = (str(cell) for cell in pair)
    pooled, same, charged = world.by_seed([
        world.jobs({}, omnibus), world.jobs({}, other), world.jobs({}, other, footing=Footing.SAME_COST),
    ])  # fmt: skip

    def row(footing: Footing, setting: str, records: list[Record]) -> Compared:
        return Compared(omnibus, other, footing, setting,
                        {metric: effect([(pooled, records)], metric) for metric in METRICS})  # fmt: skip

    multiple, safe = _equally_safe(world, other, mean(pooled))
    rows = [
        row(Footing.SAME_COLLATERAL, "", same),
        row(Footing.SAME_COST, "a year's fee, haircuts", charged),
        row(Footing.SAME_SAFETY, f"margins x {multiple:.3g}", safe),
    ]
    for response in RESPONSES:
        bolder = responded(world.base.changed({"cost.leverage_response": response}), mean(pooled), mean(same))
        (records,) = world.by_seed([world.jobs({LEVERAGE: bolder[LEVERAGE]}, other)])
        rows.append(row(Footing.LEVERAGE_RESPONSE, f"e = {response:g}: leverage {bolder[LEVERAGE]:.3g}", records))
    return rows


def _equally_safe(world: Setting, cell: str, wanted: float) -> tuple[float, list[Record]]:
    """Positions are the same, so that equal shortfalls are equal ones per dollar of open interest."""

    def records(multiple: float) -> list[Record]:
        return world.by_seed([world.jobs({MAINTENANCE_MULTIPLE: multiple}, cell)])[0]

    found = equal_safety(lambda multiple: mean(records(multiple)), wanted, lowest=MARGINS[0], highest=MARGINS[1])
    return found, records(found)


def mean(records: Sequence[Record]) -> float:
    """Of the shortfall, over seeds ($)."""
    return math.fsum(one["shortfall_usd"] for one in records) / len(records)


def footing_report(world: Setting, pairs: Sequence[Pair], rows: Sequence[Compared], results: str) -> None:
    """JSON and page: where segregation is no better first."""
    document = {
        "regimes_digest": table_digest(), "assumptions": digest_of(world.base), "accounts": world.accounts,
        "seeds": world.seeds, "compared": [
            asdict(one) | {"effects": {name: {key: ended(value) for key, value in asdict(found).items()}
                                       for name, found in one.effects.items()}} for one in rows
        ],
    }  # fmt: skip
    columns = (
        "pair",
        "footing",
        "held equal",
        *(f"{name.removesuffix('_usd').replace('_', ' ')}, $m" for name in METRICS),
    )
    told = [
        (one.segregated, one.footing, one.setting, *(millions(one.effects[name]) for name in METRICS)) for one in rows
    ]
    worse = [row for row, one in zip(told, rows, strict=True) if any(found.high >= 0 for found in one.effects.values())]
    about = "Segregated less omnibus; above zero segregation is worse"
    text = page(
        "Equal footing",
        regimes_table(world, pairs),
        section("Where segregation is no better, or worse", table(about, columns, worse)),
        section("Every footing", table(about, columns, told)),
        words("Equal cost: a year's fee and haircuts are paid out of collateral. Equal safety: all margins of the "
              "segregated cell are multiplied until as much is short as pooled."),
        assumptions_table(world),
    )  # fmt: skip
    by_metric = [
        {"omnibus": one.omnibus, "segregated": one.segregated, "footing": one.footing, "held_equal": one.setting,
         "metric": name, **{key: ended(value) for key, value in asdict(found).items()}}
        for one in rows for name, found in one.effects.items()
    ]  # fmt: skip
    kept(results, "footing", document, text, by_metric)
