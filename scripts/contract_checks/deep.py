"""Invariants and fuzz in depth: rounds of forge, each with a seed of its own, until enough calls were truly made.

Calls are counted from what forge reports, not from what it was asked for: the calls of every invariant's sequences, and
one for each run of a fuzz test. How large a round is says the profile `deep` of foundry.toml.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from scripts.contract_checks.progress import Progress
from scripts.contract_checks.toolchain import AUDIT, ToolchainError, find_forge, forge, run, sources_digest

CALLS = 10_000_000
FIRST_SEED = 0xB01C
RECORD = AUDIT / "deep.txt"


def deep(calls: int, jobs: int) -> list[str]:
    """Make at least so many calls; answers the failures of the first round that has any, with its seed.

    A run of at least `CALLS` calls is recorded.
    """
    if calls < 1 or jobs < 1:
        raise ToolchainError("at least one call, by at least one job")
    forge("build", quiet=True)
    progress = Progress("deep", calls, "calls")
    made: Counter[str] = Counter()
    rounds = 0
    with ThreadPoolExecutor(jobs) as pool:
        for seeds in _batches(jobs):
            for seed, results in zip(seeds, pool.map(_round, seeds), strict=True):
                if found := failures(results, seed):
                    return found
                made.update(counted(results))
                rounds += 1
            progress.show(made.total())
            if made.total() >= calls:
                break
    record = _record(made, rounds, progress.elapsed_s())
    print(record, end="")
    if made.total() >= CALLS:
        RECORD.write_text(record)
    return []


def _batches(size: int) -> Iterator[range]:
    """Seeds, so many at a time, without end."""
    first = FIRST_SEED
    while True:
        yield range(first, first + size)
        first += size


def _round(seed: int) -> dict[str, Any]:
    settings = {"FOUNDRY_PROFILE": "deep"}
    done = run([find_forge(), "test", "--json", "--fuzz-seed", hex(seed)], settings=settings)
    try:
        results: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ToolchainError(f"forge test failed with status {done.returncode}\n{done.stderr[-2_000:]}") from None
    return results


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


def _record(made: Counter[str], rounds: int, elapsed_s: float) -> str:
    version = run([find_forge(), "--version"]).stdout.splitlines()[0]
    lines = [
        "Invariants and fuzz in depth: python3 scripts/contracts.py deep",
        "",
        f"date      {datetime.now(UTC):%Y-%m-%d}",
        f"sources   {sources_digest()}",
        f"forge     {version}",
        f"seeds     {FIRST_SEED:#x} and the {rounds - 1} after it, one a round",
        f"calls     {made.total():,}",
        f"duration  {time.strftime('%H:%M:%S', time.gmtime(elapsed_s))}, {made.total() / elapsed_s:,.0f} calls/s",
        "failures  none",
        "",
        *(f"{calls:>12,}  {test}" for test, calls in sorted(made.items())),
    ]
    return "\n".join(lines) + "\n"
