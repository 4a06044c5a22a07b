"""Verdicts of earlier runs: a long run that was broken off goes on, and one after a new test does not begin anew.

A kill holds as long as the test file that did it is the same, with all that it needs; survival, as long as all are.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from scripts.contract_checks.arena import SETTINGS, Trial, Verdict, tests_of
from scripts.contract_checks.mutant_builds import closure
from scripts.contract_checks.toolchain import CONTRACTS, find_forge, run

MEMORY = CONTRACTS / "cache" / "mutation"


class Memory:
    """A line for each trial, appended as soon as it is over; a line that was cut off is forgotten."""

    def __init__(self, contract: str, folder: Path = MEMORY) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{contract}.txt"
        self._against = {one: _digest(one) for one in tests_of(contract)}
        self._against[""] = _digest(*self._against)
        lines = self._path.read_text().split("\n")[:-1] if self._path.exists() else []
        self._known = {code: Trial(Verdict(verdict), by) for code, verdict, by in self._valid(lines)}

    def recall(self, code: str) -> Trial | None:
        """What was found about this bytecode, if anything."""
        return self._known.get(_name(code))

    def remember(self, code: str, trial: Trial) -> None:
        """Keep a verdict; safe from several threads, because a line is one write."""
        with self._path.open("a") as file:
            file.write(f"{_name(code)} {trial.verdict.value} {self._against[trial.by]} {trial.by}\n")

    def _valid(self, lines: list[str]) -> list[tuple[str, str, str]]:
        parts = [line.split(" ") for line in lines]
        return [(code, verdict, by) for code, verdict, digest, by in parts if self._against.get(by) == digest]


def _name(code: str) -> str:
    return hashlib.sha256(bytes.fromhex(code)).hexdigest()


def _digest(*tests: str) -> str:
    """What a verdict of these test files depends on besides the mutant: the sources, forge's settings and ours."""
    texts = {name: text for test in tests for name, text in closure(test).items()}
    return hashlib.sha256(json.dumps([texts, SETTINGS, _config()], sort_keys=True).encode()).hexdigest()[:16]


@cache
def _config() -> str:
    return run([find_forge(), "config", "--json"], settings=SETTINGS).stdout
