"""Contracts as committed ABI and bytecode: calls and results encoded, custom errors turned into sentences."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

ARTIFACTS = Path(__file__).resolve().parent.parent / "contracts" / "artifacts"
PANIC, REVERT_STRING = bytes.fromhex("4e487b71"), bytes.fromhex("08c379a0")


class ArtifactError(Exception):
    """A contract's committed ABI and bytecode cannot be read."""


def canonical_type(parameter: Mapping[str, Any]) -> str:
    """The ABI type of one parameter with tuples written out, as in `(address,int256)[]`."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(map(canonical_type, parameter["components"])) + ")" + kind.removeprefix("tuple")


@dataclass(frozen=True, slots=True)
class Entry:
    """A function or error: its name, selector, parameter names and types, and what it returns."""

    name: str
    selector: bytes
    names: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One contract, as built. Functions and errors are looked up by name; overloads are not used here."""

    name: str
    bytecode: bytes
    constructor: tuple[str, ...]
    functions: Mapping[str, Entry]
    errors: Mapping[bytes, Entry]

    def creation(self, *arguments: object) -> bytes:
        """Bytecode with the constructor's arguments behind it."""
        return self.bytecode + encode(self.constructor, arguments)

    def call(self, function: str, *arguments: object) -> bytes:
        """Calldata. Raises KeyError for an unknown function."""
        entry = self.functions[function]
        return entry.selector + encode(entry.inputs, arguments)

    def result(self, function: str, data: bytes) -> Any:
        """What a call returned: the value itself if there is one, a tuple if there are several."""
        values = decode(self.functions[function].outputs, data)
        return values[0] if len(values) == 1 else values


@cache
def load_artifact(name: str, folder: Path = ARTIFACTS) -> Artifact:
    """Read `<name>.json`. Raises ArtifactError that says how to build it."""
    path = folder / f"{name}.json"
    try:
        built = json.loads(path.read_text())
        return _artifact(name, built["abi"], bytes.fromhex(built["bytecode"].removeprefix("0x")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
        raise ArtifactError(
            f"{path} is no build of {name} ({why!r}); make it with: python3 scripts/contracts.py build"
        ) from why


def _artifact(name: str, abi: Sequence[Mapping[str, Any]], bytecode: bytes) -> Artifact:
    constructor: list[dict[str, Any]] = next((entry["inputs"] for entry in abi if entry["type"] == "constructor"), [])
    return Artifact(
        name,
        bytecode,
        tuple(map(canonical_type, constructor)),
        {entry["name"]: _entry(entry) for entry in abi if entry["type"] == "function"},
        {_entry(entry).selector: _entry(entry) for entry in abi if entry["type"] == "error"},
    )


def _entry(raw: Mapping[str, Any]) -> Entry:
    inputs = tuple(map(canonical_type, raw["inputs"]))
    selector = keccak(text=f"{raw['name']}({','.join(inputs)})")[:4]
    names = tuple(parameter["name"] for parameter in raw["inputs"])
    return Entry(raw["name"], selector, names, inputs, tuple(map(canonical_type, raw.get("outputs", ()))))


def explain_revert(data: bytes, artifacts: Sequence[Artifact]) -> str:
    """A revert as a sentence: `exceeds compartment (holder 0x…, balance 5, amount 7)`; hex when nobody can read it."""
    if not data:
        return "reverted without a reason"
    try:
        told = _told(data[:4], data[4:], artifacts)
    except (DecodingError, UnicodeDecodeError):
        # A contract may return what it likes behind a known selector.
        told = ""
    return told or f"reverted with 0x{data.hex()}"


def _told(selector: bytes, body: bytes, artifacts: Sequence[Artifact]) -> str:
    if selector == REVERT_STRING:
        return str(decode(("string",), body)[0])
    if selector == PANIC:
        return f"panic {decode(('uint256',), body)[0]:#x}"
    for artifact in artifacts:
        if entry := artifact.errors.get(selector):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", entry.name).lower()
            values = zip(entry.names, decode(entry.inputs, body), strict=True)
            told = ", ".join(f"{name} {_shown(value)}" for name, value in values)
            return f"{words} ({told})" if told else words
    return ""


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
