"""What a node must be before anything is written to it: the right chain, with our contracts' code where we look for it.

Code on a chain is what the compiler made, save the immutables, which the constructor has written into it. A committed
artifact has the creation code, of which that is the end; where an immutable belongs, it pushes 32 zero bytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from settlement.abi import Artifact

_IMMUTABLE = re.compile(b"\x7f(?=\0{32})")
"""PUSH32 of nothing: solc leaves this much room, whatever the immutable's type."""
_WORD = 32


@dataclass(frozen=True, slots=True)
class Expected:
    """`code`: which contract stands at an address; None where any code will do."""

    chain_id: int
    code: Mapping[str, Artifact | None] = field(default_factory=dict)


def mismatch(code: bytes, artifact: Artifact | None) -> str:
    """Why the code at an address is not the one expected; empty if it is."""
    if not code:
        return "has no code"
    if artifact is None or is_build_of(code, artifact):
        return ""
    return f"has code that is no build of {artifact.name}"


def is_build_of(code: bytes, artifact: Artifact) -> bool:
    """Whether deployed code is an artifact's, its immutables aside."""
    built = artifact.bytecode[-len(code) :]
    if len(built) != len(code):
        return False
    start = 0
    for found in _IMMUTABLE.finditer(built):
        if code[start : found.end()] != built[start : found.end()]:
            return False
        start = max(start, found.end() + _WORD)
    return code[start:] == built[start:]
