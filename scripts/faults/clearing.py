"""The cycles of one schedule, beside its engine: cut off after every round, and at the end until every party is paid.

Both sides compute from what they know themselves: the venue from its tape, the custodian from the mirror. Time is the
chain's, and jumps with the engine's clock.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field

from custody.accounts import Chart
from custody.books import Books
from custody.collateral import Eligible
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from custody.delegation import Standing
from custody.hardware import TokenLostError
from custody.liens import Place
from custody.signers import Signer
from custody.transfers import Reason, Transfer
from scripts.faults.ground import PARTIES, REGISTRY, SIGNER, START_UNITS, USDC, Ground
from scripts.faults.schedule import Silent
from settlement.abi import Artifact
from settlement.contracts import SETTLEMENT
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.cycle_states import State
from settlement.cycle_steps import Ground as Terms
from settlement.dispute_steps import DisputeTerms
from settlement.engine import cycle_store, stored
from settlement.engine.chain_client import ChainClient
from settlement.engine.consequences import Consequences
from settlement.engine.cycle_chain import CycleChain, Deployment
from settlement.engine.cycle_dues import ENDED
from settlement.engine.cycle_reading import ALL, Seats
from settlement.engine.cycling import Cycles
from settlement.engine.engine import Leading
from settlement.engine.reopening import on_clients
from settlement.engine.settler import Settler
from settlement.keys import signer_of
from settlement.mirror import HOUSE
from settlement.netting import Terms as Netting
from settlement.postings import party_account
from settlement.records import DESK
from settlement.triggers import Thresholds
from settlement.venues.simulated import SimulatedVenue
from settlement.venues.stating import SimulatedEdge
from settlement.venues.venue_books import statement

VENUE = "harbour"
NAMES = (HOUSE, *(f"client{number}" for number in range(1, len(PARTIES))))
SEATS = Seats(NAMES, dict(zip(NAMES, PARTIES, strict=True)))
SCHEMAS = (LEDGER, CUSTODIAN, DESK)
DEEP = 7
"""Confirmations of a payment: one more than any reorganisation takes back."""
TERMS = CycleTerms(
    schedule_s=10**8, compute_s=60, venue_s=60, custodian_s=60, dispute_s=60, top_up_s=60, chain_s=120, finalize_s=60,
    retry_s=120, reconcile_s=60, confirmations=DEEP,
)  # fmt: skip
DISPUTES = DisputeTerms(open_s=60, review_s=60, settle_s=60)
ON_DEMAND = Thresholds(schedule_s=10**9, client_bps=0, venue_bps=0, volatility_e6=0)
CHART = Chart("USDC")
_EVER_MS = 1 << 62

Opens = Callable[[str, Mapping[str, Artifact | None]], AbstractAsyncContextManager[ChainClient]]
"""A client of the chain for a role's key, which insists on code at addresses."""


def account(party: str) -> str:
    """Where a party's units are written."""
    return party_account(Standing.SEGREGATED, CHART, VENUE, party).id


def pay_in(database: Database) -> None:
    """In the books what the chain has in the compartments."""
    books = Books(database)
    books.open_accounts([CHART.venue_settlement(VENUE)])
    books.open_accounts([party_account(Standing.SEGREGATED, CHART, VENUE, party) for party in NAMES])
    given = [Transfer(f"start/{one}", CHART.vault().id, account(one), START_UNITS, Reason.DEPOSIT) for one in NAMES]
    if wrong := [one for one in books.post(given, 1) if not one.ok]:
        raise ValueError(f"not paid in: {wrong}")


@dataclass(slots=True)
class Custodian:
    """Its key; while it `is_silent` the token does not answer."""

    key: Signer = field(default_factory=lambda: signer_of("custodian"))
    is_silent: bool = False

    @property
    def address(self) -> str:
        return self.key.address

    def sign_digest(self, digest: bytes) -> bytes:
        if self.is_silent:
            raise TokenLostError("the token does not answer")
        return self.key.sign_digest(digest)


