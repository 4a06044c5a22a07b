"""Where mutants are tried: a copy of the contracts in which forge never compiles again.

The tests are built once with forge's dynamic test linking, that is, they deploy what lies in `out/`; a mutant is tried
by putting its bytecode there. Only the tests that are asked for are in the copy: a filter on the command line would
cost seconds each time. So would a compiler for each of several copies: a twin is copied as it was built.
"""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

from scripts.contract_checks.mutant_builds import closure
from scripts.contract_checks.toolchain import CONTRACTS, ToolchainError, find_forge, run

SETTINGS = {"FOUNDRY_DYNAMIC_TEST_LINKING": "true", "FOUNDRY_FUZZ_RUNS": "64", "FOUNDRY_INVARIANT_RUNS": "8"}
"""Less than the tests make by themselves: what survives so little may be killed by more, never the other way round."""

CONTROL = "function afterInvariant("
"""Asks of a sequence of random steps whether enough has happened. Of a few sequences, in another order because another
constant is in the bytecode, that may fail by chance: it would be counted as a kill that it is not."""


class Verdict(Enum):
    """What the tests made of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed-out"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Trial:
    """A verdict, and of a kill which test file did it (empty else)."""

    verdict: Verdict
    by: str = ""


class Arena:
    """One copy for one contract and some test files; a context, whose end removes the copy."""

    def __init__(self, contract: str, tests: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bulkhead-mutants-")
        self._root = Path(self._folder.name)
        self._copy(tests)
        done = self._forge("build")
        if done.returncode:
            raise ToolchainError(f"forge build failed\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")
        self._retire_the_compiler()
        self._longest_s = 600.0
        self._place = f"out/{contract}.sol/{contract}.json"
        self._built = json.loads((self._root / self._place).read_text())
        self.original = str(self._built["bytecode"]["object"]).removeprefix("0x")
        """The creation bytecode as forge built it, in hex without 0x."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def twin(self) -> "Arena":
        """Another copy, which owes nothing to this one: for a second thread."""
        other = object.__new__(Arena)
        other.__dict__.update(self.__dict__)
        other._folder = tempfile.TemporaryDirectory(prefix="bulkhead-mutants-")
        other._root = Path(other._folder.name)
        other._built = json.loads(json.dumps(self._built))
        shutil.copytree(self._root, other._root, symlinks=True, dirs_exist_ok=True)
        return other

    def control(self) -> None:
        """The tests must pass with what was built, and fail with code that stops at once."""
        started = time.monotonic()
        if (trial := self.trial(self.original)).verdict is not Verdict.SURVIVED:
            raise ToolchainError(f"the tests fail without a mutant: {trial.by}")
        self._longest_s = max(30.0, 10 * (time.monotonic() - started))
        if self.trial("fe").verdict is not Verdict.KILLED:
            raise ToolchainError(f"no test deploys {self._place}: every mutant would survive")

    def trial(self, bytecode: str) -> Trial:
        """Try one mutant, until the first test that fails."""
        self._built["bytecode"]["object"] = f"0x{bytecode}"
        (self._root / self._place).write_text(json.dumps(self._built))
        try:
            done = self._forge("test", "--fail-fast", "--threads", "1", timeout_s=self._longest_s)
        except subprocess.TimeoutExpired:
            return Trial(Verdict.TIMED_OUT)
        if done.returncode == 0:
            return Trial(Verdict.SURVIVED)
        return Trial(Verdict.KILLED, killer(done.stdout))

    def _forge(self, *arguments: str, timeout_s: float | None = None) -> subprocess.CompletedProcess[str]:
        return run([find_forge(), *arguments], folder=self._root, settings=SETTINGS, timeout_s=timeout_s)

    def _retire_the_compiler(self) -> None:
        """forge asks for its version before every run, which costs more than most tests: that is all it still tells."""
        compiler = self._root / "tools" / "solc"
        told = run([compiler, "--version"], folder=self._root).stdout
        compiler.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] || exit 1\ncat <<'.'\n{told}.\n")

    def _copy(self, tests: Sequence[str]) -> None:
        for name in ("src", "tools"):
            shutil.copytree(CONTRACTS / name, self._root / name)
        shutil.copy(CONTRACTS / "foundry.toml", self._root)
        (self._root / "node_modules").symlink_to(CONTRACTS / "node_modules")
        for name, text in {name: text for test in tests for name, text in closure(test).items()}.items():
            (self._root / name).parent.mkdir(parents=True, exist_ok=True)
            (self._root / name).write_text(text.replace(CONTROL, "function controlOfTheSteps("))


def killer(told: str) -> str:
    """The test file of the first failure in what forge says. Raises ToolchainError where nothing failed by a test."""
    suite = ""
    for line in told.splitlines():
        if header := re.match(r"Ran \d+ tests? for (\S+):\w+", line):
            suite = header[1]
        if line.startswith("[FAIL") and suite:
            return suite
    raise ToolchainError(f"forge test failed without a failed test\n{told[-2_000:]}")


def tests_of(contract: str) -> list[str]:
    """The test files that reach a contract; neither proofs, which forge does not run, nor those that measure gas."""
    files = [path.relative_to(CONTRACTS).as_posix() for path in sorted((CONTRACTS / "test").glob("**/*.t.sol"))]
    tests = [one for one in files if not one.startswith("test/symbolic/") and "Gas" not in Path(one).name]
    return [one for one in tests if f"src/{contract}.sol" in closure(one)]
