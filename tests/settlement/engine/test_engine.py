"""From a venue's report to a confirmed batch, on a real node and real databases."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.database import LEDGER, open_database
from custody.transfers import Kind, Reason, Transfer
from settlement.batch import MirrorBatch
from settlement.contracts import ALL, POSITIONS, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.engine.chain_client import ChainClient
from settlement.engine.client_chain import ClientChain
from settlement.engine.engine import Engine, Settings
from settlement.engine.expected import Expected
from settlement.engine.fees import FeePolicy
from settlement.engine.mirror_chain import MirrorChain, NodeChain
from settlement.engine.mirroring import DivergedError, MirrorRefusedError
from settlement.engine.stored import Outgoing
from settlement.keys import signer_of
from settlement.node import Node
from settlement.records import DESK
from settlement.reports import Report, reporting_domain
from tests.settlement.engine import market
from tests.settlement.engine.market import START_MS, Feed, entry, fills

GAS = 16_000_000


class Setting:
    """A deployment that lists the market's instruments, an engine on it, and its feed."""

    def __init__(self, node: Node, place: str, anvil: Anvil | str | None = None) -> None:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        venues = {"harbour": market.VENUE}
        self.contracts = deploy(node, operator, Plan((), venues, signer_of("custodian"), 300, market.INSTRUMENTS))
        self.domain = reporting_domain(node.chain_id, self.contracts.positions)
        self.roster = market.roster(listed=self.contracts.listed)
        self.feed = Feed(self.domain)
        self.node, self.place, self.confirmed, self.anvil = node, place, 0, anvil

    def chain(self, depth: int) -> MirrorChain:
        """The chain client's sender where there is an anvil to open it on, or the plain one."""
        operator, book, anvil = signer_of("operator"), self.contracts.positions, self.anvil
        if anvil is None:
            return NodeChain(self.node, operator, book, GAS, depth)
        expect = Expected(self.node.chain_id, {book: POSITIONS})
        policy = FeePolicy.fixed(10**12, 1)
        asked = {"policy": policy, "depth": depth, "expect": expect, "poll_s": 0.005}
        return ClientChain(lambda: ChainClient.open(anvil, operator, ALL, **asked), book, GAS)

    def engine(self, depth: int = 1, charge: Callable[[Outgoing], list[Transfer]] = lambda _: [], **how: Any) -> Engine:
        chain = self.chain(depth)
        settings = Settings(self.place, self.domain, self.roster, **how)
        return Engine(settings, [self.feed], chain, lambda: START_MS, charge, on_confirmed=self._confirmed)

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


@pytest.fixture(params=["client", "node"])
def setting(request: pytest.FixtureRequest, anvil: Anvil, node: Node, tmp_path: Path) -> Setting:
    return Setting(node, str(tmp_path / "ledger.sqlite"), anvil if request.param == "client" else None)


async def test_a_report_becomes_positions_on_chain_once(setting: Setting) -> None:
    async with running(setting.engine()):
        said = setting.feed.publish(entry(lots=5), entry(instrument=3, lots=7, buyer=3, seller=0))
        setting.feed.published.put_nowait(said)
        await setting.reached(2)
    assert setting.on_chain() == [[0, 5, -5, 0, 0, 0], [0] * 6, [-7, 0, 0, 7, 0, 0]]


async def test_who_begins_anew_sees_at_once_what_is_deep(setting: Setting) -> None:
    """On a chain on which nothing happens any more, waiting for its next block would be waiting for ever."""
    async with running(setting.engine()):
        setting.feed.published.put_nowait(setting.feed.publish(entry(lots=5)))
        await setting.reached(1)
    setting.node.rpc("anvil_mine", hex(5))
    chain = setting.chain(depth=3)
    look = await chain.look()
    await chain.forget()
    assert (look.latest.sequence, look.deep) == (1, look.latest)


async def test_what_a_venue_leaves_out_is_fetched(setting: Setting) -> None:
    async with running(setting.engine()):
        setting.feed.publish(entry(lots=5), silently=True)
        setting.feed.publish(entry(lots=2))
        await setting.reached(2)
    assert setting.on_chain()[0] == [0, 7, -7, 0, 0, 0]


async def test_a_venue_that_answers_late_or_not_is_asked_again(setting: Setting) -> None:
    feed, asked = setting.feed, []
    answer = feed.fetch

    async def fetch(first: int, last: int) -> Sequence[Report]:
        asked.append((first, last))
        if len(asked) == 1:
            raise ConnectionResetError("the venue hung up")
        return [] if len(asked) == 2 else await answer(first, last)

    feed.fetch = fetch  # what the venue answers, by its number of calls
    async with running(setting.engine()):
        feed.publish(entry(lots=5), silently=True)
        feed.publish(entry(lots=2))
        await setting.reached(2)
    assert asked[:3] == [(1, 1)] * 3


async def test_an_engine_that_starts_again_goes_on(setting: Setting) -> None:
    for round_ in range(1, 4):
        async with running(setting.engine(checkpoint_every=2)):
            setting.feed.publish(fills(40, round_))
            await setting.reached(40 * round_)
    told = setting.contracts.head()[0]
    assert told >= 3
    assert setting.on_chain() == net(setting)


