"""Where mutants are tried: a copy of the contracts in which forge never compiles again.

The tests are built once with forge's dynamic test linking, that is, they deploy what lies in `out/`; a mutant is tried
by putting its bytecode there. Only tests that reach the contract are in the copy: a filter on the command line would
cost two seconds each time.
"""

import json
import shutil
import subprocess
import tempfile
import time
from enum import Enum
from pathlib import Path
from typing import Self

from scripts.contract_checks.mutant_builds import closure
from scripts.contract_checks.toolchain import CONTRACTS, ToolchainError, find_forge, run

QUICK = {"FOUNDRY_FUZZ_RUNS": "24", "FOUNDRY_INVARIANT_RUNS": "4"}
"""Enough to kill nearly every mutant; those that survive are tried again in full."""


class Verdict(Enum):
    """What the tests made of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Arena:
    """One copy for one contract; a context, whose end removes the copy."""

    def __init__(self, contract: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bulkhead-mutants-")
        self.root = Path(self._folder.name)
        self._artifact = self.root / "out" / f"{contract}.sol" / f"{contract}.json"
        self._longest_s = 600.0
        self._copy(contract)
        self._build()
        self._built = json.loads(self._artifact.read_text())
        self.original = str(self._built["bytecode"]["object"]).removeprefix("0x")
        """The creation bytecode as forge built it, in hex without 0x."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def control(self) -> None:
        """The tests must pass with what was built, and fail with code that stops at once."""
        started = time.monotonic()
        for settings in ({}, QUICK):
            if self._run(self.original, settings) is not Verdict.SURVIVED:
                raise ToolchainError(
                    f"the tests fail without a mutant: {' '.join(f'{k}={v}' for k, v in settings.items())}"
                )
        self._longest_s = max(30.0, 5 * (time.monotonic() - started))
        if self._run("fe", QUICK) is not Verdict.KILLED:
            raise ToolchainError(f"no test deploys {self._artifact.stem}: every mutant would survive")

    def verdict(self, bytecode: str) -> Verdict:
        """Try one mutant: quickly first, and in full if it survives that."""
        quick = self._run(bytecode, QUICK)
        return self._run(bytecode, {}) if quick is Verdict.SURVIVED else quick

    def _run(self, bytecode: str, settings: dict[str, str]) -> Verdict:
        self._built["bytecode"]["object"] = f"0x{bytecode}"
        self._artifact.write_text(json.dumps(self._built))
        try:
            done = self._forge("test", "--fail-fast", settings=settings)
        except subprocess.TimeoutExpired:
            return Verdict.TIMED_OUT
        if done.returncode == 0:
            return Verdict.SURVIVED
        if "[FAIL" not in done.stdout:
            raise ToolchainError(
                f"forge test failed without a failed test\n{done.stdout[-1_000:]}{done.stderr[-1_000:]}"
            )
        return Verdict.KILLED

    def _forge(self, *arguments: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
        settings = {"FOUNDRY_DYNAMIC_TEST_LINKING": "true", **settings}
        return run([find_forge(), *arguments], folder=self.root, settings=settings, timeout_s=self._longest_s)

    def _copy(self, contract: str) -> None:
        for name in ("src", "tools"):
            shutil.copytree(CONTRACTS / name, self.root / name)
        shutil.copy(CONTRACTS / "foundry.toml", self.root)
        (self.root / "node_modules").symlink_to(CONTRACTS / "node_modules")
        for path in tests_of(contract):
            for name in closure(path):
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(CONTRACTS / name, self.root / name)

    def _build(self) -> None:
        done = self._forge("build", settings={})
        if done.returncode:
            raise ToolchainError(f"forge build failed\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")


def tests_of(contract: str) -> list[str]:
    """The test files that reach a contract; neither proofs, which forge does not run, nor those that measure gas."""
    files = [path.relative_to(CONTRACTS).as_posix() for path in sorted((CONTRACTS / "test").glob("**/*.t.sol"))]
    tests = [one for one in files if not one.startswith("test/symbolic/") and not Path(one).name.startswith("Gas")]
    return [one for one in tests if f"src/{contract}.sol" in closure(one)]
