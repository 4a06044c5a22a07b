"""The settlement cycle: cut off, compute twice, compare, sign twice, propose; after the window, final and paid."""

from dataclasses import dataclass, field

from custody.delegation import Instruction
from custody.money import Asset
from custody.transfers import Reason
from settlement import records
from settlement.batch import GENESIS, ChainCycle, MirrorBatch
from settlement.contracts import POSITIONS, SETTLEMENT
from settlement.cycle import Cycle, State, compare
from settlement.desk.collateral import CollateralRoom
from settlement.desk.world import World
from settlement.keys import signer_of
from settlement.mirror import FUND, HOUSE, deltas
from settlement.netting import PaymentPlan, Shortfall, Terms, plan_payments
from settlement.postings import Postings, on_chain, party_account, postings


@dataclass(frozen=True, slots=True)
class Open:
    """A proposed cycle in its dispute window, with what will be paid."""

    cycle: Cycle
    on_chain: ChainCycle
    postings: Postings


@dataclass(slots=True)
class SettlementRoom:
    """Mirrors positions to the chain and runs each venue's cycles. `shortfalls` keeps every one, with its payers."""

    world: World
    collateral: CollateralRoom
    open: dict[str, Open] = field(default_factory=dict)
    shortfalls: list[tuple[int, str, Shortfall]] = field(default_factory=list)
    unsettled_peak_units: int = 0
    paid_units: int = 0
    cycles: int = 0
    _heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    _batch: tuple[int, bytes] = (0, GENESIS)

    # -- the mirror ------------------------------------------------------------------------------------------------

    def mirror_positions(self) -> str:
        """Send the net position changes since the last batch, with today's marks. The transaction's hash."""
        world = self.world
        sequence, previous = self._batch
        rows = [
            (number, world.holder_address(party, world.setting.instruments[number].venue), lots)
            for (number, party), lots in deltas(world.new_fills).items()
        ]
        batch = MirrorBatch.of(sequence + 1, previous, world.now_s, world.marks_e6, rows)
        digest, calldata = batch.digest(), POSITIONS.call("mirror", batch.arguments())
        with world.database.transaction() as tx:
            records.store_fills(tx, world.new_fills)
            records.store_message(tx, records.Message(digest, "mirror", "", sequence + 1, calldata, world.now_s))
        world.new_fills.clear()
        receipt = world.contracts.mirror(batch)
        with world.database.transaction() as tx:
            records.store_receipt(tx, digest, receipt.tx_hash)
        self._batch = sequence + 1, digest
        return receipt.tx_hash

    # -- the cycle -------------------------------------------------------------------------------------------------

    def cut_off(self, venue: str) -> None:
        """Compute a venue's cycle on both sides, compare, and propose it with both signatures."""
        world = self.world
        dues = world.mirror.dues(venue, world.marks_e6)
        self._note_exposure(dues)
        if differences := compare(world.venue_books[venue].dues(venue, world.marks_e6), dues):
            first = differences[0]
            world.tell(
                "cycle_disputed", first.party, venue, differences=len(differences),
                venue_says_units=first.venue_says_units, custodian_says_units=first.custodian_says_units,
            )  # fmt: skip
            return
        plan = self._plan(venue, dues)
        sequence, previous = self._heads.get(venue, (0, GENESIS))
        cycle = Cycle(venue, sequence + 1, world.now_s, dues, plan)
        agreed = cycle.to(State.PROPOSED, State.AGREED)
        self._propose(agreed, self._for_chain(agreed, previous))

    def _plan(self, venue: str, dues: dict[str, int]) -> PaymentPlan:
        """The payment plan; a venue that owes more than its collateral brings the rest first."""
        world, setting = self.world, self.world.setting
        holdings = {party: world.collateral(party, venue) for party in dues if party not in (HOUSE, FUND)}
        symbol = setting.settlement_asset
        chart, skin = world.charts[symbol], setting.venues[venue].skin_units
        fund = party_account(world.standing, chart, venue, FUND)
        holdings[FUND] = {symbol: world.spendable(fund)}
        terms = Terms(setting.schedule, symbol, setting.conversion_spread_bps, skin)
        plan = plan_payments(dues, holdings, world.index_e6, terms)
        lacking = -plan.of(HOUSE, symbol) - world.spendable(chart.venue_collateral(venue))
        if lacking > 0:
            written, tx_hash = self.collateral.fund_party(HOUSE, venue, lacking)
            world.tell("venue_topped_up", HOUSE, venue, postings=written, tx_hash=tx_hash, units=lacking)
        return plan

    def _for_chain(self, cycle: Cycle, previous: bytes) -> ChainCycle:
        world, venue = self.world, cycle.venue
        rows = (
            (
                world.holder_address(row.party, venue),
                world.contracts.tokens[row.asset],
                _signed_amount(world.setting.schedule[row.asset].asset, row.units),
            )
            for row in on_chain(world.standing, cycle.plan.obligations)
        )
        return ChainCycle(
            world.venue_address(venue),
            cycle.sequence,
            previous,
            cycle.cut_off_s,
            self._batch[1],
            ChainCycle.ordered(rows),
        )

    def _propose(self, cycle: Cycle, chain_cycle: ChainCycle) -> None:
        """Hold what payers owe and store the message in one transaction, then send it."""
        world, venue = self.world, cycle.venue
        order = Instruction(
            f"cycle/{venue}/{cycle.sequence}", 0, world.now_s, Reason.SETTLEMENT, f"{venue} {cycle.sequence}"
        )
        legs = postings(world.standing, world.charts, venue, cycle.plan.obligations, order)
        digest = chain_cycle.digest(world.contracts.settlement_domain)
        calldata = SETTLEMENT.call("finalize", chain_cycle.arguments())
        with world.database.transaction() as tx:
            world.post_in(tx, legs.holds)
            records.store_message(tx, records.Message(digest, "cycle", venue, cycle.sequence, calldata, world.now_s))
        receipt = world.contracts.propose(chain_cycle, world.contracts.plan.venues[venue], signer_of("custodian"))
        world.mirror.settle(venue, cycle.dues)
        world.venue_books[venue].settle(venue, cycle.dues)
        self.open[venue] = Open(cycle.to(State.WINDOW), chain_cycle, legs)
        world.tell("cycle_proposed", "", venue, tx_hash=receipt.tx_hash, sequence=cycle.sequence)

    def finalize(self) -> None:
        """Make every proposed cycle final on chain, then post it in the books."""
        world = self.world
        for venue, proposed in sorted(self.open.items()):
            receipt = world.contracts.finalize(proposed.on_chain)
            cycle = proposed.cycle.to(State.FINAL)
            written = world.post(proposed.postings.when_final(world.now_s))
            digest = proposed.on_chain.digest(world.contracts.settlement_domain)
            with world.database.transaction() as tx:
                records.store_receipt(tx, digest, receipt.tx_hash)
            self._heads[venue] = cycle.sequence, digest
            self._account_for(cycle.to(State.PAID, State.CONFIRMED), written, receipt.tx_hash)
        self.open.clear()

    def _account_for(self, cycle: Cycle, written: tuple[int, int], tx_hash: str) -> None:
        world, symbol = self.world, self.world.setting.settlement_asset
        paid = sum(row.units for row in cycle.plan.obligations if row.asset == symbol and row.units > 0)
        self.paid_units += paid
        self.cycles += 1
        world.tell(
            "cycle_settled", "", cycle.venue, postings=written, tx_hash=tx_hash, sequence=cycle.sequence,
            paid_units=paid, parties=len({row.party for row in cycle.plan.obligations}),
        )  # fmt: skip
        for shortfall in cycle.plan.shortfalls:
            self.shortfalls.append((world.now_s, cycle.venue, shortfall))
            for payer, units in (*shortfall.paid_by, *shortfall.unpaid_to):
                kind = "shortfall_paid" if (payer, units) in shortfall.paid_by else "gain_unpaid"
                world.tell(kind, payer, cycle.venue, debtor=shortfall.debtor, units=units, tx_hash=tx_hash)

    def _note_exposure(self, dues: dict[str, int]) -> None:
        gains = sum(units for party, units in dues.items() if units > 0 and party not in (HOUSE, FUND))
        self.unsettled_peak_units = max(self.unsettled_peak_units, gains)


def _signed_amount(asset: Asset, units: int) -> int:
    """An obligation in the token's own units, sign kept."""
    amount = asset.to_chain(abs(units))
    return amount if units >= 0 else -amount
