"""`bulkhead stress run --out`: the record with its definitions, and series that sum to it."""

import json
from pathlib import Path

import pytest
from pyarrow.parquet import read_table

from margin.contagion.metrics import METRICS
from settlement.cli import main

SMALL = ["stress", "run", "--accounts", "1000", "--minutes", "500", "--regime", "pooled_instant,segregated_grace"]

FAILING = ("--set", "venue.default_at=0.5")


def test_series_sum_to_the_record_and_the_page_shows_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--out", str(tmp_path), "--reproduction", "300", *FAILING]) == 0
    said = capsys.readouterr().out
    assert "R_t at minute 300" in said
    assert said.index("can have moved each, bps: BTC") < said.index("shortfall paid by")
    found = json.loads((tmp_path / "run.json").read_text())
    assert found["metrics"].keys() == {one.name for one in METRICS}
    for name, series in found["series"].items():
        record = found["records"][name]
        assert len(series["time_s"]) == 501
        assert sum(series["forced_usd"]) == pytest.approx(record["liquidated_usd"])
        assert record["liquidated_usd"] > 0.0
        assert sum(series["trapped_usd"]) / 60 == pytest.approx(record["trapped_usd_hours"])
        assert (series["shortfall_usd"][-1] > 0.0) == (name == "pooled_instant"), "only there a venue takes all"
        assert series["shortfall_usd"][-1] == pytest.approx(record["shortfall_usd"])
        assert min(series["price_btc"]) == record["low_price_ratio"]
        assert record["ceilings_bps"]["BTC"] == record["square_root_ceiling_bps"]
        assert record["reproduction"].keys() == {"300"}
    rows = read_table(tmp_path / "series.parquet").to_pylist()
    assert len(rows) == 2 * 501
    assert [row["forced_usd"] for row in rows[:501]] == found["series"]["pooled_instant"]["forced_usd"]
    page = (tmp_path / "run.html").read_text()
    assert page.index(found["regimes_digest"]) < page.index("How much of the fall") < page.index("<svg")
    assert page.count("<svg") == 6


def test_equal_inputs_write_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main([*SMALL[:4], "--minutes", "60", "--out", str(tmp_path / name)]) == 0
    for file in ("run.json", "run.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
