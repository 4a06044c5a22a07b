"""slither's findings against the explanations of them: both lists must be the same.

A finding is known by its detector and the place it names, without line numbers, so that an explanation outlives edits
elsewhere. A finding without an explanation is an error, and so is an explanation that explains nothing any more.
"""

import json
import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.contract_checks.locked_tools import installed
from scripts.contract_checks.toolchain import AUDIT, ToolchainError, forge, run, step

TRIAGE = AUDIT / "slither.toml"
GRAVE = ("High", "Medium")
SHORTEST_REASON = 20
"""Characters. Less than that is no sentence."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What a detector says of a place, such as `uninitialized-local` of `CycleLib.requireWellFormed(Move[]).sum`."""

    check: str
    where: str


def slither() -> list[str]:
    """What is wrong between slither's grave findings in `src` and their explanations; empty when nothing is."""
    commands = installed("slither")
    with step("slither"):
        report = _report(commands)
    return disagreements(findings(report), explanations(TRIAGE.read_text()))


def _report(commands: Path) -> dict[str, Any]:
    """slither's own JSON about a build that shares nothing with an earlier one."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-slither-") as folder:
        out = f"{folder}/out"
        forge("build", "src", "--build-info", "--out", out, "--cache-path", f"{folder}/cache", quiet=True)
        told = Path(folder) / "report.json"
        options = ("--ignore-compile", "--foundry-out-directory", out, "--filter-paths", "node_modules", "--fail-none")
        done = run([commands / "slither", ".", *options, "--json", told])
        if done.returncode or not told.exists():
            raise ToolchainError(f"slither failed with status {done.returncode}\n{done.stderr.strip()[-2_000:]}")
        report: dict[str, Any] = json.loads(told.read_text())
    if not report["success"]:
        raise ToolchainError(f"slither failed: {report['error']}")
    return report


def findings(report: dict[str, Any]) -> dict[Finding, str]:
    """The grave findings of a report, each with slither's own words."""
    return {
        Finding(one["check"], place(one["description"])): one["description"].strip()
        for one in report["results"].get("detectors", ())
        if one["impact"] in GRAVE
    }


def place(description: str) -> str:
    """What the first line names before it comes to a file and its lines."""
    return re.split(r" \(\S+\.sol#", description.strip().splitlines()[0])[0]


def explanations(text: str) -> dict[Finding, str]:
    """The reasons in a triage file: tables `[[explained]]` of `check`, `where`, `reason`.

    Raises ToolchainError when the file is not of that form, says something twice, or gives no reason in words.
    """
    found: dict[Finding, str] = {}
    try:
        for entry in tomllib.loads(text).get("explained", ()):
            finding, reason = Finding(entry.pop("check"), entry.pop("where")), " ".join(entry.pop("reason").split())
            if entry or finding in found or len(reason) < SHORTEST_REASON:
                raise ToolchainError(f"{TRIAGE.name}: {finding.check} in {finding.where}: a word too many or too few")
            found[finding] = reason
    except (tomllib.TOMLDecodeError, KeyError, AttributeError) as why:
        raise ToolchainError(f"{TRIAGE.name} cannot be read: {why!r}") from None
    return found


def disagreements(found: dict[Finding, str], explained: dict[Finding, str]) -> list[str]:
    """One sentence for each finding without an explanation, and each explanation without a finding."""
    return [
        *(f"unexplained: {one.check} in {one.where}\n{found[one]}" for one in sorted(found.keys() - explained.keys())),
        *(f"stale: {one.check} in {one.where} is no longer found" for one in sorted(explained.keys() - found.keys())),
    ]
