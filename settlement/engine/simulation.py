"""A whole world on one node: contracts, a simulated venue with a crowd, a ledger, and the engine with its cycles.

For `bulkhead mirror --simulate` and for journeys; only the venue is simulated, everything else is what it is.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from custody.accounts import Chart
from custody.books import Books
from custody.collateral import Eligible
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from custody.money import Asset
from custody.signers import Signer
from custody.transfers import Kind, Reason, Transfer
from settlement.contracts import Contracts, Plan
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.deployment import deploy
from settlement.engine.cycle_reading import Seats
from settlement.engine.cycling import Cycles
from settlement.engine.desk import Desk
from settlement.engine.desk_parts import Addresses, NodeTerms, Venue
from settlement.engine.engine import Engine
from settlement.engine.stored import Outgoing
from settlement.keys import holder_of, signer_of
from settlement.mirror import HOUSE
from settlement.netting import Terms
from settlement.node import Node
from settlement.records import DESK
from settlement.reports import reporting_domain
from settlement.reserve_attestation import Reserves
from settlement.triggers import Thresholds
from settlement.venues.crowd import Crowd
from settlement.venues.registry import Registry
from settlement.venues.registry import Terms as Listing
from settlement.venues.simulated import SimulatedVenue
from settlement.venues.stating import SimulatedEdge

VENUE = "harbour"
USDC = Asset("USDC", 6, 6)
_LISTED = (
    Listing(1, "BTC-PERP", "0x" + "b1" * 20, 1_000, 100_000),
    Listing(2, "ETH-PERP", "0x" + "e1" * 20, 100, 10_000),
)
SPOT_E6 = {"BTC": 60_000_000_000, "ETH": 3_000_000_000}
TERMS = Terms({"USDC": Eligible(USDC, 0)}, "USDC", 0, 0)


@dataclass(frozen=True, slots=True)
class Scale:
    """How big a simulation is. `start_units`: what each client has at the venue, the house ten times as much."""

    clients: tuple[str, ...] = ("hedger", "maker", "treasury")
    start_units: int = 1_000_000 * 10**6
    window_s: int = 2
    depth: int = 2
    poll_s: float = 0.05
    seed: int = 1


@dataclass(slots=True)
class Simulation:
    """Made by `staged`. `url`: where the node listens; `place`: the ledger."""

    url: str
    place: str
    scale: Scale
    contracts: Contracts
    venue: SimulatedVenue
    crowd: Crowd
    edge: SimulatedEdge
    seats: Seats
    now_ms: Callable[[], int]
    chain_id: int
    thresholds: Thresholds = field(default_factory=Thresholds)
    cycle_terms: CycleTerms = field(default_factory=CycleTerms)
    on_state: Callable[[CycleRecord], None] = field(default=lambda _: None)
    on_confirmed: Callable[[Outgoing], None] = field(default=lambda _: None)
    webhook_key: bytes = field(default=b"", repr=False)
    """From which endpoints' secrets are derived; without it nobody is told."""
    custodian: Signer = field(default_factory=lambda: signer_of("custodian"))
    """Who signs cycles; transactions are paid for with the key of the name."""
    desk: Desk | None = None
    """The last that was put together."""

    def now_s(self) -> int:
        return self.now_ms() // 1000

    @property
    def cycles(self) -> Cycles | None:
        """The venue's, once there are any."""
        return None if self.desk is None else self.desk.cycles.get(VENUE)

    def engine(self) -> Engine:
        """The engine of a new desk, with the venue's cycles beside it."""
        at = self.contracts
        contracts = Addresses(
            self.chain_id, at.positions, at.settlement, at.vault, at.minter, at.tokens["USDC"], at.listed
        )
        venue = Venue(self.venue, self.seats, self.edge.address, self.venue.registry.by_number, self.edge)
        self.desk = Desk(
            self.place, NodeTerms(self.url, self.scale.depth, self.scale.poll_s), contracts, [venue], TERMS,
            signer_of("operator"), signer_of("custodian"), self.custodian, self.now_ms,
            thresholds=self.thresholds, cycle_terms=self.cycle_terms, on_state=self.on_state,
            on_confirmed=self.on_confirmed, webhook_key=self.webhook_key,
        )  # fmt: skip
        return self.desk.engine()

    async def trade(self, pause_s: float = 0.5, orders: int = 40) -> None:
        """The crowd trades and the venue reports, until cancelled."""
        while True:
            self.crowd.turn(self.now_ms())
            self.crowd.trade(orders, self.now_ms())
            self.venue.publish()
            await asyncio.sleep(pause_s)


def staged(node: Node, url: str, place: Path | str, now_ms: Callable[[], int], scale: Scale = Scale()) -> Simulation:
    """Deploy on a node whose money is free; everybody has what they start with in books and compartments alike."""
    registry = Registry.of(VENUE, _LISTED)
    operator, custodian, owner = signer_of("operator"), signer_of("custodian"), signer_of(f"venue/{VENUE}")
    for one in (operator, custodian):
        node.rpc("anvil_setBalance", one.address, hex(10**24))
    instruments = tuple(registry.by_number.values())
    plan = Plan((USDC,), {VENUE: owner}, custodian, scale.window_s, instruments)
    contracts = deploy(node, operator, plan)
    parties = (HOUSE, *scale.clients)
    seats = Seats(parties, {party: holder_of(party, VENUE).address for party in parties})
    plenty = Reserves(100 * scale.start_units * len(parties), 1, bytes(32))
    with closing(open_database(place, schemas=(LEDGER, CUSTODIAN, DESK))) as database:
        _fund(Books(database), contracts, seats, scale, plenty, owner.address)
    node.rpc("anvil_removeBlockTimestampInterval")  # from here on the chain keeps this machine's time
    domain = reporting_domain(node.chain_id, contracts.positions)
    venue = SimulatedVenue(registry, owner, domain)
    crowd = Crowd(venue, tuple(range(len(parties))), dict(SPOT_E6), scale.seed)
    edge = SimulatedEdge(venue, owner, parties)
    return Simulation(url, str(place), scale, contracts, venue, crowd, edge, seats, now_ms, node.chain_id)


def _fund(books: Books, contracts: Contracts, seats: Seats, scale: Scale, held: Reserves, venue: str) -> None:
    chart = Chart("USDC")
    house = chart.venue_collateral(VENUE)
    owned = {party: house if party == HOUSE else chart.delegated(party, VENUE) for party in seats.parties}
    books.open_accounts([chart.vault(), chart.venue_settlement(VENUE), *owned.values()])
    for party, account in owned.items():
        units = scale.start_units * (10 if party == HOUSE else 1)
        given = Transfer(f"start/{party}", chart.vault().id, account.id, units, Reason.DEPOSIT, Kind.POSTED)
        books.post([given], 1)
        contracts.credit(USDC, seats.holders[party], venue, units, held)
