"""`python -m scripts.fault_runs --schedules N --seed S --jobs J [--json]`: the deep run of the engine's faults.

Schedules are those of the tests (scripts/faults), under the seeds S, S + 1, …; each job has a chain, and a
PostgreSQL, of its own. It ends with what happened how often, and with status 1 if a schedule was not survived.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from scripts.faults.ground import Ground, prepared
from scripts.faults.schedule import drawn
from scripts.faults.world import Outcome, run

_STANDING: list[Ground] = []
_LIVES = ExitStack()


@dataclass(slots=True)
class Tally:
    """What a run came to. `wrong`: by seed."""

    first: int
    began_s: float
    schedules: int = 0
    entries: int = 0
    batches: int = 0
    lies: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    wrong: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.schedules += 1
        schedule = drawn(outcome.seed)
        self.kinds["process"] += schedule.is_process
        self.kinds["postgresql"] += schedule.is_postgres
        self.happened += outcome.happened
        if outcome.seen is not None:
            self.entries += outcome.seen.entries
            self.batches += outcome.seen.batches
            self.lies += outcome.seen.lies
        if outcome.wrong:
            self.wrong[outcome.seed] = outcome.wrong

    def facts(self) -> dict[str, object]:
        """As it is recorded."""
        return {
            "schedules": self.schedules, "survived": self.schedules - len(self.wrong),
            "seeds": [self.first, self.first + self.schedules - 1],
            "of_a_process": self.kinds["process"], "on_postgresql": self.kinds["postgresql"],
            "entries": self.entries, "batches": self.batches, "lies_kept_as_evidence": self.lies,
            "seconds": round(time.monotonic() - self.began_s),
            "machine": f"{platform.machine()}, {_cores()} cores, Python {platform.python_version()}",
            "happened": dict(sorted(self.happened.items())),
            "not_survived": {str(seed): list(wrong) for seed, wrong in sorted(self.wrong.items())},
        }  # fmt: skip


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _prepare() -> None:
    folder = _LIVES.enter_context(tempfile.TemporaryDirectory(prefix="faults-"))
    _STANDING.append(_LIVES.enter_context(prepared(Path(folder))))


def _one(seed: int) -> Outcome:
    return run(drawn(seed), _STANDING[0])


def carried_out(first: int, schedules: int, jobs: int, said: Path | None = None) -> Tally:
    """Run the schedules of as many seeds; `said` is written to again and again, so that a run cut short is not lost."""
    tally = Tally(first, time.monotonic())
    with get_context("spawn").Pool(jobs, _prepare) as pool:
        for outcome in pool.imap_unordered(_one, range(first, first + schedules)):
            tally.add(outcome)
            if outcome.wrong:
                sys.stderr.write(f"{outcome.seed}: {'; '.join(outcome.wrong)}\n")
            if said is not None:
                said.write_text(json.dumps(tally.facts(), indent=1) + "\n")
    return tally


def text(tally: Tally) -> str:
    """The same for people."""
    facts = tally.facts()
    lines = [f"{name:<24} {value}" for name, value in facts.items() if name not in ("happened", "not_survived")]
    lines += [
        "",
        "what happened, how often",
        *(f"  {name:<44} {count}" for name, count in sorted(tally.happened.items())),
    ]
    return "\n".join([*lines, *(f"seed {seed}: {'; '.join(wrong)}" for seed, wrong in sorted(tally.wrong.items()))])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="fault_runs", description=__doc__.partition("\n")[0])
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--progress", type=Path, help="a file that has the tally after each schedule")
    asked = parser.parse_args(arguments)
    tally = carried_out(asked.seed, asked.schedules, asked.jobs, asked.progress)
    sys.stdout.write((json.dumps(tally.facts(), indent=1) if asked.json else text(tally)) + "\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
