"""One process writes a ledger; a second one is told who.

The lock is the kernel's (flock on a file beside the ledger), so it is gone the moment its holder is, however that
ended; the words in the file only say who holds it. It binds those who ask for it, as Bulkhead does: another program
with the ledger in its hands is kept in order by SQLite's own locks alone.
"""

import fcntl
import json
import os
import socket
import sys
import weakref
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

LOCK_SUFFIX = ".lock"
_WORDS_BYTES = 4_096  # more than a holder's words ever take


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a ledger open for writing: host, process id (0: unknown), program, and since when (UTC, ISO 8601)."""

    host: str
    pid: int
    program: str
    since: str

    @property
    def is_this_process(self) -> bool:
        """Whether it is the one that asks."""
        return (self.host, self.pid) == (socket.gethostname(), os.getpid())

    def __str__(self) -> str:
        return f"{self.program}, process {self.pid} on {self.host} since {self.since}" if self.pid else self.program


UNNAMED = Holder("", 0, "a process that has not said its name", "")
"""A holder who has taken the lock and not yet written into it."""


class WriterLock:
    """The right to write a ledger, held until `release`, the end of the process, or until nothing refers to it."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._path = path
        self._close = weakref.finalize(self, os.close, descriptor)
        _HELD.add(self)

    @property
    def held(self) -> bool:
        """Whether this process still has it; a child that was forked off has not."""
        return self._close.alive

    def release(self) -> None:
        """Give it back and take the file away; doing so twice is doing so once."""
        if self.held:
            self._path.unlink(missing_ok=True)  # before the lock is free: afterwards it may be another's file
            self._close()

    def forget(self) -> None:
        """Drop a descriptor that a fork has copied: the lock stays with the parent, and with nobody after it."""
        self._close()


_HELD: "weakref.WeakSet[WriterLock]" = weakref.WeakSet()


def _forget_inherited() -> None:
    for lock in list(_HELD):
        lock.forget()


os.register_at_fork(after_in_child=_forget_inherited)


def take_lock(ledger: Path) -> WriterLock | Holder:
    """Take the lock of the ledger at this path, or learn who has it; OSError where its directory cannot be written.

    Symbolic links are followed, so a ledger has one lock under all its names (hard links excepted).
    """
    path = lock_of(ledger)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # An owner who has just left took its file away: a lock on that one would keep nobody out.
            is_current = _is_at(path, descriptor)
            if is_current:
                _sign(descriptor)
                return WriterLock(descriptor, path)
        except BlockingIOError:
            holder = _read(descriptor)
            os.close(descriptor)
            return holder
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def lock_of(ledger: Path) -> Path:
    """The file whose lock stands for the ledger's."""
    real = ledger.resolve()
    return real.with_name(real.name + LOCK_SUFFIX)


def _is_at(path: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _sign(descriptor: int) -> None:
    program = Path(sys.argv[0]).name or Path(sys.executable).name
    since = datetime.now(UTC).isoformat(timespec="seconds")
    words = json.dumps(asdict(Holder(socket.gethostname(), os.getpid(), program, since)))
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, words.encode(), 0)


def _read(descriptor: int) -> Holder:
    try:
        words = json.loads(os.pread(descriptor, _WORDS_BYTES, 0))
        return Holder(str(words["host"]), int(words["pid"]), str(words["program"]), str(words["since"]))
    except (ValueError, TypeError, KeyError):
        return UNNAMED
