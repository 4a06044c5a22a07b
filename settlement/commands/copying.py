"""`bulkhead ledger backup` and `restore`: a verified copy, with progress where somebody watches."""

import sys

from custody.backup import Copy, Progress, backup, restore
from settlement.commands.posting import spelt
from settlement.commands.printing import print_json, print_line
from settlement.commands.running import DONE


def back_up(place: str, target: str, replace: bool, as_json: bool) -> int:
    """Copy a ledger that may be in use; BackupError or DatabaseError where no copy was made."""
    return _told(backup(place, target, replace=replace, progress=_progress()), as_json)


def bring_back(source: str, place: str, as_json: bool) -> int:
    """Make a ledger out of a backup; BackupError or DatabaseError where none was made."""
    return _told(restore(source, place, progress=_progress()), as_json)


def _progress() -> Progress | None:
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        sys.stderr.write(f"\r{done} of {total} pages" + ("\n" if done == total else ""))
        sys.stderr.flush()

    return tell


def _told(copy: Copy, as_json: bool) -> int:
    if as_json:
        head = {"position": copy.head.position, "digest": copy.head.digest.hex()}
        print_json({"path": str(copy.path), "size_bytes": copy.size_bytes, "head": head})
    else:
        print_line(f"{copy.path}: {copy.size_bytes} bytes, verified; head {spelt(copy.head)}")
    return DONE
