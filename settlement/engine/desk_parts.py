"""What a desk is put together from: where the contracts are, which venues there are, how to speak with the chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from custody.accounts import Chart
from custody.delegation import Standing
from custody.liens import Place
from custody.typed_data import Domain
from margin.instruments import Instrument
from settlement.engine.cycle_reading import Seats
from settlement.engine.fees import FeePolicy
from settlement.engine.proving import SignedVenue
from settlement.engine.roster import Member
from settlement.mirror import HOUSE
from settlement.postings import party_account
from settlement.reports import VenueFeed
from settlement.stated import VenueEdge


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the contracts of a deployment are, and under which number the chain lists each instrument's id.

    `token` is that of the asset of settlement; `from_block`: before it there is nothing to be heard of.
    """

    chain_id: int
    positions: str
    settlement: str
    vault: str
    minter: str
    token: str
    listed: Mapping[int, int]
    from_block: int = 0

    @property
    def settlement_domain(self) -> bytes:
        """Where signatures of a cycle are good."""
        return Domain("Bulkhead Settlement", self.chain_id, self.settlement).separator()


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue at the desk. `seats.parties` by its account numbers.

    `signer`: of its reports; without an `edge` it is mirrored and never settled.
    """

    feed: VenueFeed
    seats: Seats
    signer: str
    instruments: Mapping[int, Instrument]
    edge: VenueEdge | None = None
    signed: SignedVenue | None = None

    @property
    def member(self) -> Member:
        """As the roster has it."""
        holders = [self.seats.holders[party] for party in self.seats.parties]
        return Member(self.feed.venue, self.signer, holders, list(self.instruments.values()))

    def compartments(self, asset: str) -> dict[Place, str]:
        """By compartment, the account in which its units of an asset are written."""
        chart, name = Chart(asset), self.feed.venue
        owners = {party: f"venue/{name}" if party == HOUSE else f"client/{party}" for party in self.seats.parties}
        return {
            (owner, name, asset): party_account(Standing.SEGREGATED, chart, name, party).id
            for party, owner in owners.items()
        }


@dataclass(frozen=True, slots=True)
class NodeTerms:
    """How to speak with the chain. `depth`: blocks from which anything counts; `poll_s` 0: as often as is usual."""

    url: str
    depth: int = 2
    poll_s: float = 0
    policy: FeePolicy = field(default_factory=FeePolicy)
