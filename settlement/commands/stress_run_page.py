"""What `bulkhead stress run --out` keeps: records, series by the minute, and a page that shows both."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from margin.contagion.assumptions import Assumptions
from margin.contagion.metrics import METRICS
from margin.contagion.record import Record
from settlement.commands.stress_columns import written
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_page import page, section, table, words
from settlement.commands.stress_pictures import lines
from settlement.commands.stress_setting import kept

Series = Sequence[Mapping[str, float]]
SHOWN = (
    ("price_btc", "BTC, over its price at the start", 1.0),
    ("forced_usd", "forced orders a minute, $m", 1e6),
    ("y_btc", "what forced orders added to BTC, log", 1.0),
    ("depth_btc_usd", "depth of BTC, $m a percent", 1e6),
    ("trapped_usd", "idle at a venue while called at another, $m", 1e6),
    ("shortfall_usd", "short so far, $m", 1e6),
)


def keep_runs(out: str, records: Sequence[tuple[str, Record]], series: Mapping[str, Series], a: Assumptions) -> None:
    """run.json and run.html; series.parquet too where pyarrow is installed. Raises InputError."""
    document = {
        "regimes_digest": table_digest(), "records": {name: asdict(one) for name, one in records},
        "metrics": {one.name: {"unit": one.unit, "definition": one.definition} for one in METRICS},
        "series": {name: _columns(rows) for name, rows in series.items()},
    }  # fmt: skip
    kept(out, "run", document, _page(records, series, a))
    written(Path(out), "series", [{"regime": name, **row} for name, rows in series.items() for row in rows])


def _columns(rows: Series) -> dict[str, list[float]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _page(records: Sequence[tuple[str, Record]], series: Mapping[str, Series], a: Assumptions) -> str:
    payers = [
        (name, ", ".join(f"{who} {usd / 1e6:,.1f}" for who, usd in one.shortfall_by_payer_usd.items()),
         f"{one.unpaid_usd / 1e6:,.1f}") for name, one in records
    ]  # fmt: skip
    ceilings = [(name, symbol, f"{bps:,.0f}") for name, one in records for symbol, bps in one.ceilings_bps.items()]
    figures = [
        (metric.name, metric.unit, *(_number(asdict(one)[metric.name]) for _, one in records), metric.definition)
        for metric in METRICS
        if all(isinstance(asdict(one).get(metric.name), int | float) for _, one in records)
    ]
    names = [name for name, _ in records]
    assumed = [(one.name, f"{one.value:g}", one.unit, one.mark, one.source) for one in a.numbers.values()]
    return page(
        "A day under each regime",
        words(f"Digest of the table of regimes, fixed before the run: {table_digest()}"),
        section("How much of the fall", table(
            "What forced orders can have moved each by at most, 2 Y σ √(Q/V)", ("regime", "instrument", "bps"),
            ceilings)),
        section("Who bore what was short", table("$m", ("regime", "payers", "unpaid"), payers)),
        section("Metrics", table("By regime", ("metric", "unit", *names, "definition"), figures)),
        section("By the minute", *(
            words(title) + lines(title, {
                name: [row[column] / scale for row in rows] for name, rows in series.items() if column in rows[0]})
            for column, title, scale in SHOWN)),
        section("Assumptions", table("With their marks", ("name", "value", "unit", "mark", "source"), assumed)),
    )  # fmt: skip


def _number(value: float) -> str:
    return f"{float(value):,.6g}"
