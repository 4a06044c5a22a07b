"""`bulkhead stress effect | decompose` with a user's own accounts, prices, venues and payers: each in every run."""

import json
from pathlib import Path
from typing import Any

import pytest

from settlement.cli import main
from settlement.commands.stress_comparing import decompose
from settlement.commands.stress_effecting import effect

ONE = "instant/per_venue/queue_adl"
STEPS = 240


@pytest.fixture
def book(tmp_path: Path) -> str:
    file = str(tmp_path / "book.csv")
    assert main(["stress", "book", file, "--accounts", "500"]) == 0
    return file


@pytest.fixture
def shock(tmp_path: Path) -> str:
    """A fall by a quarter within four hours."""
    file = tmp_path / "shock.csv"
    prices = [f"{minute},BTC,{73166 * (1 - 0.25 * minute / STEPS):.2f}" for minute in range(STEPS + 1)]
    file.write_text("\n".join(["minute,symbol,price", *prices]) + "\n", encoding="utf-8")
    return str(file)


def runs(place: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted((place / "runs").iterdir())]


def liquidated(place: Path, regime: str) -> set[float]:
    """By all seeds, with every channel on and nothing changed."""
    return {
        one["record"]["liquidated_usd"] for one in runs(place)
        if (one["trial"]["regime"], one["trial"]["channels"], one["trial"]["changes"]) == (regime, 127, {})
    }  # fmt: skip


def test_every_run_has_the_accounts_and_prices_that_one_run_has(
    tmp_path: Path, book: str, shock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "results"
    assert effect(str(place), cells=ONE, seeds=2, accounts=book, shock=shock) == 0
    said = capsys.readouterr().out
    assert "your own: shock shock.csv, accounts book.csv" in said
    assert (
        said.index("does not net to zero") < said.index("regimes fixed before the run") if "net to zero" in said else 1
    )
    regime = f"omnibus/{ONE}"
    asked = ["stress", "run", "--accounts", book, "--shock", shock, "--regime", regime, "--json"]
    assert main(asked) == 0
    alone = json.loads(capsys.readouterr().out)["liquidated_usd"]
    assert alone > 0.0
    assert alone in liquidated(place, regime)
    assert all(one["trial"]["own"] for one in runs(place))


def test_two_processes_write_what_one_writes_and_what_is_there_is_not_made_again(
    tmp_path: Path, book: str, shock: str
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for place, jobs in ((one, 1), (two, 2), (one, 1)):
        before = {file: file.stat().st_mtime_ns for file in one.glob("runs/*")}
        assert effect(str(place), cells=ONE, seeds=1, accounts=book, shock=shock, jobs=jobs) == 0
    assert before == {file: file.stat().st_mtime_ns for file in one.glob("runs/*")}
    assert runs(one) == runs(two)


@pytest.mark.parametrize("what", ["accounts", "shock", "venue", "waterfall", "changes"])
def test_another_input_is_another_run(tmp_path: Path, book: str, shock: str, what: str) -> None:
    place = tmp_path / "results"
    asked: dict[str, Any] = {"accounts": book, "shock": shock}
    assert effect(str(place), cells=ONE, seeds=1, **asked) == 0
    before = len(runs(place))
    if what in asked:
        file = Path(asked[what])
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = lines[:-1] if what == "shock" else [*lines[:1], *lines[3:]]
        file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    else:
        if what == "venue":
            asked = {"accounts": 500, "shock": shock}  # who is in a file may not be at a venue that has gone
            assert effect(str(place), cells=ONE, seeds=1, **asked) == 0
            before = len(runs(place)) - before
        more = {"venue": ["binance_2021"], "waterfall": "deribit", "changes": ["call.grace_s=60"]}
        asked[what] = more[what]
    assert effect(str(place), cells=ONE, seeds=1, **asked) == 0
    assert len(runs(place)) == (3 if what == "venue" else 2) * before


def test_bad_rows_are_told_before_any_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, place = tmp_path / "bad.csv", tmp_path / "results"
    file.write_text("account,client,venue,instrument,position,collateral\na1,c1,venue_1,BTC,x,9000\n", encoding="utf-8")
    assert effect(str(place), cells=ONE, accounts=str(file)) == 2
    assert f"{file}, line 2, position: expected a number" in capsys.readouterr().err
    assert not place.exists()
    assert effect(str(place), cells=ONE, shock="a.csv", candles=["b.csv"]) == 2
    assert effect(str(place), cells=ONE, shock="a.csv", order="low_first") == 2


def test_channels_are_decomposed_for_a_user_s_accounts(tmp_path: Path, book: str, shock: str) -> None:
    place, off = tmp_path / "results", "depth,procyclicality,trapped,mutualisation,outage"
    assert decompose(str(place), regime="pooled_instant", without=off, seeds=2, accounts=book, shock=shock) == 0
    assert len(runs(place)) == 4 * 2
    assert all(one["trial"]["own"] for one in runs(place))
