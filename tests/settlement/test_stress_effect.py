"""`bulkhead stress effect`: what was fixed first, then where custody changes nothing or harms; the numbers add up."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow.parquet import read_table

from margin.contagion.metrics import BY_ACCOUNT, METRICS
from margin.contagion.payers import Payer
from settlement.commands.stress_code import code_digest, digest_of_sources
from settlement.commands.stress_effecting import effect
from settlement.commands.stress_setting import setting

ONE, TWO = "instant/per_venue/queue_adl", "grace/per_venue/queue_adl"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("effect")
    assert effect(str(folder), cells=f"{ONE},{TWO}", seeds=2, accounts=300, placebo=True) == 0
    return folder


def document(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "effect.json").read_text())
    return found


def runs(place: Path, cell: str, channels: int = 127, default: bool = False) -> list[dict[str, float]]:
    every = [json.loads(file.read_text()) for file in (place / "runs").iterdir()]
    chosen = [one for one in every if (one["trial"]["regime"], one["trial"]["channels"]) == (cell, channels)
              and bool(one["trial"]["changes"]) == default]  # fmt: skip
    return [one["record"] for one in sorted(chosen, key=lambda one: one["trial"]["seed"])]


def mean_of(found: dict[str, Any], contrast: str, metric: str) -> float:
    (one,) = [row for row in found["effects"] if (row["contrast"], row["metric"]) == (contrast, metric)]
    return float(one["mean"])


def test_every_metric_of_the_specification_has_every_effect(place: Path) -> None:
    found = document(place)
    contrasts = {row["contrast"] for row in found["effects"]}
    assert contrasts == {"custody", "custody_static", "call", "custody x call"}
    for contrast in contrasts:
        assert {one.name for one in METRICS} <= {row["metric"] for row in found["effects"]
                                                 if row["contrast"] == contrast}  # fmt: skip
    assert found["metrics"].keys() == {one.name for one in METRICS}
    assert all(one["definition"] for one in found["metrics"].values())


def test_effects_are_the_runs_subtracted(place: Path) -> None:
    found = document(place)
    for metric in ("liquidated_usd", "innocent_loss_usd", "trapped_usd_hours"):
        differences = [
            segregated[metric] - omnibus[metric]
            for cell in (ONE, TWO)
            for omnibus, segregated in zip(
                runs(place, f"omnibus/{cell}"), runs(place, f"segregated_multi_venue/{cell}"), strict=True
            )
        ]
        assert len(differences) == 4
        assert mean_of(found, "custody", metric) == pytest.approx(sum(differences) / 4)


def test_payers_and_groups_of_accounts_sum_to_the_whole(place: Path) -> None:
    for record in runs(place, f"omnibus/{ONE}"):
        beyond = sum(record[f"paid_{one}_usd"] for one in Payer if one is not Payer.OWN_MARGIN)
        assert beyond == pytest.approx(record["shortfall_usd"])
        for metric in ("liquidated_usd", "accounts_liquidated", "loss_usd", "innocent_loss_usd"):
            groups = sum(value for name, value in record.items() if name.startswith("group_") and name[9:] == metric)
            assert groups == pytest.approx(record[metric])
            assert record[f"without_top_{metric}"] <= record[metric] * (1 + 1e-12)
        assert record["liquidated_usd"] > 0.0


def test_no_better_or_worse_is_first_in_every_form(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(place)
    assert found["no_better_or_worse"]
    assert all(row["high"] >= 0.0 for row in found["no_better_or_worse"])
    assert effect(str(place), cells=f"{ONE},{TWO}", seeds=2, accounts=300, placebo=True) == 0
    said = capsys.readouterr().out
    order = [said.index(words) for words in (
        f"regimes fixed before the run: {found['regimes_digest']}", "no better or worse", "custody alone, the rest",
        "square root law", "shortfall borne by", "stress phase", "stress assumptions", "calls, netting")]  # fmt: skip
    assert order == sorted(order)
    assert "unpaid $" in said
    page = (place / "effect.html").read_text()
    assert page.index(found["regimes_digest"]) < page.index("no better, or worse") < page.index("<svg")


def test_nothing_is_run_twice_and_json_begins_with_the_digest(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.stat().st_mtime_ns for file in (place / "runs").iterdir()}
    assert effect(str(place), cells=f"{ONE},{TWO}", seeds=2, accounts=300, placebo=True, json=True) == 0
    assert before == {file: file.stat().st_mtime_ns for file in (place / "runs").iterdir()}
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0].keys() == {"regimes_digest"}
    assert rows[1] == document(place)["no_better_or_worse"][0]
    assert [row["metric"] for row in read_table(place / "effect.parquet").to_pylist()] == [
        row["metric"] for row in document(place)["effects"] + document(place)["matched"]
    ]


def test_the_odds_at_which_its_cost_is_worth_it_are_its_part_of_what_is_kept(place: Path) -> None:
    (one,) = [row for row in document(place)["break_even_default_per_year"] if row["cell"].endswith(ONE)]
    assert 0.0 < one["kept_part"] <= 1.0
    (cell,) = [cell for cell in document(place)["cells"] if cell == one["cell"]]
    cost = runs(place, cell)[0]["cost_bps_year"]
    assert one["odds"] == pytest.approx(cost / 10_000 / one["kept_part"])
    assert cost > 20
    assert one["cheap"] < one["odds"] < one["dear"]
    assert one["low"] <= one["odds"] <= one["high"]


def test_labels_that_mean_nothing_make_nothing(place: Path) -> None:
    for metric in ("liquidated_usd", "loss_usd"):
        shuffled = document(place)["placebo"][metric]
        assert shuffled["covered"] >= 0.9
        assert shuffled["low"] <= 0.0 <= shuffled["high"]


def test_labels_on_the_clients_of_one_run_make_nothing(place: Path) -> None:
    within = document(place)["placebo_within"]
    assert within.keys() == set(BY_ACCOUNT)
    for metric in ("liquidated_usd", "loss_usd"):
        assert within[metric]["low"] < within[metric]["mean"] < within[metric]["high"], metric
        assert 0.9 <= within[metric]["covered"] <= 1.0, metric


def test_another_code_is_another_trial(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "rule.py").write_text("LIMIT = 1\n")
    one = digest_of_sources(folder)
    (folder / "rule.py").write_text("LIMIT = 2\n")
    two = digest_of_sources(folder)
    (folder / "rule.py").rename(folder / "rules.py")
    assert len({one, two, digest_of_sources(folder)}) == 3
    world = setting("", str(tmp_path), accounts=300, seeds=1, jobs=1, dask="")
    ((what, *_),) = world.jobs({}, "pooled_instant")
    assert what.code == code_digest()
    world.code = one
    ((other, *_),) = world.jobs({}, "pooled_instant")
    assert other.digest() != what.digest()
