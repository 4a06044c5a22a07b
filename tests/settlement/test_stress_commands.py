"""`bulkhead stress`: what it prints, in which order, and what it refuses before anything runs."""

import json

import pytest

from settlement.cli import main

SMALL = ["stress", "run", "--accounts", "2000", "--minutes", "120"]


def test_a_record_a_regime_on_equal_footing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--json"]) == 0
    pooled, segregated = map(json.loads, capsys.readouterr().out.splitlines())
    assert pooled["regime"] == "omnibus/instant/per_venue/queue_adl"
    assert segregated["regime"] == "segregated_multi_venue/grace/per_venue/ring_fence"
    assert pooled["accounts"] == segregated["accounts"]
    assert pooled["digest_of_inputs"] != segregated["digest_of_inputs"]


def test_for_people_the_table_of_regimes_comes_first_and_what_was_changed_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*SMALL, "--regime", "pooled_instant", "--set", "call.grace_s=60"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("regimes fixed before the run: ")
    assert said.index("square root law") < said.index("pooled_instant") < said.index("changed: call.grace_s from 900")


def test_the_same_is_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        assert main([*SMALL, "--json"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_what_segregation_changes_has_the_same_sign_whichever_extreme_of_an_hour_came_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Who is given time is liquidated less and owes more; the paths do differ."""
    digests, regimes = set(), "pooled_instant,pooled_grace,segregated_grace"
    for order in ("low_first", "high_first"):
        assert main(["stress", "run", "--accounts", "5000", "--regime", regimes, "--order", order, "--json"]) == 0
        instant, grace, segregated = map(json.loads, capsys.readouterr().out.splitlines())
        digests.add(instant["digest_of_inputs"])
        assert max(grace["liquidated_usd"], segregated["liquidated_usd"]) < instant["liquidated_usd"]
        assert 0.6 < instant["long_share"] < 1.0
        assert instant["low_price_ratio"] == pytest.approx(1 - 0.18, abs=0.015)
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--regime", "nothing"], "no regime 'nothing': one of pooled_instant"),
        (["--set", "market.x=1"], "there is no assumption 'market.x'"),
        (["--set", "market.ewma"], "expected NAME=VALUE"),
        (["--set", "market.depth_multiple=0"], "is more than 0"),
        (["--accounts", "5"], "at least 100"),
        (["--minutes", "0"], "--minutes: expected at least 1"),
        (["--minutes", "99999"], "does not cover 99999 steps"),
        (["--order", "low_first", "--shock", "any.csv"], "leaves no order of lows and highs open"),
        (["--scenario", "none.toml"], "none.toml"),
        (["--assumptions", "none.toml"], "none.toml"),
    ],
)
def test_what_cannot_be_run_is_told_before_anything_is(
    more: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [] if more[0] in {"--minutes", "--accounts"} else SMALL[2:]
    assert main(["stress", "run", *small, *more]) == 2
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.out == ""


def test_all_cells_are_listed_those_that_cannot_be_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "regimes", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["regime"] for row in rows].count("infeasible") == 6
    assert len(rows) == 11 + 36


def test_every_assumption_has_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "assumptions", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) > 40
    assert all(row["source"] and row["mark"] in "PSCA" for row in rows)


def test_every_named_regime_has_its_cost_and_the_odds_at_which_it_is_worth_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["stress", "costs", "--accounts", "2000", "--json"]) == 0
    told = capsys.readouterr()
    rows = {row["regime"]: row for row in map(json.loads, told.out.splitlines())}
    assert len(rows) == 11
    for name, row in rows.items():
        assert row["total"] == pytest.approx(row["fee"] + row["haircuts"] + row["lost_netting"])
        if name.startswith(("pooled", "prime")):
            assert (row["total"], row["worth_it_at"]) == (0, None)
        else:
            assert row["worth_it_at"] == pytest.approx(row["total"] / 10_000 / 0.767, rel=1e-3)
    assert rows["segregated_static"]["total"] > rows["segregated_grace"]["total"] > 20
    assert "25 bp / 0.767 = 0.33% a year" in told.err
    assert "settled every 4 h: 1.47% of notional" in told.err
