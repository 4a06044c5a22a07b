"""Verdicts of earlier runs, against the very same sources and tests: a long run that was broken off goes on."""

import hashlib
import json
from pathlib import Path

from scripts.contract_checks.arena import Verdict, tests_of
from scripts.contract_checks.mutant_builds import closure
from scripts.contract_checks.toolchain import CONTRACTS

MEMORY = CONTRACTS / "cache" / "mutation"


class Memory:
    """A line for each verdict, appended as soon as it is found; a line that was cut off is forgotten."""

    def __init__(self, contract: str, folder: Path = MEMORY) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{contract}-{_against(contract)}.txt"
        lines = self._path.read_text().split("\n")[:-1] if self._path.exists() else []
        self._known = {code: Verdict(verdict) for code, _, verdict in (line.partition(" ") for line in lines)}

    def recall(self, code: str) -> Verdict | None:
        """What was found about this bytecode, if anything."""
        return self._known.get(_name(code))

    def remember(self, code: str, verdict: Verdict) -> None:
        """Keep a verdict; safe from several threads, because a line is one write."""
        with self._path.open("a") as file:
            file.write(f"{_name(code)} {verdict.value}\n")


def _name(code: str) -> str:
    return hashlib.sha256(bytes.fromhex(code)).hexdigest()


def _against(contract: str) -> str:
    """What the verdicts depend on besides the mutant: sources, tests and forge's settings."""
    texts = {name: text for path in tests_of(contract) for name, text in closure(path).items()}
    texts["foundry.toml"] = (CONTRACTS / "foundry.toml").read_text()
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]
