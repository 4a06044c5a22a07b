"""Several desks, one sender: real processes, the leader killed as by a power cut, the standby goes on."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from custody.database import open_database
from settlement.devnet import Anvil
from settlement.engine import stored
from settlement.engine.election import SCHEMAS, leading
from settlement.engine.recorded_feed import record
from settlement.engine.stored import LeadershipLostError
from settlement.node import Node
from settlement.rebuild import batches
from tests.settlement.conftest import postgres, postgres_url
from tests.settlement.engine import market
from tests.settlement.engine.market import fills, report
from tests.settlement.engine.test_engine import GAS, Setting

__all__ = ["postgres", "postgres_url"]

ROOT = Path(__file__).resolve().parents[3]
EACH, REPORTS = 50, 24


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "l.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


class Desk:
    """An engine in a process of its own."""

    def __init__(self, file: Path) -> None:
        command = [sys.executable, "-m", "settlement.engine", str(file)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def wait_for(self, words: str) -> list[str]:
        """Read on until it says this; what it said until then."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line.strip())
            if line.startswith(words):
                return said
        raise AssertionError(f"it ended with {self.process.wait()} after {said}")

    def kill(self) -> list[str]:
        self.process.send_signal(signal.SIGKILL)
        rest, _ = self.process.communicate(timeout=20)
        return rest.splitlines()


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    sent: list[Desk] = []
    yield sent
    for desk in sent:
        if desk.process.poll() is None:
            desk.kill()


def described(setting: Setting, anvil: Anvil, folder: Path) -> Path:
    folder.mkdir()
    instruments = [{**asdict(one), "kind": one.kind.value} for one in market.INSTRUMENTS]
    members = [{"venue": "harbour", "signer": market.VENUE.address, "accounts": market.accounts(6),
                "instruments": instruments}]  # fmt: skip
    said = {
        "database": setting.place, "rpc_url": anvil.url, "position_book": setting.contracts.positions,
        "members": members, "listed": setting.contracts.listed, "limits": {"gas": GAS},
        "feeds": [{"venue": "harbour", "folder": str(folder)}],
    }  # fmt: skip
    file = folder.with_suffix(".json")
    file.write_text(json.dumps(said))
    return file


def test_a_killed_leader_is_followed_by_the_standby_and_nothing_happens_twice(
    anvil: Anvil, node: Node, place: str, tmp_path: Path, desks: list[Desk]
) -> None:
    setting = Setting(node, place)
    folder = tmp_path / "reports"
    file = described(setting, anvil, folder)
    said = [fills(EACH, seed) for seed in range(REPORTS)]

    def tell(numbers: range) -> None:
        for number in numbers:
            record(report(1 + EACH * number, said[number]).signed(setting.domain, market.VENUE), folder)

    desks.append(Desk(file))
    desks[0].wait_for("leads")
    desks.append(Desk(file))
    tell(range(8))
    desks[0].wait_for("confirmed")
    tell(range(8, 16))  # while these are on their way
    desks[0].kill()
    desks[1].wait_for("leads")
    tell(range(16, REPORTS))
    last = ""
    while not last.endswith(f"harbour={EACH * REPORTS}"):
        last = desks[1].wait_for("confirmed")[-1]
    desks[1].kill()
    told = list(batches(node, setting.contracts.positions))
    assert [batch.sequence for batch in told] == list(range(1, len(told) + 1))
    held = np.zeros((4, 6), np.int64)
    for one in np.concatenate(said):
        held[one["instrument"], one["buyer"]] += one["lots"]
        held[one["instrument"], one["seller"]] -= one["lots"]
    assert setting.on_chain() == held[1:].tolist()
    with closing(open_database(place, schemas=SCHEMAS)) as database, database.snapshot() as tx:
        assert stored.head(tx) == setting.contracts.head()
        assert [out.digest for out in stored.batches_after(tx, 0)] == [batch.digest() for batch in told]
        assert tx.exec_driver_sql("SELECT MAX(epoch) FROM mirror_leader").scalar() == 2


async def test_who_was_only_thought_dead_can_write_nothing(postgres_url: str) -> None:
    async with leading(postgres_url, "first", lambda: 1) as first:
        with first.database.transaction() as tx:
            stored.require_epoch(tx, first.epoch)
        assert first.still_leads()
        async with asyncio.timeout(10):
            with closing(open_database(postgres_url, schemas=SCHEMAS)) as other, other.transaction() as tx:
                # Its connection breaks without its noticing: the server gives the lock to whoever asks next.
                holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
                for pid in list(tx.exec_driver_sql(holders).scalars()):
                    tx.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            async with leading(postgres_url, "second", lambda: 2) as second:
                assert second.epoch == first.epoch + 1
        with pytest.raises(LeadershipLostError, match="2 leads"), first.database.transaction() as tx:
            stored.require_epoch(tx, first.epoch)
        assert not first.still_leads()
