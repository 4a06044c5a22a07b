"""The committed ABI and bytecode: written from a fresh build, and compared with one.

The other packages know the contracts by these files only.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from scripts.contract_checks.toolchain import CONTRACTS, forge

ARTIFACTS = CONTRACTS / "artifacts"

Artifact = dict[str, Any]
"""`contractName`, `abi` and `bytecode` of one contract, as JSON has them."""


def names(folder: Path = CONTRACTS / "src") -> tuple[str, ...]:
    """The contracts: one to each file directly in `src`, under the file's name."""
    return tuple(sorted(path.stem for path in folder.glob("*.sol")))


def compile_afresh() -> dict[str, Artifact]:
    """The artifacts of a build that shares nothing with an earlier one."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-contracts-") as folder:
        out = Path(folder) / "out"
        forge("build", "--skip", "test", "--out", str(out), "--cache-path", f"{folder}/cache", quiet=True)
        return {name: _artifact(name, out) for name in names()}


def _artifact(name: str, out: Path) -> Artifact:
    built = json.loads((out / f"{name}.sol" / f"{name}.json").read_text())
    return {"contractName": name, "abi": built["abi"], "bytecode": built["bytecode"]["object"]}


def to_text(artifact: Artifact) -> str:
    """The one form in which an artifact is committed."""
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def differences(fresh: dict[str, Artifact], folder: Path = ARTIFACTS) -> list[str]:
    """What differs between a fresh build and the committed artifacts, one sentence each; empty when nothing does."""
    strays = [path.name for path in sorted(folder.glob("*.json")) if path.stem not in fresh]
    found = [f"{stray}: belongs to no contract" for stray in strays]
    for name, artifact in fresh.items():
        path = folder / f"{name}.json"
        if not path.exists():
            found.append(f"{path.name}: missing")
        elif path.read_text() != to_text(artifact):
            found += _changes(path, artifact)
    return found


def _changes(path: Path, fresh: Artifact) -> list[str]:
    try:
        committed = json.loads(path.read_text())
        old, new = abi_entries(committed["abi"]), abi_entries(fresh["abi"])
        old_bytecode = committed["bytecode"]
    except (ValueError, KeyError, TypeError):
        return [f"{path.name}: is not an artifact"]
    found = [f"{path.name}: {entry} is committed but no longer built" for entry in sorted(old.keys() - new.keys())]
    found += [f"{path.name}: {entry} is built but not committed" for entry in sorted(new.keys() - old.keys())]
    found += [f"{path.name}: {entry} changed" for entry in sorted(old.keys() & new.keys()) if old[entry] != new[entry]]
    if old_bytecode != fresh["bytecode"]:
        found.append(f"{path.name}: the bytecode differs")
    return found or [f"{path.name}: the same content, written in another form"]


def abi_entries(abi: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """ABI entries by a name that a person recognises, such as `error WrongNonce(uint256,uint256)`."""
    return {
        f"{entry['type']} {entry.get('name', '')}({','.join(_type(i) for i in entry.get('inputs', []))})": entry
        for entry in abi
    }


def _type(parameter: dict[str, Any]) -> str:
    """The canonical ABI type: a tuple by its members, as in selectors."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(member) for member in parameter['components'])}){kind.removeprefix('tuple')}"


def build() -> list[str]:
    """Write the artifacts; answers what was done."""
    ARTIFACTS.mkdir(exist_ok=True)
    fresh = compile_afresh()
    for name, artifact in fresh.items():
        (ARTIFACTS / f"{name}.json").write_text(to_text(artifact))
    return [f"{name}: {len(artifact['bytecode']) // 2 - 1:,} bytes" for name, artifact in fresh.items()]
