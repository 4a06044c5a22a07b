"""`bulkhead stress calibrate | sweep | phase`: they resume, and give the same bytes on one process and on two."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow.parquet import read_table

from settlement.commands.fields import InputError
from settlement.commands.stress_comparing import decompose, footing
from settlement.commands.stress_jobs import Bench
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_mapping import pairs_of
from settlement.commands.stress_searching import calibrate, phase, sweep
from settlement.commands.stress_setting import setting

ONE = "instant/per_venue/queue_adl"
CELL = "pooled_instant"


def drawn(place: Path, *, jobs: int = 1) -> str:
    status = phase(str(place), cells=ONE, seeds=1, accounts=300, jobs=jobs, depths="1", hedged="0.1")
    assert status == 0
    return (place / "phase.json").read_text()


def test_one_process_and_two_write_the_same_bytes_and_nothing_is_made_twice(tmp_path: Path) -> None:
    one, two = drawn(tmp_path / "one"), drawn(tmp_path / "two", jobs=2)
    assert one == two
    assert read_table(tmp_path / "one" / "phase.parquet").to_pylist() == json.loads(one)["cells"]
    names = sorted(file.name for file in (tmp_path / "one" / "runs").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "two" / "runs").iterdir())
    kept = tmp_path / "one" / "runs" / names[0]
    before = kept.stat().st_mtime_ns
    (tmp_path / "one" / "runs" / names[1]).unlink()
    assert drawn(tmp_path / "one") == one
    assert kept.stat().st_mtime_ns == before
    page = (tmp_path / "one" / "phase.html").read_text()
    assert page.index("no better, or worse") < page.index("<svg")
    assert "http" not in page.replace("http-equiv", "")


def test_a_result_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn(tmp_path)
    spoilt = next(iter((tmp_path / "runs").iterdir()))
    spoilt.write_text("{}")
    assert phase(str(tmp_path), cells=ONE, seeds=1, accounts=300, depths="1", hedged="0.1") == 2
    assert spoilt.name in capsys.readouterr().err


def test_the_sweep_puts_the_worst_first(tmp_path: Path) -> None:
    assert sweep(str(tmp_path), cells=ONE, draws=2, generations=1, seeds=1, accounts=300) == 0
    found = json.loads((tmp_path / "sweep.json").read_text())["found"]
    effects = [one["custody_usd"] for one in found]
    assert (len(effects), effects) == (4, sorted(effects, reverse=True))


def test_calibrate_reports_set_and_october(tmp_path: Path) -> None:
    assert calibrate(str(tmp_path), generations=1, members=2, seeds=1, accounts=300) == 0
    found = json.loads((tmp_path / "calibration.json").read_text())
    assert (found["tried"], len(found["october"])) == (3, 4)
    rows = read_table(tmp_path / "calibration.parquet").to_pylist()
    assert min(row["distance"] for row in rows) == found["best"]["distance"]
    assert sum(row["near_best"] for row in rows) == len(found["near_best"])
    best = min(rows, key=lambda row: row["distance"])
    assert best["under_count"] == found["best"]["under_count"]
    assert {name: best[f"moment.{name}"] for name in found["best"]["moments"]} == found["best"]["moments"]
    assert (tmp_path / "calibration.html").read_text().index("October") < 2_500


@pytest.mark.parametrize(("name", "value"), [("accounts", 99), ("seeds", 0), ("jobs", 0)])
def test_numbers_that_make_no_run_are_refused(name: str, value: int) -> None:
    numbers = {"accounts": 100, "seeds": 1, "jobs": 1} | {name: value}
    with pytest.raises(InputError, match=name):
        setting("", "results", dask="", **numbers)


def test_cells_that_there_are_not_are_refused() -> None:
    assert len(pairs_of("all")) == 12
    with pytest.raises(InputError, match="none of"):
        pairs_of("instant")


def test_what_is_not_installed_is_left_out_or_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "dask.distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    assert sweep(str(tmp_path), cells=ONE, draws=1, generations=0, seeds=1, accounts=300) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["runs", "sweep.html", "sweep.json"]
    world = setting("", str(tmp_path), accounts=300, seeds=1, jobs=1, dask="")
    bench = Bench(tmp_path, dask="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match="pip install"):
        bench.records(world.jobs({}, "pooled_instant"))


def test_columns_read_back_are_what_the_report_says(tmp_path: Path) -> None:
    assert sweep(str(tmp_path), cells=ONE, draws=2, generations=0, seeds=1, accounts=300) == 0
    found = json.loads((tmp_path / "sweep.json").read_text())["found"]
    rows = read_table(tmp_path / "sweep.parquet").to_pylist()
    assert [row["custody_usd"] for row in rows] == [one["custody_usd"] for one in found]
    assert [row["low_usd"] for row in rows] == [one["low_usd"] for one in found]
    assert [row["market.depth_multiple"] for row in rows] == [one["changes"]["market.depth_multiple"] for one in found]


def test_every_footing_is_compared_and_with_equal_collateral_segregation_is_free(tmp_path: Path) -> None:
    assert footing(str(tmp_path), cells=ONE, seeds=1, accounts=300) == 0
    found = json.loads((tmp_path / "footing.json").read_text())["compared"]
    assert [one["footing"] for one in found] == [
        "same_collateral", "same_cost", "same_safety", *["leverage_response"] * 3,
    ]  # fmt: skip
    assert found[0]["effects"] == found[3]["effects"], "no response is equal collateral"
    rows = read_table(tmp_path / "footing.parquet").to_pylist()
    assert [row["mean"] for row in rows if row["metric"] == "shortfall_usd"] == [
        one["effects"]["shortfall_usd"]["mean"] for one in found
    ]
    page = (tmp_path / "footing.html").read_text()
    assert page.index("no better, or worse") < page.index("Every footing")


def test_channels_make_the_whole_together_and_one_process_says_what_two_say(tmp_path: Path) -> None:
    def asked(place: Path, jobs: int) -> dict[str, Any]:
        without = "depth,procyclicality,outage,carry"
        assert decompose(str(place), regime=CELL, without=without, seeds=2, accounts=300, jobs=jobs) == 0
        found: dict[str, Any] = json.loads((place / "decompose.json").read_text())
        return found

    found = asked(tmp_path / "one", 1)
    assert found == asked(tmp_path / "two", 2)
    (one,) = found["regimes"]
    for metric, shares in one["shapley"].items():
        assert sum(band["mean"] for band in shares.values()) == pytest.approx(one["whole"][metric])
    assert one["shapley_over_accounts"].keys() == {"liquidated_usd", "innocent_loss_usd"}
    for metric, shares in one["shapley_over_accounts"].items():
        assert sum(band["mean"] for band in shares.values()) == pytest.approx(one["whole"][metric])
        assert all(band["low"] <= band["mean"] <= band["high"] for band in shares.values())
    impact = one["shapley_over_accounts"]["liquidated_usd"]["impact"]
    assert impact["low"] < impact["mean"] < impact["high"]
    assert one["whole"]["liquidated_usd"] != 0.0
    page = (tmp_path / "one" / "decompose.html").read_text()
    assert page.index("add nothing, or take away") < page.index("<svg")


def test_intervals_over_seeds_and_over_accounts_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*, as_json: bool) -> str:
        without = "depth,procyclicality,outage,carry,mutualisation"
        assert decompose(str(tmp_path), regime=CELL, without=without, seeds=2, accounts=300, json=as_json) == 0
        return capsys.readouterr().out

    first, liquidated, *_, innocent = map(json.loads, said(as_json=True).splitlines())
    assert first == {"regimes_digest": table_digest()}
    rows = read_table(tmp_path / "decompose.parquet").to_pylist()
    (impact,) = (row for row in rows if (row["metric"], row["channel"]) == ("liquidated_usd", "impact"))
    assert [impact["low_usd"], impact["high_usd"]] == liquidated["seeds_95_usd"]["impact"]
    assert [impact["accounts_low_usd"], impact["accounts_high_usd"]] == liquidated["accounts_95_usd"]["impact"]
    assert (liquidated["metric"], innocent["metric"]) == ("liquidated_usd", "innocent_loss_usd")
    for of in ("seeds_95_usd", "accounts_95_usd"):
        low, high = liquidated[of]["impact"]
        assert low < liquidated["shapley_usd"]["impact"] < high, of
    words = said(as_json=False)
    assert words.startswith("regimes fixed before the run: ")
    assert words.count("over accounts") == 2 * 2, "two channels of each metric that is a sum over accounts"
    assert "liquidated: together" in words


@pytest.mark.parametrize("without", ["weather", "impact,depth,procyclicality,trapped,mutualisation,outage,carry"])
def test_channels_that_are_none_are_refused(without: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert decompose(str(tmp_path), without=without, seeds=1, accounts=300) == 2
    assert "--without" in capsys.readouterr().err
