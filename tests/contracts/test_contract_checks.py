"""What judges the contracts, judged: mutants, slither's findings, proofs, counted calls."""

from pathlib import Path
from typing import Any

import pytest

from scripts.contract_checks import arena, deep, mutants, mutation_report, symbolic, triage
from scripts.contract_checks.mutation_report import Outcome, Survivor
from scripts.contract_checks.toolchain import ToolchainError
from scripts.contract_checks.verdict_memory import Memory

SOURCE = """
pragma solidity 0.8.37;
contract Purse {
    uint256 private held; // not - this
    function pay(address to, uint256 amount) external onlyOwner returns (uint256) {
        if (amount > held) revert TooMuch(held, amount);
        held -= amount;
        emit Paid(to, "a > b");
    }
}
"""


def test_every_operator_finds_its_place_and_nothing_outside_of_code() -> None:
    told = {edit.told(SOURCE).split("\n", 1)[0] for edit in mutants.edits(SOURCE)}
    assert told == {
        "5: modifier removed",
        "6: > becomes <=",
        "6: > becomes >=",
        "6: arguments swapped",
        "6: condition false",
        "6: statement removed",
        "7: -= becomes +=",
        "7: -= becomes =",
        "7: statement removed",
        "8: another text",
        "8: arguments swapped",
        "8: statement removed",
    }


def test_a_mutant_differs_in_its_one_place_and_is_told_as_a_diff() -> None:
    swapped = next(edit for edit in mutants.edits(SOURCE) if edit.operator == "arguments swapped")
    assert swapped.apply(SOURCE) == SOURCE.replace("(held, amount)", "(amount, held)")
    assert swapped.told(SOURCE).splitlines()[1:] == [
        "    - if (amount > held) revert TooMuch(held, amount);",
        "    + if (amount > held) revert TooMuch(amount, held);",
    ]


def report(*entries: tuple[str, str, str]) -> dict[str, Any]:
    detectors = [
        {"impact": impact, "check": check, "description": f"{where} (src/A.sol#1-9) is wrong:\n\t- more\n"}
        for impact, check, where in entries
    ]
    return {"results": {"detectors": detectors}}


def test_a_finding_needs_an_explanation_and_an_explanation_a_finding() -> None:
    found = triage.findings(report(("High", "reentrancy", "A.f(uint256,bytes)"), ("Low", "naming", "A.g()")))
    assert list(found) == [triage.Finding("reentrancy", "A.f(uint256,bytes)")]
    explained = {triage.Finding("timestamp", "A.h()"): "because"}

    assert triage.disagreements(found, dict.fromkeys(found, "because")) == []
    assert triage.disagreements(found, explained) == [
        "unexplained: reentrancy in A.f(uint256,bytes)\nA.f(uint256,bytes) (src/A.sol#1-9) is wrong:\n\t- more",
        "stale: timestamp in A.h() is no longer found",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "explained = [",
        '[[explained]]\ncheck = "a"\nwhere = "b"',
        '[[explained]]\ncheck = "a"\nwhere = "b"\nreason = "fine"',
        '[[explained]]\ncheck = "a"\nwhere = "b"\nreason = "a reason that is long enough"\nextra = 1',
        2 * '[[explained]]\ncheck = "a"\nwhere = "b"\nreason = "a reason that is long enough"\n',
    ],
)
def test_an_explanation_without_words_is_none(text: str) -> None:
    with pytest.raises(ToolchainError, match=r"slither\.toml"):
        triage.explanations(text)


def test_the_committed_explanations_can_be_read() -> None:
    assert triage.explanations(triage.TRIAGE.read_text())
    mutation_report.reasons()


@pytest.mark.parametrize(
    ("name", "code", "cut_off", "sentences"),
    [
        ("check_a()", 0, 0, 0),
        ("check_a()", 0, 1, 1),
        ("check_a()", 1, 0, 1),
        ("check_a()", 2, 0, 1),
        ("reach_a()", 1, 0, 0),
        ("reach_a()", 0, 0, 1),
        ("reach_a()", 4, 0, 1),
    ],
)
def test_a_proof_must_pass_uncut_and_a_control_be_refuted(name: str, code: int, cut_off: int, sentences: int) -> None:
    assert len(symbolic.judgement({"name": name, "exitcode": code, "num_bounded_loops": cut_off})) == sentences


