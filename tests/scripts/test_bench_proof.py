"""The benchmark of proofs: every measure that the issue names, with its baseline, and two trees that agree."""

import json

import pytest

from custody.liabilities import SumTree
from scripts.bench import proof
from scripts.bench.command import bench
from scripts.bench.measure import Measure, figure
from scripts.bench.plain_tree import PLAIN, plain_tree

TINY = {"leaves": 45, "hashes": 20, "plain_hashes": 10, "proofs": 9, "verified": 2}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "SIZES", TINY)
    monkeypatch.setattr(proof, "of_keys", lambda _: [figure("pkcs11_signs_per_s", 1.0, "per second")])


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Measure]:
    assert bench("proof", json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sizes"] == TINY
    return {one["measure"]: Measure(**one) for one in told["measures"]}


def test_every_measure_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    told = measured(capsys)
    assert list(told) == [
        "keccak_vs_plain", "tree_vs_plain", "proof_per_s", "verify_us", "changed_leaf_us", "tree_mb",
        "pkcs11_signs_per_s",
    ]  # fmt: skip
    assert {one.baseline for one in told.values()} == {PLAIN, "none", "a new tree, µs"}
    for one in told.values():
        assert (one.ratio > 0) == (one.baseline != "none")
        assert one.ratio_least <= one.ratio <= one.ratio_most


def test_a_tree_that_disagrees_is_no_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "plain_tree", lambda ready: plain_tree(ready[::-1]))
    with pytest.raises(RuntimeError, match="different roots"):
        proof.measures(lambda _: None)


def test_the_plain_tree_is_the_same_tree() -> None:
    leaves = proof.leaves_of(TINY["leaves"])
    ready = [
        (salt.tobytes(), key.tobytes(), int(units))
        for salt, key, units in zip(leaves.salts, leaves.keys, leaves.units, strict=True)
    ]
    tree, levels = SumTree(leaves), plain_tree(ready)
    assert levels[-1] == [tree.root.packed()]
    assert [step.packed() for step in tree.path(7)] == [row[(7 >> level) ^ 1] for level, row in enumerate(levels[:-1])]
