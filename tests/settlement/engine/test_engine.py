"""From a venue's report to a confirmed batch, on a real node and real databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from settlement.contracts import Plan
from settlement.deployment import deploy
from settlement.engine.engine import Engine, Settings
from settlement.engine.mirror_chain import NodeChain
from settlement.engine.stored import Outgoing
from settlement.keys import signer_of
from settlement.node import Node
from settlement.reports import reporting_domain
from tests.settlement.engine import market
from tests.settlement.engine.market import START_MS, Feed, entry

GAS = 16_000_000


class Setting:
    """A deployment that lists the market's instruments, an engine on it, and its feed."""

    def __init__(self, node: Node, place: str) -> None:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        venues = {"harbour": market.VENUE}
        self.contracts = deploy(node, operator, Plan((), venues, signer_of("custodian"), 300, market.INSTRUMENTS))
        self.domain = reporting_domain(node.chain_id, self.contracts.positions)
        self.roster = market.roster(listed=self.contracts.listed)
        self.feed = Feed(self.domain)
        self.node, self.place, self.confirmed = node, place, 0

    def engine(self, depth: int = 1, **how: object) -> Engine:
        chain = NodeChain(self.node, signer_of("operator"), self.contracts.positions, GAS, depth)
        settings = Settings(self.place, self.domain, self.roster, **how)  # type: ignore[arg-type]
        return Engine(settings, [self.feed], chain, lambda: START_MS, on_confirmed=self._confirmed)

    def _confirmed(self, out: Outgoing) -> None:
        self.confirmed = max(out.covers.values(), default=0)

    async def reached(self, number: int) -> None:
        """Wait until all entries up to a number are confirmed."""
        async with asyncio.timeout(20):
            while self.confirmed < number:
                await asyncio.sleep(0.005)

    def on_chain(self) -> list[list[int]]:
        """Lots by instrument and party."""
        parties = market.accounts(6)
        return [self.contracts.positions_of((party, one.id) for party in parties) for one in market.INSTRUMENTS]


@asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[Engine]:
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def setting(node: Node, tmp_path: Path) -> Setting:
    return Setting(node, str(tmp_path / "ledger.sqlite"))


async def test_a_report_becomes_positions_on_chain_once(setting: Setting) -> None:
    async with running(setting.engine()):
        said = setting.feed.publish(entry(lots=5), entry(instrument=3, lots=7, buyer=3, seller=0))
        setting.feed.published.put_nowait(said)
        await setting.reached(2)
    assert setting.on_chain() == [[0, 5, -5, 0, 0, 0], [0] * 6, [-7, 0, 0, 7, 0, 0]]
