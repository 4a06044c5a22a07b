"""Mutation testing of margin's formulas: how many small faults the tests would notice.

    python -m scripts.margin_checks.mutation [MODULE...] [--jobs N]

A run of all modules is recorded in tests/margin/mutation.txt; the reasons why survivors may survive are written by hand
in tests/margin/mutation.toml, by module and diff. A survivor without a reason is wrong, and so is a reason without one.
"""

import argparse
import ast
import sys
import tomllib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from scripts.margin_checks.mutants import Mutant, mutants
from scripts.margin_checks.trial import Verdict, prepare, verdict

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "tests" / "margin" / "mutation.txt"
REASONS = RECORD.with_suffix(".toml")
LEAST_KILLED_BPS = 9_000

STANDARD = (("standard/any", "standard/deep", "standard/far"), ("standard_options", "standard", "futures"))
PORTFOLIO = (
    ("pmrm/plain", "pmrm2/skew", "pmrm/basis", "pmrm/any", "pmrm2/swapped", "pmrm2/any"),
    ("shocks", "contingencies", "portfolio", "futures"),
)
"""Kinds of golden cases and tests that have to notice; nothing that is outside of this checkout."""
TARGETS = {
    "standard": STANDARD, "standard_options": STANDARD, "portfolio": PORTFOLIO, "contingencies": PORTFOLIO,
    "shocks": PORTFOLIO,
}  # fmt: skip
CASES = prepare()
VALUES = ("fixed", "marks", "positions", "result", "standard_parameters", "portfolio_parameters", *TARGETS)
"""Modules whose attributes may be taken for one another."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One module: how many mutants were tried, which of them nobody noticed, how many ran on without end."""

    module: str
    tried: int
    timed_out: int
    survivors: tuple[tuple[int, str], ...]
    """Line and diff."""

    @property
    def killed_bps(self) -> int:
        """Noticed, of those tried, rounded down."""
        return 10_000 * (self.tried - len(self.survivors)) // self.tried


def source(module: str) -> str:
    return (ROOT / "margin" / f"{module}.py").read_text()


def attributes() -> frozenset[str]:
    """Fields of the values that formulas read; the modules themselves stay unloaded."""
    trees = [ast.parse(source(module)) for module in VALUES]
    classes = [one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.ClassDef)]
    fields = [line.target for one in classes for line in one.body if isinstance(line, ast.AnnAssign)]
    return frozenset(one.id for one in fields if isinstance(one, ast.Name)) | {"UP", "DOWN", "forward"}


def trial(module: str, mutant: Mutant) -> Verdict:
    """In a worker."""
    kinds, tests = TARGETS[module]
    files = [f"tests/margin/test_{name}.py" for name in tests]
    return verdict(f"margin.{module}", mutant.apply(source(module)), kinds, files, CASES)


def tried(module: str, pool: ProcessPoolExecutor) -> Outcome:
    """Every mutant of a module."""
    text, every = source(module), mutants(source(module), attributes())
    if trial(module, Mutant(0, 0, "")) is not Verdict.SURVIVED:
        raise SystemExit(f"{module}: its tests fail without any mutant")
    verdicts: list[Verdict] = []
    for done, one in enumerate(pool.map(trial, [module] * len(every), every), 1):
        verdicts.append(one)
        if done % 20 == 0 or done == len(every):
            survived = verdicts.count(Verdict.SURVIVED)
            sys.stderr.write(f"{module}: {done} of {len(every)} tried, {survived} survived\n")
    survivors = [one for one, what in zip(every, verdicts, strict=True) if what is Verdict.SURVIVED]
    return Outcome(
        module,
        len(every),
        verdicts.count(Verdict.TIMED_OUT),
        tuple((one.line(text), one.told(text)) for one in survivors),
    )


def reasons() -> dict[tuple[str, str], str]:
    """Why a survivor may survive, by module and diff."""
    entries = tomllib.loads(REASONS.read_text()).get("survivor", []) if REASONS.is_file() else []
    return {(one["module"], one["mutant"].strip()): " ".join(one["reason"].split()) for one in entries}


def report(outcomes: Sequence[Outcome], known: dict[tuple[str, str], str]) -> str:
    """The record: figures, then every survivor with its reason."""
    lines = ["Mutation testing of margin: python -m scripts.margin_checks.mutation", ""]
    lines += [f"{'module':20}{'mutants':>10}{'survived':>10}{'timed out':>11}{'killed %':>10}"]
    for one in outcomes:
        share = f"{one.killed_bps / 100:.2f}"
        lines += [f"{one.module:20}{one.tried:>10}{len(one.survivors):>10}{one.timed_out:>11}{share:>10}"]
    for one in outcomes:
        for line, diff in one.survivors:
            why = known.get((one.module, diff), "NO REASON IS KNOWN")
            lines += ["", f"{one.module}.py:{line}", *(f"    {part}" for part in diff.splitlines()), f"    {why}"]
    return "\n".join(lines) + "\n"


def wrong(outcomes: Sequence[Outcome], known: dict[tuple[str, str], str]) -> list[str]:
    """What is not as it should be: too many survivors, survivors without reason, reasons without survivor."""
    modules = {one.module for one in outcomes}
    survived = {(one.module, diff) for one in outcomes for _, diff in one.survivors}
    few = [f"{one.module}: too few are noticed" for one in outcomes if one.killed_bps < LEAST_KILLED_BPS]
    unknown = [f"{module} survives:\n{diff}" for module, diff in sorted(survived - set(known))]
    stale = [
        f"{module} does not survive:\n{diff}" for module, diff in sorted(set(known) - survived) if module in modules
    ]
    return few + unknown + stale


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("modules", nargs="*", choices=[[], *TARGETS], metavar="MODULE")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("fork")) as pool:
        outcomes = [tried(module, pool) for module in asked.modules or TARGETS]
    text = report(outcomes, reasons())
    sys.stdout.write(text)
    if not asked.modules:
        RECORD.write_text(text)
    found = wrong(outcomes, reasons())
    sys.stderr.writelines(f"{one}\n" for one in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
