"""A venue whose clients sign their orders, through the engine: what nobody has signed is not booked, and is told."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from custody.database import LEDGER, open_database
from settlement.contracts import Plan
from settlement.deployment import deploy
from settlement.engine.engine import Engine, Settings
from settlement.engine.mirror_chain import NodeChain
from settlement.engine.proving import SignedVenue
from settlement.engine.roster import Member, Roster
from settlement.engine.stored import Outgoing
from settlement.engine.tables import REFUSED_ENTRY
from settlement.engine.telling import told
from settlement.keys import signer_of
from settlement.node import Node
from settlement.records import DESK
from settlement.reports import EntryKind, reporting_domain
from settlement.venues.action_check import Evidence
from settlement.venues.entry import Entry
from settlement.venues.orders import Lifetime
from settlement.venues.signed_market import SignedMarket
from settlement.venues.simulated import SimulatedVenue
from tests.settlement.engine.market import accounts
from tests.settlement.engine.test_engine import GAS, running
from tests.settlement.venues.listing import ETH, REGISTRY, SIGNER, START_MS
from tests.settlement.venues.signing import LONG_ID, SHORT_ID, SPARE_ID, Wish, orders


@dataclass
class Shown:
    """The market's own evidence, and what it shows besides."""

    market: SignedMarket
    more: dict[int, Evidence] = field(default_factory=dict)

    async def evidence(self, numbers: Sequence[int]) -> Mapping[int, Evidence]:
        return {**await self.market.evidence(numbers), **{one: self.more[one] for one in numbers if one in self.more}}


class Stage:
    """A market of signed orders, and engines that mirror it."""

    def __init__(self, node: Node, place: Path) -> None:
        operator, listed = signer_of("operator"), tuple(REGISTRY.by_number.values())
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        plan = Plan((), {"harbour": SIGNER}, signer_of("custodian"), 300, listed)
        self.contracts, self.node, self.place, self.confirmed = deploy(node, operator, plan), node, str(place), 0
        self.domain = reporting_domain(node.chain_id, self.contracts.positions)
        self.venue = SimulatedVenue(REGISTRY, SIGNER, self.domain)
        self.shown = Shown(SignedMarket(self.venue, orders()))
        self.parties = accounts(SPARE_ID + 1)
        member = Member("harbour", SIGNER.address, self.parties, listed)
        self.roster = Roster.of([member], self.contracts.listed)

    def engine(self) -> Engine:
        chain = NodeChain(self.node, signer_of("operator"), self.contracts.positions, GAS, 1)
        settings = Settings(self.place, self.domain, self.roster)
        return Engine(settings, [self.venue], chain, lambda: START_MS, on_confirmed=self._confirmed,
                      signed={"harbour": SignedVenue(self.shown, orders)})  # fmt: skip

    def _confirmed(self, out: Outgoing) -> None:
        self.confirmed = max(out.covers.values(), default=0)

    async def reached(self) -> None:
        self.venue.publish()
        async with asyncio.timeout(20):
            while self.confirmed < self.venue.tape.last:
                await asyncio.sleep(0.005)

    def trade(self, nonce: int) -> None:
        """A coin, a hundred lots, from short to long, as both have signed."""
        for is_bid in (False, True):
            self.shown.market.submit(Wish(is_bid, nonce=nonce).signed(), Lifetime.REST, START_MS)

    def unsigned(self, lots: int) -> int:
        """A fill that the venue made up; its number."""
        fill = Entry(EntryKind.FILL, ETH, START_MS, lots, 3_000_000_000, LONG_ID, SHORT_ID)
        return self.venue.report_fill(fill)

    def on_chain(self) -> list[int]:
        return self.contracts.positions_of((self.parties[one], ETH) for one in (LONG_ID, SHORT_ID))

    def refused(self) -> dict[int, str]:
        with self._reading() as reader:
            return {row.number: row.refusal for row in reader.execute(select(REFUSED_ENTRY))}

    def breaks(self) -> list[tuple[object, object]]:
        with self._reading() as reader:
            found = [one.facts for one in told(reader, 0, 100) if one.name == "reconciliation.break_opened"]
        return [(facts["number"], facts["refusal"]) for facts in found]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        opened = open_database(self.place, read_only=True, schemas=(LEDGER, DESK))
        with closing(opened) as database, database.snapshot() as reader:
            yield reader


async def test_a_fill_that_nobody_has_signed_is_told_not_booked_stops_nothing(node: Node, tmp_path: Path) -> None:
    stage = Stage(node, tmp_path / "l.sqlite")
    stage.trade(1)
    stage.unsigned(50)
    stage.trade(2)
    async with running(stage.engine()):
        await stage.reached()
    assert stage.on_chain() == [200, -200]
    assert stage.refused() == {2: "not_as_signed"}
    assert stage.breaks() == [(2, "no_action_is_shown")]


async def test_an_order_that_is_filled_is_filled_for_the_next_process_too(node: Node, tmp_path: Path) -> None:
    """The venue shows an order's action for a second fill: only whoever remembers the first can refuse it."""
    stage = Stage(node, tmp_path / "l.sqlite")
    stage.trade(1)
    stage.unsigned(50)
    async with running(stage.engine()):
        await stage.reached()
    stage.shown.more |= await stage.shown.market.evidence([1])
    again = stage.unsigned(100)
    stage.shown.more = {2: stage.shown.more[1], again: stage.shown.more[1]}
    stage.trade(2)
    async with running(stage.engine()):
        await stage.reached()
    assert stage.on_chain() == [200, -200]
    assert stage.refused() == {2: "not_as_signed", again: "not_as_signed"}
    assert stage.breaks()[1] == (again, "exceeds_desired_amount")


async def test_a_venue_that_does_not_show_in_time_has_shown_nothing(node: Node, tmp_path: Path) -> None:
    class Away(Shown):
        async def evidence(self, numbers: Sequence[int]) -> Mapping[int, Evidence]:
            raise ConnectionError("away")

    stage = Stage(node, tmp_path / "l.sqlite")
    stage.shown = Away(stage.shown.market)
    stage.trade(1)
    async with running(stage.engine()):
        stage.venue.mark(ETH, 3_000_000_000, START_MS)
        await stage.reached()
    assert stage.refused() == {1: "not_as_signed"}
