"""Invariants and fuzz in depth: rounds of forge, each with a seed of its own, until enough calls were truly made.

Calls are counted from what forge reports, not from what it was asked for: the calls of every invariant's sequences, and
one for each run of a fuzz test. Every test gets about the same time, so that ten million calls are minutes and not a
day: a short first run measures what a call of each costs, from some microseconds to some milliseconds.
"""

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.contract_checks.progress import Progress
from scripts.contract_checks.toolchain import AUDIT, ToolchainError, find_forge, forge, run, say, sources_digest

CALLS = 10_000_000
FIRST_SEED = 0xB01C
RECORD = AUDIT / "deep.txt"

ROUNDS = 4
"""So many seeds, if each round makes what was planned."""
SEQUENCE = 500
"""Calls in one sequence of an invariant."""
LEAST = 4**4
"""Calls of the first run, and the least of any test in a round."""

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def deep(calls: int, jobs: int) -> list[str]:
    """Make at least so many calls; answers the failures of the first run that has any, with its seed.

    A run of at least `CALLS` calls is recorded.
    """
    if calls < 1 or jobs < 1:
        raise ToolchainError("at least one call, by at least one job")
    forge("build", quiet=True)
    progress = Progress("deep", calls, "calls")
    first = _run(FIRST_SEED, jobs, LEAST, ["test_.*", "invariant_.*"])
    if found := failures(first, FIRST_SEED):
        return found
    made = counted(first)
    plan = shares(costs_s(first), -(-calls // ROUNDS))
    seed = FIRST_SEED
    try:
        while made.total() < calls:
            seed += 1
            for each, tests in plan.items():
                results = _run(seed, jobs, each, tests)
                if found := failures(results, seed):
                    return found
                made.update(counted(results))
                progress.show(made.total())
    except KeyboardInterrupt:
        say(["Broken off; until then:", "", _record(made, seed, progress.elapsed_s())])
        raise
    record = _record(made, seed, progress.elapsed_s())
    say([record])
    if made.total() >= CALLS:
        RECORD.write_text(f"{record}\n")
    return []


def _run(seed: int, jobs: int, each: int, tests: list[str]) -> dict[str, Any]:
    """These tests, each with about so many calls."""
    settings = {
        "FOUNDRY_PROFILE": "deep",
        "FOUNDRY_FUZZ_RUNS": str(each),
        "FOUNDRY_INVARIANT_RUNS": str(-(-each // SEQUENCE)),
        "FOUNDRY_INVARIANT_DEPTH": str(SEQUENCE),
    }
    chosen = ("--match-test", rf"^({'|'.join(tests)})\(", "--threads", str(jobs), "--fuzz-seed", hex(seed))
    done = run([find_forge(), "test", "--json", *chosen], settings=settings)
    try:
        results: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ToolchainError(f"forge test failed with status {done.returncode}\n{done.stderr[-2_000:]}") from None
    return results


def costs_s(results: dict[str, Any]) -> dict[str, float]:
    """Seconds that a call took, by the test's name; of tests with one name the dearest."""
    calls = counted(results)
    costs: dict[str, float] = defaultdict(float)
    for suite, name, result in _tests(results):
        plain = name.partition("(")[0]
        if made := calls[f"{suite}.{plain}"]:
            costs[plain] = max(costs[plain], seconds(result["duration"]) / made)
    return dict(costs)


def seconds(duration: str) -> float:
    """A duration as forge tells it, such as `1s 20ms 3us`."""
    return sum(float(number) * _UNITS_S[unit] for number, unit in re.findall(r"([\d.]+)\s*([a-zµ]+)", duration))


def shares(costs: Mapping[str, float], calls: int) -> dict[int, list[str]]:
    """Tests by how many calls each makes: powers of four, none less than `LEAST`, together at least `calls`.

    The same time for each, as nearly as that allows; the quickest first, so that most calls are made early.
    """
    if not costs:
        raise ToolchainError("no fuzz test and no invariant: nothing is called")
    time_s = 1e-6
    while True:
        plan: dict[int, list[str]] = defaultdict(list)
        for test, cost_s in sorted(costs.items()):
            plan[_power_of_four(time_s / cost_s)].append(test)
        if sum(each * len(tests) for each, tests in plan.items()) >= calls:
            return dict(sorted(plan.items(), reverse=True))
        time_s *= 1.1


def _power_of_four(bound: float) -> int:
    power = LEAST
    while 4 * power <= bound:
        power *= 4
    return power


def _tests(results: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for suite, outcome in results.items():
        for name, result in outcome["test_results"].items():
            yield suite.partition(":")[2], name, result


def counted(results: dict[str, Any]) -> Counter[str]:
    """Calls per test, as `Suite.test`; a test that is neither fuzz nor invariant makes none that count."""
    made: Counter[str] = Counter()
    for suite, name, result in _tests(results):
        kind = result["kind"]
        made[f"{suite}.{name.partition('(')[0]}"] += kind.get("Fuzz", {}).get("runs", 0)
        made[f"{suite}.{name.partition('(')[0]}"] += kind.get("Invariant", {}).get("calls", 0)
    return +made


def failures(results: dict[str, Any], seed: int) -> list[str]:
    """One sentence for each failed test, with what repeats it."""
    return [
        f"{suite}.{name} failed: {result.get('reason')}\n"
        f"Repeat it: FOUNDRY_PROFILE=deep forge test --fuzz-seed {seed:#x} --match-contract '^{suite}$'"
        for suite, name, result in _tests(results)
        if result["status"] == "Failure"
    ]


def _record(made: Counter[str], last_seed: int, elapsed_s: float) -> str:
    version = run([find_forge(), "--version"]).stdout.splitlines()[0].rpartition(" ")[2]
    lines = [
        "Invariants and fuzz in depth: python3 scripts/contracts.py deep",
        "",
        f"date      {datetime.now(UTC):%Y-%m-%d}",
        f"sources   {sources_digest()}",
        f"forge     {version}",
        f"seeds     {FIRST_SEED:#x} to {last_seed:#x}, one a round",
        f"calls     {made.total():,}",
        f"duration  {time.strftime('%H:%M:%S', time.gmtime(elapsed_s))}, {made.total() / elapsed_s:,.0f} calls/s",
        "failures  none",
        "",
        *(f"{calls:>12,}  {test}" for test, calls in sorted(made.items())),
    ]
    return "\n".join(lines)
