"""The measures of gas: every one that is promised, under its bound, in the form that every benchmark has."""

import json

import pytest

from scripts.bench import gas, gas_inclusion
from scripts.bench.command import bench
from scripts.bench.gas_measure import marginal

MOST = {"mark": 6_500, "inclusion": 58_000}
"""What the measures that have a scenario of their own may cost."""
LEAVES = 1 << 17
"""Of fewer steps than a million's path; otherwise the same."""


def test_every_measure_is_there_and_repeats(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gas_inclusion, "LIABILITIES", LEAVES)
    assert bench("gas", json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"machine", "sizes", "measures"}
    values = {one["measure"]: one["value"] for one in told["measures"]}
    assert values.keys() >= {
        "position_new", "position_update", "scattered_new", "scattered_update", "obligation", "mark", "inclusion",
        "token_mint", "token_burn", "token_transfer",
    }  # fmt: skip
    for one in told["measures"]:
        assert one["unit"].startswith("gas")
        assert (one["ratio"] > 0) == (one["baseline"] != "none") == (one["baseline_value"] > 0)
    for measure, most in MOST.items():
        assert 0 < values[measure] <= most


def test_a_batch_of_marks_costs_what_its_parts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two marks a slot save 2,400 of what storing costs, and nothing else; a signature's zero bytes move the rest."""
    monkeypatch.setattr(gas, "SCENARIOS", {name: gas.SCENARIOS[name] for name in ("plain slots", "marks")})
    found = {one.measure: one for one in gas.measures(lambda _: None)}
    values = [found[name].value for name in ("mark", "mark_sparse", "mark_whole")]
    assert values == pytest.approx([3_480, 5_880, 5_480], abs=3)
    assert found["mark"].baseline_value == found["plain_update"].value == 5_472
    assert found["mark"].ratio == pytest.approx(5_472 / 3_480, rel=0.001)


def test_a_share_is_rounded_against_us() -> None:
    assert [marginal(full, 100, 32) for full in (100, 101, 132, 133)] == [0, 1, 1, 2]
