"""Collateral on the move: deposits, delegations, recalls, withdrawals; held first, posted when their time has come."""

from dataclasses import dataclass, field

from custody.accounts import Account
from custody.collateral import BPS, delegable_units, market_value
from custody.delegation import Instruction, Standing, complete, delegate, deposit, pay, recall, withdraw
from custody.money import mul_div_up
from custody.transfers import Reason, Transfer
from settlement.desk.world import World
from settlement.keys import holder_of
from settlement.mirror import FUND, HOUSE
from settlement.postings import OMNIBUS, party_account

DAYS_A_YEAR = 365
CONSENT_S = 3_600
"""How long a holder's signature on a release stays good."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A held delegation that the venue will acknowledge at `ready_s`."""

    ready_s: int
    client: str
    venue: str
    asset: str
    units: int
    held: tuple[Transfer, ...]
    reason: Reason


@dataclass(slots=True)
class CollateralRoom:
    """The only room that moves assets in, out, or between compartments outside a settlement."""

    world: World
    on_the_way: list[Arrival] = field(default_factory=list)
    clients: tuple[str, ...] = ()
    fees_units: dict[str, int] = field(default_factory=dict)
    _numbers: int = 0

    def _order(self, word: str, units: int, reason: Reason, reference: str = "") -> Instruction:
        self._numbers += 1
        return Instruction(f"{word}/{self._numbers}", units, self.world.now_s, reason, reference)

    def open_venue(self, venue: str, amounts: dict[str, int]) -> None:
        """A venue posts its own collateral and what stands behind defaults: `amounts` by HOUSE and FUND, 1e-6 USD."""
        for party in (HOUSE, FUND):
            self.fund_party(party, venue, amounts[party])

    def fund_party(self, party: str, venue: str, units: int) -> tuple[tuple[int, int], str]:
        """The venue brings settlement asset from outside for its collateral or its fund; its claims follow on chain."""
        symbol = self.world.setting.settlement_asset
        account = party_account(self.world.standing, self.world.charts[symbol], venue, party)
        postings = self._bring(account, symbol, units, f"{venue} {party}")
        return postings, self._credit_on_chain(party, venue, symbol, units)

    def bring(self, client: str, asset: str, units: int, reference: str = "") -> tuple[int, int]:
        """A confirmed deposit of a client's."""
        return self._bring(self.world.charts[asset].available(client), asset, units, reference)

    def _bring(self, to: Account, asset: str, units: int, reference: str) -> tuple[int, int]:
        held = deposit(self.world.charts[asset], to, self._order("deposit", units, Reason.DEPOSIT, reference))
        first, _ = self.world.post(held)
        return first, self.world.post(complete(held, self.world.now_s))[1]

    def take_out(self, client: str, asset: str, units: int, reference: str = "") -> tuple[int, int]:
        """A withdrawal of a client's from what is available."""
        chart = self.world.charts[asset]
        order = self._order("withdrawal", units, Reason.WITHDRAWAL, reference)
        held = withdraw(chart, chart.available(client), order)
        first, _ = self.world.post(held)
        return first, self.world.post(complete(held, self.world.now_s))[1]

    def delegable(self, client: str, asset: str) -> int:
        """How much more of an asset a client may delegate: no double delegation, whatever the price."""
        world = self.world
        delegated = sum(world.collateral(client, venue)[asset] for venue in world.setting.venues)
        delegated += sum(a.units for a in self.on_the_way if (a.client, a.asset) == (client, asset))
        return delegable_units(world.setting.schedule[asset], world.available(client)[asset], delegated)

    def delegate(
        self, client: str, venue: str, asset: str, units: int, ready_s: int, reason: Reason
    ) -> tuple[int, int]:
        """Hold a delegation until the venue acknowledges it at `ready_s`; `units` must be delegable."""
        order = self._order("delegation", units, reason, f"{client} to {venue}")
        held = delegate(self.world.standing, self.world.charts[asset], client, venue, order)
        postings = self.world.post(held)
        self.on_the_way.append(Arrival(ready_s, client, venue, asset, units, held, reason))
        return postings

    def arrive(self) -> None:
        """Post what venues acknowledge by now, and write it to the chain."""
        world = self.world
        due = [arrival for arrival in self.on_the_way if arrival.ready_s <= world.now_s]
        self.on_the_way = [arrival for arrival in self.on_the_way if arrival.ready_s > world.now_s]
        for arrival in due:
            postings = world.post(complete(arrival.held, world.now_s))
            holder = arrival.client if world.standing is Standing.SEGREGATED else OMNIBUS
            tx_hash = self._credit_on_chain(holder, arrival.venue, arrival.asset, arrival.units)
            if arrival.reason is not Reason.DELEGATION:
                world.tell(
                    "top_up_arrived", arrival.client, arrival.venue, postings=postings, tx_hash=tx_hash,
                    asset=arrival.asset, units=arrival.units,
                )  # fmt: skip

    def recall(self, client: str, venue: str, asset: str, units: int, reason: Reason) -> tuple[tuple[int, int], str]:
        """Bring collateral back from a venue: held, released on chain with its holder's signature, posted."""
        world = self.world
        order = self._order("recall", units, reason, f"{client} from {venue}")
        held = recall(world.standing, world.charts[asset], client, venue, order)
        first, _ = world.post(held)
        holder = holder_of(client if world.standing is Standing.SEGREGATED else OMNIBUS, venue)
        eligible, deadline_s = world.setting.schedule[asset], world.now_s + CONSENT_S
        receipt = world.contracts.release(eligible.asset, holder, world.venue_address(venue), units, deadline_s)
        return (first, world.post(complete(held, world.now_s))[1]), receipt.tx_hash

    def charge_custody_fees(self) -> None:
        """One day's fee on what stands in compartments, from each client's reserve; not on an omnibus account."""
        world, setting = self.world, self.world.setting
        if world.standing is not Standing.SEGREGATED:
            return
        chart = world.charts[setting.settlement_asset]
        fees = []
        for client in self.clients:
            held = [market_value(setting.schedule, world.collateral(client, v), world.index_e6) for v in setting.venues]
            due = mul_div_up(sum(held), setting.custody_fee_bps_year, BPS * DAYS_A_YEAR)
            units = min(due, world.spendable(chart.available(client)))
            if units:
                order = self._order("fee", units, Reason.CUSTODY_FEE, "custody fee")
                fees.append(pay(chart.available(client), chart.fees(), order))
                self.fees_units[client] = self.fees_units.get(client, 0) + units
        world.post(fees)

    def _credit_on_chain(self, party: str, venue: str, symbol: str, units: int) -> str:
        world = self.world
        asset = world.setting.schedule[symbol].asset
        holder, at = world.holder_address(party, venue), world.venue_address(venue)
        return world.contracts.credit(asset, holder, at, units).tx_hash
