"""The proofs of the last settlement as files: each client's own, that its compartment covers its mirrored balance."""

from collections.abc import Iterable
from pathlib import Path

from custody.covering import to_json
from settlement.desk.covering import Edition

PROOFS = "proofs"
_PRIVATE = 0o700  # a proof tells what its client has, and is for that client only


def clear_proofs(out: Path) -> None:
    """Take away what an earlier run left; OSError where that cannot be done."""
    for leftover in (out / PROOFS).glob("*/*.json"):
        leftover.unlink()


def leave_proofs(out: Path, editions: Iterable[Edition]) -> None:
    """Write <out>/proofs/<venue>/<client>.json for everybody in these editions; OSError where that cannot be done."""
    (out / PROOFS).mkdir(mode=_PRIVATE, exist_ok=True)
    for edition in editions:
        folder = out / PROOFS / edition.tree.venue
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        for client in edition.clients:
            (folder / f"{client}.json").write_text(to_json(edition.proof(client)), encoding="utf-8")
