"""A custodian on a disk that fails at one step of a commit after another, and what it says: run as a script.

Usage: custodian_on_a_faulty_disk.py FOLDER WAY CALL. Every call is another one of its kind (submit or tell), and the
n-th fails at the n-th step that it asks of the disk, until one asks for fewer. Prints a line of JSON for each: what
failed, what was said, what the same call answered once the disk worked. The ledger as it stood behind each fault is
left in the folder, for a process whose disk works. WAY: once, for-good, half (of the write that fails is done).
"""

import json
import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from custody.answers import Answer
from custody.database import DatabaseError
from custody.instructions import Delegate
from custody.states import Act
from tests.custody.custodian_cast import FUND, Cast, cast_at, usdc
from tests.custody.faulty_disk import FaultyDisk

FUNDED, UNITS = 10_000, 10
"""What the fund has deposited, and what each call is about: ledger units."""


def submit(cast: Cast, number: int) -> Answer:
    """The delegation with this number is handed in: the very same one each time."""
    cast.nonces = 1_000 + number
    return cast.custodian.submit(
        cast.signed(Delegate, FUND, f"g/{number}", venue="north", amount=usdc(UNITS)), cast.now_s
    )


def tell(cast: Cast, number: int) -> Answer:
    """The venue acknowledges it."""
    return cast.tell(f"g/{number}", Act.ACKNOWLEDGE)


CALLS: dict[str, Callable[[Cast, int], Answer]] = {"submit": submit, "tell": tell}


def one_fault(
    disk: FaultyDisk, cast: Cast, call: Callable[[Cast, int], Answer], at: int, way: str
) -> dict[str, object]:
    """The call with this number on a disk that fails at the step with this number, and then once more."""
    fault, copy = "", cast.database.path.with_name(f"{at}.sqlite")
    disk.begin(at, for_good=way == "for-good", half=way == "half")
    try:
        assert call(cast, at).ok
    except DatabaseError as error:
        fault = str(error)
    failed = [step.name for step in disk.failed]
    for suffix in ("", "-wal"):  # the log is gone where it could be folded into the file
        if Path(f"{cast.database.path}{suffix}").exists():
            shutil.copy(f"{cast.database.path}{suffix}", f"{copy}{suffix}")
    disk.mend()
    answer = call(cast, at)
    return {"at": at, "failed": failed, "fault": fault, "ok": answer.ok, "repeated": answer.repeated}


def main(folder: Path, way: str, name: str) -> None:
    """Fault after fault, until a call is done before its number is reached."""
    disk = FaultyDisk()
    disk.install()
    with cast_at(str(folder / "working.sqlite")) as cast:
        cast.deposited("d", FUNDED)
        for at in count(1):
            if name == "tell":
                assert submit(cast, at).ok
            told = one_fault(disk, cast, CALLS[name], at, way)
            sys.stdout.write(json.dumps(told) + "\n")
            if not told["failed"]:
                break
        assert cast.register.verify() == []
        assert cast.books.verify() == []


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