@dataclass(slots=True)
class Clearing:
    """`clock_s`: UTC seconds of the world; `jumped_s`: how far off the engine's clock is. `on_state` may end it all."""

    ground: Ground
    venue: SimulatedVenue
    opens: Opens
    clock_s: Callable[[], int]
    on_state: Callable[[CycleRecord], None]
    silent: Silent = Silent.NOBODY
    jumped_s: int = 0
    latest_s: int = 0
    """The latest time that the engine has ever seen."""
    edge: SimulatedEdge = field(init=False)
    custodian: Custodian = field(default_factory=Custodian)
    cycles: Cycles | None = None

    def __post_init__(self) -> None:
        self.edge = SimulatedEdge(self.venue, SIGNER, NAMES, is_silent=self.silent is Silent.VENUE)
        self.custodian.is_silent = self.silent is Silent.CUSTODIAN

    def now_s(self) -> int:
        now_s = self.clock_s() + self.jumped_s
        self.latest_s = max(self.latest_s, now_s)
        return now_s

    def demand(self) -> None:
        """Cut off as soon as may be."""
        if self.cycles is not None:
            self.cycles.demanded.set()

    def heal(self) -> int:
        """Both sides speak again, and the clock is right; what it has to be at least, so that no cut-off is ahead."""
        self.edge.is_silent = self.custodian.is_silent = False
        self.jumped_s = 0
        return self.latest_s + 1

    async def beside(self, led: Leading) -> None:
        """What `Engine` does beside mirroring."""
        database, epoch, contracts = led.writes.leadership.database, led.writes.leadership.epoch, self.ground.contracts
        books = Books(database)
        settler = Settler(
            database, books, Terms(Standing.SEGREGATED, {"USDC": CHART}, TERMS), "USDC",
            fence=lambda tx: stored.require_epoch(tx, epoch), also=Consequences(books, _compartments()).of,
            dispute_terms=DISPUTES,
        )  # fmt: skip
        at = Deployment(contracts.settlement, contracts.vault, contracts.tokens["USDC"], contracts.settlement_domain)

        async def on_chain(client: ChainClient) -> None:
            self.cycles = Cycles(
                led, settler, CycleChain(client, at), self.edge, self.custodian, SEATS, REGISTRY.by_number,
                Netting({"USDC": Eligible(USDC, 0)}, "USDC", 0, 0), self.now_s, ON_DEMAND, pause_s=0.03,
                on_state=self.on_state,
            )  # fmt: skip
            await self.cycles.run()

        await on_clients(lambda: self.opens("custodian", {at.settlement: SETTLEMENT}), on_chain, 0.05)

    def due(self) -> dict[str, int]:
        """What each party has to have in the end: what it brought, and what the venue's own books say it made."""
        made = statement(VENUE, REGISTRY.by_number, self.venue.tape.entries(), _EVER_MS).profit_units
        return {party: START_UNITS + made.get(number, 0) for number, party in enumerate(NAMES)}

    def is_settled(self, place: str) -> bool:
        """Whether the books have paid all that, and hold nothing, and no cycle is under way."""
        with closing(open_database(place, read_only=True, schemas=SCHEMAS)) as database:
            books, due = Books(database), self.due()
            totals = {party: books.totals(account(party)) for party in NAMES}
            are_ended = all(one.state in {*ENDED, State.OPEN} for one in _cycles(database))
        paid = all(one.balance == due[party] and not one.debits_pending for party, one in totals.items())
        return paid and are_ended

    def came_to(self, place: str) -> Counter[str]:
        """How many cycles ended how, and how many had to be held more than once."""
        with closing(open_database(place, read_only=True, schemas=SCHEMAS)) as database:
            cycles = _cycles(database)
        found = Counter(f"cycle: {one.state}" for one in cycles if one.state in ENDED)
        return found + Counter({"cycle: held again": sum(one.holds > 1 for one in cycles)})


def _compartments() -> dict[Place, str]:
    owners = {party: f"venue/{VENUE}" if party == HOUSE else f"client/{party}" for party in NAMES}
    return {(owner, VENUE, "USDC"): account(party) for party, owner in owners.items()}


def _cycles(database: Database) -> list[CycleRecord]:
    with database.snapshot() as reader:
        return [one.one for one in cycle_store.cycles(reader, cycle_store.Query(), 0, ALL)]