def test_calls_are_those_that_forge_says_were_made_and_a_failure_can_be_repeated() -> None:
    def result(kind: dict[str, Any], status: str = "Success") -> dict[str, Any]:
        return {"kind": kind, "status": status, "reason": "it broke"}

    results = {
        "test/A.t.sol:A": {
            "test_results": {
                "test_unit()": result({"Unit": {"gas": 9}}),
                "test_fuzz(uint256)": result({"Fuzz": {"runs": 256}}),
                "invariant_x()": result({"Invariant": {"runs": 2, "calls": 100, "reverts": 0}}, "Failure"),
            }
        }
    }
    assert deep.counted(results) == {"A.test_fuzz": 256, "A.invariant_x": 100}
    assert deep.failures(results, 0xB0) == [
        "A.invariant_x() failed: it broke\n"
        "Repeat it: FOUNDRY_PROFILE=deep forge test --fuzz-seed 0xb0 --match-contract '^A$'"
    ]


def test_a_survivor_needs_a_reason_and_a_reason_a_survivor() -> None:
    told = "7: > becomes >=\n    - if (a > b)\n    + if (a >= b)"
    outcome = Outcome("Purse", 12, 1, 1, tried=10, timed_out=1, survivors=(Survivor("Purse.sol", told),))
    reasons = {("Purse", "- if (a > b)\n+ if (a >= b)"): "a and b are never equal here"}
    stale = {**reasons, ("Purse", "- x\n+ y"): "gone"}

    assert outcome.killed_bps == 9_000
    assert mutation_report.wrong([outcome], reasons, whole=True) == []
    assert len(mutation_report.wrong([outcome], {}, whole=True)) == 1
    assert len(mutation_report.wrong([outcome], stale, whole=True)) == 1
    assert mutation_report.wrong([outcome], stale, whole=False) == []
    assert "a and b are never equal here" in mutation_report.text([outcome], reasons)


def test_every_test_gets_about_the_same_time_and_all_together_the_calls_that_are_asked_for() -> None:
    costs = {"test_quick": 1e-5, "test_slow": 1e-3, "invariant_slowest": 1.0}
    plan = deep.shares(costs, 100_000)
    calls = {test: each for each, tests in plan.items() for test in tests}
    assert calls == {"test_quick": 4**9, "test_slow": 4**5, "invariant_slowest": deep.LEAST}
    assert deep.shares(costs, 1) == {deep.LEAST: sorted(costs)}
    with pytest.raises(ToolchainError, match="nothing is called"):
        deep.shares({}, 1)


@pytest.mark.parametrize(
    ("told", "expected"), [("2s", 2.0), ("1m 2s 500ms", 62.5), ("1ms 30us", 0.00103), ("7µs 500ns", 7.5e-6), ("", 0.0)]
)
def test_a_duration_is_read_as_forge_tells_it(told: str, expected: float) -> None:
    assert deep.seconds(told) == pytest.approx(expected)


def test_a_kill_is_the_first_failed_test_and_a_failure_of_forge_is_none() -> None:
    told = (
        "Ran 2 tests for test/A.t.sol:ATest\n[PASS] test_a()\n\nRan 1 test for test/B.t.sol:BTest\n[FAIL: x] test_b()"
    )
    assert arena.killer(told) == "test/B.t.sol"
    with pytest.raises(ToolchainError, match="without a failed test"):
        arena.killer("Ran 2 tests for test/A.t.sol:ATest\n[PASS] test_a()\nError: no disk")


def test_a_verdict_is_remembered_while_its_tests_are_the_same(tmp_path: Path) -> None:
    memory = Memory("CustodyToken", tmp_path)
    killed = arena.Trial(arena.Verdict.KILLED, "test/CustodyTokenBurn.t.sol")
    memory.remember("fe", killed)
    memory.remember("fd", arena.Trial(arena.Verdict.SURVIVED))
    with (tmp_path / "CustodyToken.txt").open("a") as file:
        file.write("cut off")

    again = Memory("CustodyToken", tmp_path)
    assert (again.recall("fe"), again.recall("fc")) == (killed, None)
    assert again.recall("fd") == arena.Trial(arena.Verdict.SURVIVED)
    lines = (tmp_path / "CustodyToken.txt").read_text()
    digest = lines.split()[2]
    (tmp_path / "CustodyToken.txt").write_text(lines.replace(digest, "0" * len(digest)))
    changed = Memory("CustodyToken", tmp_path)
    assert changed.recall("fe") is None, "found by a test that is another one now"
