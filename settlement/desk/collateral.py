"""Collateral on the move: deposits, delegations, recalls, withdrawals; held first, posted when their time has come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from custody.collateral import BPS
from custody.coverage import Coverage
from custody.delegation import Order, Standing, collateral_account, complete, deposit, pay
from custody.money import mul_div_up
from custody.movements import Movement
from custody.parties import CUSTODIAN
from custody.speaking import CHAIN
from custody.states import Act, State
from custody.transfers import Reason
from settlement.desk.instructing import Instructing
from settlement.desk.liens import LienRoom
from settlement.desk.margin_liens import MarginLiens
from settlement.desk.world import DeskError, World
from settlement.keys import holder_of
from settlement.mirror import FUND, HOUSE
from settlement.postings import OMNIBUS, party_account
from settlement.reconciliation import left_and_redeemed
from settlement.reserve_attestation import MintRefusal

DAYS_A_YEAR = 365
CONSENT_S = 3_600
"""How long a holder's signature on a release stays good."""

LOOKED_AT_EVERY_S = 3_600
"""How often the custodian looks for what is overdue; when it does changes no outcome."""


@dataclass(slots=True)
class Postings:
    """What was written to the journal: the first and last position, once it is done."""

    before: int
    last: int = 0

    @property
    def span(self) -> tuple[int, int]:
        return self.before + 1, self.last


@dataclass(frozen=True, slots=True)
class Arrival:
    """A movement to a venue that the venue will acknowledge at `ready_s`; `out_of` the venue that it leaves, if any."""

    ready_s: int
    client: str
    venue: str
    asset: str
    units: int
    movement_id: str
    reason: Reason
    out_of: str = ""


