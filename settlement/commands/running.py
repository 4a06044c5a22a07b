"""How a subcommand ends: its faults as one sentence on standard error, and an exit code that says whose they are.

0 done, 1 refused or failed, 2 input that cannot be read.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

from custody.backup import BackupError
from custody.books import Books, BooksError
from custody.database import LEDGER, Database, DatabaseError, Schema, open_database
from custody.statement import StatementError
from settlement.commands.fields import InputError
from settlement.commands.printing import printable

DONE, FAILED, USAGE = 0, 1, 2

_LONGEST = 1 << 20  # bytes of a line: more is no line of ours, and would have to be held as a whole


def answered(name: str, work: Callable[[], int], group: str = "ledger") -> int:
    """The exit code of the work, whether it ends or fails; `group` is the command that the subcommand belongs to."""
    name = f"{group} {name}".strip()
    try:
        status = work()
        sys.stdout.flush()
    except InputError as error:
        return _complain(name, error, USAGE)
    except (DatabaseError, BooksError, BackupError, StatementError) as error:
        return _complain(name, error, FAILED)
    except BrokenPipeError:
        # Whoever read has seen enough; what is still buffered must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


@contextmanager
def opened(
    place: str, *, create: bool = False, schemas: tuple[Schema, ...] = (LEDGER,)
) -> Iterator[tuple[Database, Books]]:
    """A ledger open for writing, by nobody else; `schemas`: whose tables it has."""
    with closing(open_database(place, create=create, schemas=schemas)) as database:
        yield database, Books(database)


@contextmanager
def looked_at(place: str, schemas: tuple[Schema, ...] = (LEDGER,)) -> Iterator[tuple[Database, Books]]:
    """A ledger that is only read, whoever writes it meanwhile."""
    with closing(open_database(place, create=False, read_only=True, schemas=schemas)) as database:
        yield database, Books(database)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file, one at a time, and how far it has been read."""

    source: str
    file: IO[bytes]
    longest: int = _LONGEST

    def __iter__(self) -> Iterator[bytes]:
        # Only what reading raises is the file's fault: a pipe that breaks while we print is not.
        try:
            for number, line in enumerate(iter(partial(self.file.readline, self.longest), b""), start=1):
                if len(line) == self.longest:
                    raise InputError(f"{self.source}, line {number}: expected a line of less than {self.longest} bytes")
                yield line
        except OSError as error:
            raise _unreadable(self.source, error) from error

    def bytes_read(self) -> tuple[int, int]:
        """How many, and how many there are; 0 and 0 where that is not known, as of a pipe."""
        size_bytes = os.fstat(self.file.fileno()).st_size if self.file.seekable() else 0
        return (self.file.tell(), size_bytes) if size_bytes else (0, 0)


@contextmanager
def lines_of(source: str, longest: int = _LONGEST) -> Iterator[Lines]:
    """The lines of a file, or of standard input for -; InputError where they cannot be read, or are too long."""
    if "://" in source:  # an address in the wrong place, with a password in it perhaps: it is not repeated
        raise InputError("--from: expected a file of JSON lines, or - for standard input, found an address")
    with ExitStack() as stack:
        try:
            file = sys.stdin.buffer if source == "-" else stack.enter_context(open(source, "rb"))
        except (OSError, ValueError) as error:
            raise _unreadable(source, error) from error
        yield Lines(source, file, longest)


def now_s() -> int:
    """The machine's clock, UTC seconds."""
    return int(time.time())


def _unreadable(source: str, error: Exception) -> InputError:
    return InputError(f"{source}: expected a readable file, found {getattr(error, 'strerror', None) or error}")


def _complain(name: str, error: Exception, status: int) -> int:
    # It may quote a file that somebody else wrote.
    said = "\n".join(map(printable, str(error).split("\n")))
    sys.stderr.write(f"{name}: {said}\n")
    return status
