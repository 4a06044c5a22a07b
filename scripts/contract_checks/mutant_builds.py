"""Mutants to bytecode, many in one run of the compiler: each under a folder of its own, OpenZeppelin shared by all.

One at a time would cost five seconds each, nearly all of it to start the compiler and to read what did not change.
Builds are kept in `contracts/cache/mutation` under a digest of all that went into them.
"""

import hashlib
import json
import os.path
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from scripts.contract_checks.toolchain import CONTRACTS, ToolchainError, find_forge, run

BATCH = 16
"""Mutants a run: the compiler keeps them all in memory, about 25 MB each."""

KEPT = CONTRACTS / "cache" / "mutation"

_IMPORT = re.compile(r'^import\b[^;]*?"([^"]+)"', re.MULTILINE)

Sources = dict[str, str]
"""Texts by path from `contracts/`."""


def closure(path: str) -> Sources:
    """A source of `src` or `test` and everything under `contracts/` that it needs, OpenZeppelin apart."""
    return {name: text for name, text in _closure(path).items() if not name.startswith("@")}


@cache
def _closure(path: str) -> Sources:
    found: Sources = {}
    waiting = [path]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _read(name)
            waiting += [_resolved(name, one) for one in _IMPORT.findall(found[name])]
    return found


def _read(name: str) -> str:
    return (CONTRACTS / "node_modules" / name if name.startswith("@") else CONTRACTS / name).read_text()


def _resolved(importer: str, imported: str) -> str:
    return os.path.normpath(f"{os.path.dirname(importer)}/{imported}") if imported.startswith(".") else imported


def compile_all(contract: str, mutants: Mapping[int, tuple[str, str]]) -> dict[int, str]:
    """Creation bytecode, in hex without 0x, of those mutants that compile.

    `mutants` are pairs of a path from `contracts/` and its new text, by number.
    """
    inputs = json.dumps([contract, _closure(f"src/{contract}.sol"), _settings(), mutants], sort_keys=True)
    kept = KEPT / f"{contract}-{hashlib.sha256(inputs.encode()).hexdigest()[:16]}.json"
    if kept.exists():
        return {int(number): code for number, code in json.loads(kept.read_text()).items()}
    built = _compile_all(contract, mutants)
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(built))
    return built


def _compile_all(contract: str, mutants: Mapping[int, tuple[str, str]]) -> dict[int, str]:
    left = dict(mutants)
    while left:
        answer = _compile(contract, left)
        refused, grave = _refused(answer)
        if not grave:
            return {number: _bytecode(answer, number, contract) for number in left}
        if not refused:
            return _one_by_one(contract, left, grave)
        left = {number: one for number, one in left.items() if number not in refused}
    return {}


def _one_by_one(contract: str, mutants: Mapping[int, tuple[str, str]], grave: list[str]) -> dict[int, str]:
    """Where the compiler does not say which of several it means, such as with a stack too deep."""
    if len(mutants) == 1:
        return {}
    if not any("too deep" in message for message in grave):
        raise ToolchainError(f"the compiler failed:\n{grave[0]}")
    built: dict[int, str] = {}
    for number, one in mutants.items():
        built |= _compile_all(contract, {number: one})
    return built


def _compile(contract: str, mutants: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    whole = _closure(f"src/{contract}.sol")
    sources = {name: text for name, text in whole.items() if name.startswith("@")}
    for number, (path, text) in mutants.items():
        own = {name: old for name, old in whole.items() if not name.startswith("@")} | {path: text}
        sources |= {_placed(number, name): one for name, one in own.items()}
    wanted = {_placed(number, f"src/{contract}.sol"): {contract: ["evm.bytecode.object"]} for number in mutants}
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": {**_settings(), "outputSelection": wanted},
    }
    done = run([CONTRACTS / "tools" / "solc", "--standard-json"], said=json.dumps(request))
    if done.returncode:
        raise ToolchainError(f"the compiler failed with status {done.returncode}\n{done.stderr[-2_000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _placed(number: int, name: str) -> str:
    """Behind `@openzeppelin` in the alphabet, like `src`: the order of sources shows in the bytecode."""
    return f"mutant/{number}/{name}"


@cache
def _settings() -> dict[str, Any]:
    """The compiler's settings as foundry.toml has them."""
    config = json.loads(run([find_forge(), "config", "--json"]).stdout)
    return {
        "optimizer": {"enabled": config["optimizer"], "runs": config["optimizer_runs"]},
        "viaIR": config["via_ir"],
        "evmVersion": config["evm_version"],
        "metadata": {"bytecodeHash": config["bytecode_hash"], "appendCBOR": config["cbor_metadata"]},
    }


def _refused(answer: dict[str, Any]) -> tuple[set[int], list[str]]:
    """The mutants in which the compiler found errors, and its words."""
    grave = [error for error in answer.get("errors", ()) if error["severity"] == "error"]
    files = [(error.get("sourceLocation") or {}).get("file", "") for error in grave]
    mutants = {int(file.split("/")[1]) for file in files if file.startswith("mutant/")}
    return mutants, [error["formattedMessage"] for error in grave]


def _bytecode(answer: dict[str, Any], number: int, contract: str) -> str:
    return str(answer["contracts"][_placed(number, f"src/{contract}.sol")][contract]["evm"]["bytecode"]["object"])