@dataclass(slots=True)
class CollateralRoom:
    """The only room that moves assets in, out, or between compartments outside a settlement: by the custodian.

    `waiting`: what was asked back and is blocked, by id.
    """

    world: World
    instructing: Instructing = field(init=False)
    liens: LienRoom = field(init=False)
    margin_liens: MarginLiens = field(init=False)
    on_the_way: list[Arrival] = field(default_factory=list)
    clients: tuple[str, ...] = ()
    fees_units: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, Movement] = field(default_factory=dict)
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.instructing = Instructing.over(self.world)
        self.liens = LienRoom(self.world)
        self.margin_liens = MarginLiens(self.world, self.liens)

    # -- in and out ------------------------------------------------------------------------------------------------

    def open_venue(self, venue: str, amounts: dict[str, int]) -> None:
        """A venue posts its own collateral and what stands behind defaults: `amounts` by HOUSE and FUND, 1e-6 USD."""
        for party in (HOUSE, FUND):
            self.fund_party(party, venue, amounts[party])

    def fund_party(self, party: str, venue: str, units: int) -> tuple[tuple[int, int], str]:
        """The venue brings settlement asset from outside for its collateral or its fund; its claims follow on chain."""
        symbol = self.world.setting.settlement_asset
        with self._written() as postings:
            if party == HOUSE:
                owner, eligible = f"venue/{venue}", self.world.setting.schedule[symbol]
                # A venue's own collateral is held like a client's: a little more than is delegated has to be there.
                had = self.instructing.coverage(owner, symbol)
                least = mul_div_up(had.delegated_units + units, BPS, BPS - eligible.haircut_bps)
                lacking = least - had.available_units - had.delegated_units
                if lacking > 0:
                    self.instructing.credit(owner, symbol, lacking, f"{venue} {party}")
                delegation = self.instructing.delegate(owner, venue, eligible.asset, units)
                self.instructing.tell(delegation, Act.ACKNOWLEDGE, owner)
            else:
                # No owner can recall it, so it is no delegation: it stands behind the defaults of others.
                account = party_account(self.world.standing, self.world.charts[symbol], venue, party)
                held = deposit(self.world.charts[symbol], account, self._order("fund", units, Reason.DEPOSIT))
                self.world.post(held)
                self.world.post(complete(held, self.world.now_s))
        return postings.span, self._credit_on_chain(party, venue, symbol, units)

    def bring(self, client: str, asset: str, units: int, reference: str = "") -> tuple[int, int]:
        """A confirmed deposit of a client's."""
        self.instructing.admit(f"client/{client}")
        with self._written() as postings:
            self.instructing.credit(f"client/{client}", asset, units, reference)
        return postings.span

    def take_out(self, client: str, asset: str, units: int, reference: str = "") -> tuple[int, int]:
        """A withdrawal of a client's, which must not uncover what it has delegated: see `withdrawable`."""
        with self._written() as postings:
            held = self.world.setting.schedule[asset].asset
            movement = self.instructing.withdraw(f"client/{client}", held, units)
            for act, by in ((Act.SEND, CUSTODIAN), (Act.CONFIRM, CHAIN)):
                self.instructing.tell(movement, act, by, reference)
        return postings.span

    # -- to venues and back ----------------------------------------------------------------------------------------

    def coverage(self, client: str, asset: str) -> Coverage:
        """What a client has of an asset, free and delegated, and how much more the haircut lets it delegate."""
        return self.instructing.coverage(f"client/{client}", asset)

    def delegable(self, client: str, asset: str) -> int:
        """How much more of an asset a client may delegate: no double delegation, whatever the price."""
        return self.coverage(client, asset).delegable_units

    def withdrawable(self, client: str, asset: str) -> int:
        """How much of an asset may leave without uncovering what is delegated."""
        return self.coverage(client, asset).withdrawable_units

    def delegate(
        self, client: str, venue: str, asset: str, units: int, ready_s: int, reason: Reason
    ) -> tuple[int, int]:
        """Hold a delegation until the venue acknowledges it at `ready_s`; `units` must be delegable."""
        with self._written() as postings:
            held = self.world.setting.schedule[asset].asset
            movement = self.instructing.delegate(f"client/{client}", venue, held, units)
        self.on_the_way.append(Arrival(ready_s, client, venue, asset, units, movement, reason))
        return postings.span

    def move(self, client: str, out_of: str, venue: str, asset: str, units: int, ready_s: int) -> tuple[int, int]:
        """Hold collateral at one venue until another acknowledges it at `ready_s`: it counts at neither meanwhile."""
        with self._written() as postings:
            held = self.world.setting.schedule[asset].asset
            self.margin_liens.test(client, out_of, asset)
            movement = self.instructing.move(f"client/{client}", out_of, venue, held, units)
            self.instructing.tell(movement, Act.RELEASE, f"venue/{out_of}")
        self.on_the_way.append(Arrival(ready_s, client, venue, asset, units, movement, Reason.VENUE_MOVE, out_of))
        return postings.span

    def arrive(self) -> None:
        """Post what venues acknowledge by now, and write it to the chain; let the custodian see what is overdue."""
        world = self.world
        if world.now_s % LOOKED_AT_EVERY_S == 0:
            self._look_again()
        due = [arrival for arrival in self.on_the_way if arrival.ready_s <= world.now_s]
        self.on_the_way = [arrival for arrival in self.on_the_way if arrival.ready_s > world.now_s]
        for arrival in due:
            if arrival.out_of:
                self._release_on_chain(arrival.client, arrival.out_of, arrival.asset, arrival.units)
            if why := self._no_claims_for(arrival):
                self._turn_away(arrival, why)
                continue
            with self._written() as postings:
                self.instructing.tell(arrival.movement_id, Act.ACKNOWLEDGE, f"venue/{arrival.venue}")
            holder = arrival.client if world.standing is Standing.SEGREGATED else OMNIBUS
            tx_hash = self._credit_on_chain(holder, arrival.venue, arrival.asset, arrival.units)
            if arrival.reason is not Reason.DELEGATION:
                world.tell(
                    "top_up_arrived", arrival.client, arrival.venue, postings=postings.span, tx_hash=tx_hash,
                    asset=arrival.asset, units=arrival.units,
                )  # fmt: skip

    def _no_claims_for(self, arrival: Arrival) -> MintRefusal | None:
        world, asset = self.world, self.world.setting.schedule[arrival.asset].asset
        return world.contracts.refuses(asset, arrival.units, world.reserves(arrival.asset))

    def _turn_away(self, arrival: Arrival, why: MintRefusal) -> None:
        """Without a claim the venue takes nothing: the hold is voided; what has left a venue is the client's own."""
        with self._written() as postings:
            self.instructing.tell(arrival.movement_id, Act.REFUSE, why)
        self.world.tell(
            "delegation_refused", arrival.client, arrival.venue, postings=postings.span,
            asset=arrival.asset, units=arrival.units, why=why,
        )  # fmt: skip

    def recall(self, client: str, venue: str, asset: str, units: int) -> tuple[tuple[int, int], str]:
        """Bring collateral back from a venue: held, released on chain with its holder's signature, posted.

        DeskError where something stands against it; it waits all the same, as what is asked back.
        """
        with self._written() as postings:
            movement, tx_hash = self.ask_back(client, venue, asset, units)
        if not tx_hash:
            raise DeskError(f"{movement.id} of {client} is {movement.state}: {movement.reason}")
        return postings.span, tx_hash

    def ask_back(self, client: str, venue: str, asset: str, units: int) -> tuple[Movement, str]:
        """A client asks for collateral back: it comes at once where nothing stands against it, by the transaction told.

        What is blocked waits with its reason until `arrive` finds that nothing stands against it any more.
        """
        self.liens.asked_back(client, venue)
        self.margin_liens.test(client, venue, asset)
        movement = self.instructing.recall(f"client/{client}", venue, self.world.setting.schedule[asset].asset, units)
        if movement.state is State.BLOCKED:
            self.waiting[movement.id] = movement
        return movement, self._let_go(movement) if movement.state is State.RECALL_REQUESTED else ""

    def _look_again(self) -> None:
        """Let the custodian see what is overdue and what is blocked, and go on with what is no longer."""
        for movement in self.waiting.values():
            intent = movement.intent
            self.liens.asked_back(intent.name, intent.venue)
            self.margin_liens.test(intent.name, intent.venue, intent.asset)
        for answer in self.instructing.custodian.tick(self.world.now_s):
            if answer.movement and self.waiting.pop(answer.movement.id, None):
                if answer.movement.state is State.RECALL_REQUESTED:
                    self._let_go(answer.movement)
                self.world.forget()

    def _let_go(self, movement: Movement) -> str:
        """Release on chain what is held to be recalled, and post it; the transaction's hash."""
        intent = movement.intent
        tx_hash = self._release_on_chain(intent.name, intent.venue, intent.asset, intent.units)
        self.instructing.tell(movement.id, Act.RELEASE, f"venue/{intent.venue}", tx_hash)
        return tx_hash

    def follow_exit(self, client: str, venue: str, asset: str) -> tuple[tuple[int, int], str]:
        """What a client has taken out of a compartment alone, and sent to be redeemed: burned, and available again.

        Nothing, and no transaction, where nothing has left or nothing lies at the redemption address.
        """
        world, held = self.world, self.world.setting.schedule[asset].asset
        account = collateral_account(world.standing, world.charts[asset], client, venue)
        stands = world.contracts.compartment(held, world.holder_address(client, venue), world.venue_address(venue))
        units = left_and_redeemed(world.spendable(account), stands, world.contracts.at_redemption(held))
        if not units:
            return (0, 0), ""
        with self._written() as postings:
            movement = self.instructing.recall(f"client/{client}", venue, held, units)
            tx_hash = world.contracts.redeem(held, units, keccak(text=movement.id)).tx_hash
            self.instructing.tell(movement.id, Act.RELEASE, f"venue/{venue}", tx_hash)
        return postings.span, tx_hash

    def charge_custody_fees(self) -> None:
        """One day's fee on what stands in compartments, from each client's reserve; not on an omnibus account."""
        world, setting = self.world, self.world.setting
        if world.standing is not Standing.SEGREGATED:
            return
        chart = world.charts[setting.settlement_asset]
        fees = []
        for client in self.clients:
            held = [world.valued(world.collateral(client, venue)).market_units for venue in setting.venues]
            due = mul_div_up(sum(held), setting.custody_fee_bps_year, BPS * DAYS_A_YEAR)
            units = min(due, world.spendable(chart.available(client)))
            if units:
                order = self._order("fee", units, Reason.CUSTODY_FEE, "custody fee")
                fees.append(pay(chart.available(client), chart.fees(), order))
                self.fees_units[client] = self.fees_units.get(client, 0) + units
        world.post(fees)

    # -- one step of each ------------------------------------------------------------------------------------------

    def _order(self, word: str, units: int, reason: Reason, reference: str = "") -> Order:
        self._numbers += 1
        return Order(f"{word}/{self._numbers}", units, self.world.now_s, reason, reference)

    @contextmanager
    def _written(self) -> Iterator[Postings]:
        """The journal positions that are written meanwhile; what was read of the accounts before is read again."""
        books = self.world.books
        postings = Postings(books.head().position)
        yield postings
        postings.last = books.head().position
        self.world.forget()

    def _release_on_chain(self, client: str, venue: str, symbol: str, units: int) -> str:
        world = self.world
        holder = holder_of(client if world.standing is Standing.SEGREGATED else OMNIBUS, venue)
        asset, deadline_s = world.setting.schedule[symbol].asset, world.now_s + CONSENT_S
        return world.contracts.release(asset, holder, world.venue_address(venue), units, deadline_s).tx_hash

    def _credit_on_chain(self, party: str, venue: str, symbol: str, units: int) -> str:
        world = self.world
        asset = world.setting.schedule[symbol].asset
        holder, at = world.holder_address(party, venue), world.venue_address(venue)
        return world.contracts.credit(asset, holder, at, units, world.reserves(symbol)).tx_hash
