"""halmos over test/symbolic: proofs for every argument, caller and state at once, and a control for each.

A function `check_…` is proved: no arguments break an assertion. A function `reach_…` is a control: it claims that what
the proofs are about never happens, and must be refuted, or they would be about nothing. A proof in which a loop was cut
off is none.
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.contract_checks.locked_tools import installed
from scripts.contract_checks.toolchain import AUDIT, CONTRACTS, ToolchainError, run, say, sources_digest, step

PROVED, REFUTED = 0, 1
"""halmos' exit codes of a single test."""
ENOUGH_LOOPS = 5
"""Rounds of a loop that are followed; lists in the proofs are shorter than that."""

RECORD = AUDIT / "halmos.txt"

Test = Mapping[str, Any]
"""What halmos' JSON says of one function."""


def prove(match: str) -> list[str]:
    """Prove what is to be proved and refute the controls; answers what went otherwise.

    `match` is a regular expression that the functions' names have to match, `check_` or `reach_` put before it. A run
    of all of them in which nothing went otherwise is recorded.
    """
    started = time.monotonic()
    suites = _suites(installed("halmos"), match)
    tests = sorted((test for suite in suites.values() for test in suite), key=lambda test: str(test["name"]))
    if not tests:
        raise ToolchainError(f"no function of test/symbolic matches {match!r}")
    say([f"{test['name'].partition('(')[0]}: {test['num_paths'][0]} paths, {test['time'][0]:.1f} s" for test in tests])
    wrong = [sentence for test in tests for sentence in judgement(test)]
    if not match and not wrong:
        RECORD.write_text(record(suites, time.monotonic() - started))
    return wrong


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


def record(suites: Mapping[str, Sequence[Test]], elapsed_s: float) -> str:
    """What was proved, file by file, under what the file itself says of its bounds."""
    tool = (AUDIT / "halmos.in").read_text().strip()
    parts = [
        "Proofs: python3 scripts/contracts.py halmos",
        "",
        f"date      {datetime.now(UTC):%Y-%m-%d}",
        f"sources   {sources_digest()}",
        f"versions  {tool}, solc 0.8.37",
        f"loops     of at most {ENOUGH_LOOPS} rounds; a proof in which one was cut off would be none",
        f"duration  {time.strftime('%M:%S', time.gmtime(elapsed_s))} with the build",
    ]
    for suite, tests in sorted(suites.items()):
        parts += ["", suite.partition(":")[0], *told_of(suite), ""]
        for test in sorted(tests, key=lambda test: str(test["name"])):
            kind, _, words = str(test["name"]).partition("(")[0].partition("_")
            parts.append(f"  {'proved' if kind == 'check' else 'reached'}  {words.replace('_', ' ')}")
    return "\n".join(parts) + "\n"


def told_of(suite: str) -> list[str]:
    """The comment over a contract of proofs, named as `path:contract`: what it proves, and for which inputs."""
    path, _, contract = suite.partition(":")
    comment: list[str] = []
    for line in reversed((CONTRACTS / path).read_text().partition(f"\ncontract {contract} ")[0].splitlines()):
        if not line.startswith("/// "):
            break
        comment.insert(0, f"  {line.removeprefix('/// ')}")
    return comment


def _suites(commands: Path, match: str) -> dict[str, list[Test]]:
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
    suites: dict[str, list[Test]] = report["test_results"]
    if any(judgement(test) for tests in suites.values() for test in tests):
        say([done.stdout])
    return suites