async def test_a_batch_that_was_mined_before_the_crash_is_not_sent_again(setting: Setting) -> None:
    """The outbox says "to be sent", the chain has it: the chain is believed."""
    async with running(setting.engine()):
        setting.feed.publish(fills(40, 1))
        await setting.reached(40)
    with closing(open_database(setting.place, schemas=(LEDGER, DESK))) as database, database.transaction() as tx:
        tx.exec_driver_sql("UPDATE mirror_batch SET state = 1, confirmed_at_ms = 0")
    head, setting.confirmed = setting.contracts.head(), 0
    nonce = setting.node.rpc("eth_getTransactionCount", signer_of("operator").address, "pending")
    async with running(setting.engine()):
        await setting.reached(40)
    assert setting.contracts.head() == head
    assert setting.node.rpc("eth_getTransactionCount", signer_of("operator").address, "pending") == nonce


@pytest.mark.parametrize("depth", [1, 3])
async def test_what_a_reorganisation_takes_back_is_told_again(setting: Setting, depth: int) -> None:
    node = setting.node
    async with running(setting.engine(depth, patience_s=0.5)):
        setting.feed.publish(fills(20, 1))
        await mined(setting, 20)
        before = node.rpc("evm_snapshot")
        heads = []
        for seed in (2, 3):
            setting.feed.publish(fills(20, seed))
            await mined(setting, 20 * seed)
            heads.append(setting.contracts.head())
        node.rpc("evm_revert", before)
        assert setting.contracts.head()[0] < heads[-1][0], "a control: the chain has forgotten"
        # The chain client sends again by itself, and may be done before anybody has missed anything.
        async with asyncio.timeout(20):
            while setting.contracts.head() != heads[-1]:
                await asyncio.sleep(0.02)
                node.rpc("evm_mine")
    assert setting.contracts.head() == heads[-1], "the same batches, with the same digests"
    assert setting.on_chain() == net(setting)


async def test_fees_wait_for_the_chain_and_are_posted_with_it(setting: Setting) -> None:
    chart = Chart("USDC")
    with closing(open_database(setting.place, schemas=(LEDGER, DESK))) as database:
        books = Books(database)
        books.open_accounts([chart.vault(), chart.available("fund"), chart.fees()])
        books.post([Transfer("d", chart.vault().id, chart.available("fund").id, 1_000, Reason.DEPOSIT)], 1)

    def fee(out: Outgoing) -> list[Transfer]:
        payer, fees = chart.available("fund").id, chart.fees().id
        return [Transfer(f"fee/{out.batch.sequence}", payer, fees, 7, Reason.TRADE_FEE, Kind.PENDING)]

    setting.node.rpc("evm_setAutomine", False)
    async with running(setting.engine(charge=fee)):
        setting.feed.publish(entry())
        await waited_for(lambda: int(setting.node.rpc("txpool_status")["pending"], 16) == 1)
        assert fee_counters(setting) == (7, 0)
        setting.node.rpc("evm_mine")
        await setting.reached(1)
    assert fee_counters(setting) == (0, 7)


async def test_a_batch_that_the_contract_refuses_stops_the_engine_and_voids_what_waited(setting: Setting) -> None:
    operator = signer_of("operator").address
    role = setting.contracts.chain.read(POSITIONS, setting.contracts.positions, "OPERATOR_ROLE")
    revoke = POSITIONS.call("renounceRole", role, operator)
    setting.contracts.chain.send(setting.contracts.positions, revoke, "renounced")
    engine = setting.engine(patience_s=0.2)
    setting.feed.publish(entry())
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await engine.run()
    refused = raised.value.subgroup(MirrorRefusedError)
    assert refused is not None
    assert "access control unauthorized account" in str(refused.exceptions)


async def test_a_chain_that_was_told_something_else_stops_the_engine(setting: Setting) -> None:
    foreign = MirrorBatch(1, bytes(32), 1, b"", b"")
    setting.contracts.chain.send_together([setting.contracts.mirroring(foreign)])
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await setting.engine().run()
    assert raised.value.subgroup(DivergedError) is not None


def net(setting: Setting) -> list[list[int]]:
    """What the whole history comes to, added up one fill at a time."""
    held = [[0] * 6 for _ in market.INSTRUMENTS]
    for report in setting.feed.history:
        for one in report.entries():
            held[one["instrument"] - 1][one["buyer"]] += int(one["lots"])
            held[one["instrument"] - 1][one["seller"]] -= int(one["lots"])
    return held


def fee_counters(setting: Setting) -> tuple[int, int]:
    with sqlite3.connect(f"file:{setting.place}?mode=ro", uri=True) as reader:
        query = "SELECT credits_pending, credits_posted FROM account WHERE id = ?"
        found: tuple[int, int] = reader.execute(query, (Chart("USDC").fees().id,)).fetchone()
    reader.close()
    return found


async def mined(setting: Setting, number: int) -> None:
    """Wait until entries up to a number are confirmed, with blocks going on."""
    async with asyncio.timeout(20):
        while setting.confirmed < number:
            await asyncio.sleep(0.02)
            setting.node.rpc("evm_mine")


async def waited_for(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
