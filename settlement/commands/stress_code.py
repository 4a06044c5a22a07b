"""Which code made a result: a digest of the sources that a run is computed by."""

from functools import cache
from hashlib import sha256
from pathlib import Path

import margin


@cache
def code_digest() -> str:
    """Of all sources of margin, in order of their names: whatever may change a run changes it."""
    return digest_of_sources(Path(next(iter(margin.__path__))))


def digest_of_sources(folder: Path) -> str:
    """SHA-256 over the names and texts of a package's modules."""
    state = sha256()
    for file in sorted(folder.rglob("*.py")):
        text = file.read_bytes()
        state.update(f"{file.relative_to(folder).as_posix()} {len(text)}\n".encode() + text)
    return state.hexdigest()
