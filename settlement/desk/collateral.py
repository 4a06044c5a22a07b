"""Collateral on the move: deposits, delegations, moves, withdrawals; held first, posted when their time has come."""

from dataclasses import dataclass, field

from custody.coverage import Coverage
from custody.delegation import Standing
from custody.parties import CUSTODIAN
from custody.speaking import CHAIN
from custody.states import Act
from custody.transfers import Reason
from settlement.desk.exiting import ExitRoom
from settlement.desk.funding import FundingRoom
from settlement.desk.halting import HaltRoom
from settlement.desk.handling import Handling
from settlement.desk.instructing import Instructing
from settlement.desk.liens import LienRoom
from settlement.desk.margin_liens import MarginLiens
from settlement.desk.recalling import RecallRoom
from settlement.desk.world import World
from settlement.postings import OMNIBUS
from settlement.reserve_attestation import MintRefusal


@dataclass(frozen=True, slots=True)
class Arrival:
    """A movement to a venue that the venue will acknowledge at `ready_s`; `out_of` the venue that it leaves, if any.

    `mandate_units`: how much of its client's mandate it has used, in 1e-6 USD.
    """

    ready_s: int
    client: str
    venue: str
    asset: str
    units: int
    movement_id: str
    reason: Reason
    out_of: str = ""
    mandate_units: int = 0


@dataclass(slots=True)
class CollateralRoom:
    """Moves clients' assets in, out, and between compartments, with the rooms that only the custodian's side enters.

    `turned_away`: what did not arrive; whoever sent it in a client's name takes it from here.
    """

    world: World
    hands: Handling = field(init=False)
    instructing: Instructing = field(init=False)
    liens: LienRoom = field(init=False)
    margin_liens: MarginLiens = field(init=False)
    halts: HaltRoom = field(init=False)
    funding: FundingRoom = field(init=False)
    recalls: RecallRoom = field(init=False)
    exits: ExitRoom = field(init=False)
    on_the_way: list[Arrival] = field(default_factory=list)
    turned_away: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.world
        self.hands, self.instructing, self.liens = Handling(world), Instructing.over(world), LienRoom(world)
        self.margin_liens = MarginLiens(world, self.liens)
        self.halts = HaltRoom(world, self.instructing.custodian)
        self.funding = FundingRoom(world, self.instructing, self.hands)
        self.recalls = RecallRoom(world, self.instructing, self.liens, self.margin_liens, self.hands)
        self.exits = ExitRoom(world, self.instructing, self.hands)

    # -- in and out ------------------------------------------------------------------------------------------------

    def bring(self, client: str, asset: str, units: int, reference: str = "") -> tuple[int, int]:
        """A confirmed deposit of a client's."""
        self.instructing.admit(f"client/{client}")
        with self.hands.written() as postings:
            self.instructing.credit(f"client/{client}", asset, units, reference)
        return postings.span

    def take_out(self, client: str, asset: str, units: int, reference: str = "") -> tuple[int, int]:
        """A withdrawal of a client's, which must not uncover what it has delegated: see `withdrawable`."""
        with self.hands.written() as postings:
            held = self.world.setting.schedule[asset].asset
            movement = self.instructing.withdraw(f"client/{client}", held, units)
            for act, by in ((Act.SEND, CUSTODIAN), (Act.CONFIRM, CHAIN)):
                self.instructing.tell(movement, act, by, reference)
        return postings.span

    def coverage(self, client: str, asset: str) -> Coverage:
        """What a client has of an asset, free and delegated, and how much more the haircut lets it delegate."""
        return self.instructing.coverage(f"client/{client}", asset)

    def delegable(self, client: str, asset: str) -> int:
        """How much more of an asset a client may delegate: no double delegation, whatever the price."""
        return self.coverage(client, asset).delegable_units

    def withdrawable(self, client: str, asset: str) -> int:
        """How much of an asset may leave without uncovering what is delegated."""
        return self.coverage(client, asset).withdrawable_units

    # -- to venues -------------------------------------------------------------------------------------------------

    def delegate(
        self, client: str, venue: str, asset: str, units: int, ready_s: int, reason: Reason, mandate_units: int = 0
    ) -> tuple[int, int]:
        """Hold a delegation until the venue acknowledges it at `ready_s`; `units` must be delegable."""
        with self.hands.written() as postings:
            held = self.world.setting.schedule[asset].asset
            movement = self.instructing.delegate(f"client/{client}", venue, held, units)
        arrival = Arrival(ready_s, client, venue, asset, units, movement, reason, mandate_units=mandate_units)
        self.on_the_way.append(arrival)
        return postings.span

    def move(
        self, client: str, out_of: str, venue: str, asset: str, units: int, ready_s: int, mandate_units: int = 0
    ) -> tuple[int, int]:
        """Hold collateral at one venue until another acknowledges it at `ready_s`: it counts at neither meanwhile."""
        with self.hands.written() as postings:
            held = self.world.setting.schedule[asset].asset
            self.margin_liens.test(client, out_of, asset)
            movement = self.instructing.move(f"client/{client}", out_of, venue, held, units)
            self.instructing.tell(movement, Act.RELEASE, f"venue/{out_of}")
        reason = Reason.VENUE_MOVE
        arrival = Arrival(ready_s, client, venue, asset, units, movement, reason, out_of, mandate_units)
        self.on_the_way.append(arrival)
        return postings.span

    def arrive(self) -> None:
        """Post what venues acknowledge by now, and write it to the chain."""
        now_s = self.world.now_s
        due = [arrival for arrival in self.on_the_way if arrival.ready_s <= now_s]
        self.on_the_way = [arrival for arrival in self.on_the_way if arrival.ready_s > now_s]
        for arrival in due:
            if arrival.out_of:
                self.hands.release(arrival.client, arrival.out_of, arrival.asset, arrival.units)
            if why := self.hands.refuses(arrival.asset, arrival.units):
                self._turn_away(arrival, why)
            else:
                self._take_in(arrival)

    def _take_in(self, arrival: Arrival) -> None:
        world = self.world
        with self.hands.written() as postings:
            self.instructing.tell(arrival.movement_id, Act.ACKNOWLEDGE, f"venue/{arrival.venue}")
        holder = arrival.client if world.standing is Standing.SEGREGATED else OMNIBUS
        tx_hash = self.hands.credit(holder, arrival.venue, arrival.asset, arrival.units)
        if arrival.reason is not Reason.DELEGATION:
            world.tell(
                "top_up_arrived", arrival.client, arrival.venue, postings=postings.span, tx_hash=tx_hash,
                asset=arrival.asset, units=arrival.units,
            )  # fmt: skip

    def _turn_away(self, arrival: Arrival, why: MintRefusal) -> None:
        """Without a claim the venue takes nothing: the hold is voided; what has left a venue is the client's own."""
        with self.hands.written() as postings:
            self.instructing.tell(arrival.movement_id, Act.REFUSE, f"venue/{arrival.venue}", why)
        self.turned_away.append(arrival)
        self.world.tell(
            "delegation_refused", arrival.client, arrival.venue, postings=postings.span,
            asset=arrival.asset, units=arrival.units, why=why,
        )  # fmt: skip
