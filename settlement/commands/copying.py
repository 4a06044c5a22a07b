"""`bulkhead ledger backup` and `restore`: a verified copy of a file, with progress where somebody watches."""

from custody.backup import BackupError, Copy, Progress, backup, restore
from custody.places import server_of
from settlement.commands.posting import spelt
from settlement.commands.printing import print_json, print_line
from settlement.commands.running import DONE
from settlement.commands.watching import Watch, watched


def back_up(place: str, target: str, replace: bool, as_json: bool) -> int:
    """Copy a ledger that may be in use; BackupError or DatabaseError where no copy was made."""
    _require_files(place, target)
    with watched("pages copied", as_json) as watch:
        copy = backup(place, target, replace=replace, progress=_progress(watch))
    return _told(copy, as_json)


def bring_back(source: str, place: str, as_json: bool) -> int:
    """Make a ledger out of a backup; BackupError or DatabaseError where none was made."""
    _require_files(place, source)
    with watched("backup being verified", as_json) as watch:
        copy = restore(source, place, progress=_progress(watch))
    return _told(copy, as_json)


def _require_files(*places: str) -> None:
    if any(server_of(place) is not None for place in places):
        raise BackupError(
            "a ledger on a PostgreSQL server is copied with pg_dump and brought back with pg_restore;"
            " only a SQLite file is copied here"
        )


def _progress(watch: Watch) -> Progress:
    def tell(done: int, total: int) -> None:
        watch.reach(done, total)
        watch.say("pages copied" if done < total else "copy being verified")

    return tell


def _told(copy: Copy, as_json: bool) -> int:
    if as_json:
        head = {"position": copy.head.position, "digest": copy.head.digest.hex()}
        print_json({"path": str(copy.path), "size_bytes": copy.size_bytes, "head": head})
    else:
        print_line(f"{copy.path}: {copy.size_bytes} bytes, verified; head {spelt(copy.head)}")
    return DONE
