"""halmos over test/symbolic: proofs for every argument, caller and state at once, and a control for each.

A function `check_…` is proved: no arguments break an assertion. A function `reach_…` is a control: it claims that what
the proofs are about never happens, and must be refuted, or they would be about nothing. A proof in which a loop was cut
off is none.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.contract_checks.locked_tools import installed
from scripts.contract_checks.toolchain import ToolchainError, run, say, step

PROVED, REFUTED = 0, 1
"""halmos' exit codes of a single test."""
ENOUGH_LOOPS = 5
"""Rounds of a loop that are followed; lists in the proofs are shorter than that."""

Test = Mapping[str, Any]
"""What halmos' JSON says of one function."""


def prove(match: str) -> list[str]:
    """Prove what is to be proved and refute the controls; answers what went otherwise.

    `match` is a regular expression that the functions' names have to match, `check_` or `reach_` put before it.
    """
    tests = _tests(installed("halmos"), match)
    if not tests:
        raise ToolchainError(f"no function of test/symbolic matches {match!r}")
    say([f"{test['name'].partition('(')[0]}: {test['num_paths'][0]} paths, {test['time'][0]:.1f} s" for test in tests])
    return [sentence for test in tests for sentence in judgement(test)]


def judgement(test: Test) -> list[str]:
    """What is wrong with the outcome of one function: nothing, or a sentence."""
    name, code = test["name"], test["exitcode"]
    if name.startswith("reach_"):
        return [] if code == REFUTED else [f"{name}: never happens as far as halmos can see (status {code})"]
    if code != PROVED:
        return [f"{name}: {'refuted' if code == REFUTED else f'not proved, status {code}'}; see above"]
    if test["num_bounded_loops"]:
        return [f"{name}: not proved, a loop was cut off after {ENOUGH_LOOPS} rounds"]
    return []


def _tests(commands: Path, match: str) -> list[Test]:
    """Run halmos over a fresh build: in an old one it would also prove what is no longer there."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-halmos-") as scratch, step("halmos"):
        out, cache = f"{scratch}/out", f"{scratch}/cache"
        told = Path(scratch) / "report.json"
        options = {
            "--match-contract": "^Symbolic",
            "--match-test": f"^(check|reach)_.*(?:{match})",
            "--forge-build-out": out,
            "--loop": str(ENOUGH_LOOPS),
            "--json-output": str(told),
        }
        flat = [part for option in options.items() for part in option]
        done = run(
            [commands / "halmos", "--no-status", *flat], settings={"FOUNDRY_OUT": out, "FOUNDRY_CACHE_PATH": cache}
        )
        if not told.exists():
            raise ToolchainError(f"halmos failed with status {done.returncode}\n{(done.stdout + done.stderr)[-3_000:]}")
        report = json.loads(told.read_text())
    tests = [test for suite in report["test_results"].values() for test in suite]
    if any(judgement(test) for test in tests):
        say([done.stdout])
    return sorted(tests, key=lambda test: str(test["name"]))
