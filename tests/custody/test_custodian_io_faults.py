"""A disk that refuses any write or flush of a commit: of a call all is there or nothing, and made again it is done."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from custody.states import State
from tests.custody.custodian_cast import Cast, cast_at
from tests.custody.custodian_on_a_faulty_disk import CALLS, FUNDED, UNITS
from tests.custody.test_io_faults import ADVICE, SAID

ROOT = Path(__file__).resolve().parents[2]
FEWEST_STEPS = 20
"""Of a commit: the rows of a call and of its transfers are on so many pages, and one flush is behind them."""


@pytest.fixture(scope="module")
def _functions() -> None:
    import _sqlite3

    if not hasattr(ctypes.CDLL(_sqlite3.__file__), "sqlite3_vfs_register"):
        pytest.skip("this Python's SQLite is built into it without a way to put another disk before its own")


def faults(folder: Path, way: str, call: str) -> list[dict[str, Any]]:
    """What the script has to tell of each step at which the disk failed; the last one it never came to."""
    script = [sys.executable, str(Path(__file__).with_name("custodian_on_a_faulty_disk.py")), str(folder), way, call]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, capture_output=True, text=True, check=False, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def accepted(cast: Cast) -> int:
    with cast.database.snapshot() as reader:
        return int(reader.exec_driver_sql("SELECT count(*) FROM accepted_instruction").scalar_one())


@pytest.mark.usefixtures("_functions")
@pytest.mark.parametrize("way", ["half", "for-good"])
@pytest.mark.parametrize(("call", "was", "is_now"), [
    ("submit", None, State.PENDING_VENUE), ("tell", State.PENDING_VENUE, State.ACTIVE),
])  # fmt: skip
def test_of_a_call_all_is_there_or_nothing_wherever_its_commit_fails(
    tmp_path: Path, way: str, call: str, was: State | None, is_now: State
) -> None:
    *told, last = faults(tmp_path, way, call)
    assert (last["failed"], last["fault"], last["repeated"]) == ([], "", True)
    assert len(told) >= FEWEST_STEPS
    kept = 0
    for one in told:
        number = one["at"]
        assert SAID in one["fault"]
        assert one["fault"].endswith(ADVICE)
        assert one["ok"], "made again, it is done"
        with cast_at(str(tmp_path / f"{number}.sqlite")) as cast:
            found = cast.register.movement(f"g/{number}")
            state = None if found is None else found.state
            assert state in (was, is_now)
            is_done = state is is_now
            kept += is_done
            submitted = number - 1 + (is_done or call == "tell")
            assert accepted(cast) == submitted
            active = number - 1 + is_done if call == "tell" else 0
            holds = FUNDED - UNITS * submitted
            assert cast.balances()["client/fund/available"] == (FUNDED - UNITS * active, holds)
            assert cast.balances().get("client/fund/delegated/north", (0, 0))[0] == UNITS * active
            assert cast.register.verify() == []
            assert cast.books.verify() == []
            again = CALLS[call](cast, number)
            assert (again.ok, again.repeated) == (True, is_done)
            assert cast.state(f"g/{number}") is is_now
    # The control: writes and the flush have failed. Where the flush did, all was written before it; a disk that then
    # goes on working may have let SQLite take the unfinished log back.
    assert {step for one in told for step in one["failed"]} == {"WRITE", "FLUSH"}
    assert kept == 1 or (kept == 0 and way == "half")
