"""The settlement cycle: cut off, compute twice, compare, sign twice, propose; after the window, final and paid."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from custody.delegation import Order
from custody.money import Asset
from custody.transfers import Reason, linked
from settlement import records
from settlement.batch import GENESIS, Mark, MirrorBatch
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.cycle import Cycle, State, compare
from settlement.desk.advances import Advance, advances_in, transfers_of
from settlement.desk.collateral import CollateralRoom
from settlement.desk.halting import Stress
from settlement.desk.outgoing import Outgoing, answered, dispatch
from settlement.desk.world import World
from settlement.keys import signer_of
from settlement.mirror import FUND, HOUSE, deltas
from settlement.netting import PaymentPlan, Terms, plan_payments
from settlement.postings import Postings, on_chain, party_account, postings
from settlement.reserve_attestation import MintRefusal
from settlement.signed_marks import MarkBatch

FIRST_EDITION = 1
"""Of the sources of marks: the desk's never change."""


@dataclass(frozen=True, slots=True)
class Open:
    """A cycle that is about to be proposed or in its dispute window, with what will be paid."""

    cycle: Cycle
    on_chain: ChainCycle
    digest: bytes
    postings: Postings


@dataclass(slots=True)
class SettlementRoom:
    """Mirrors positions to the chain and runs each venue's cycles.

    `mirrored`: the last batch's sequence and digest. `marked`: the last cut-off's time, and the prices in its batch.
    """

    world: World
    collateral: CollateralRoom
    open: dict[str, Open] = field(default_factory=dict)
    paid_units: int = 0
    cycles: int = 0
    mirrored: tuple[int, bytes] = (0, GENESIS)
    marked: tuple[int, dict[int, int]] = (0, {})
    _heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    # -- the mirror ------------------------------------------------------------------------------------------------

    def mirror_positions(self) -> None:
        """Send the net position changes since the last batch, with today's marks."""
        mirroring = self._mirroring()
        receipts = dispatch(self.world, self.collateral.liens, [mirroring])
        answered(self.world, [(mirroring.message.digest, receipts[0])])
        self.world.prove_trades(receipts[0].tx_hash)

    def _mirroring(self) -> Outgoing:
        world, instruments, listed = self.world, self.world.setting.instruments, self.world.contracts.listed
        sequence, previous = self.mirrored
        marks = {listed[number]: Mark(price_e6) for number, price_e6 in world.marks_e6.items()}
        changes = {
            (listed[number], world.holder_address(party, instruments[number].venue)): change
            for (number, party), change in deltas(instruments, world.new_fills, world.new_payments).items()
        }
        batch = MirrorBatch.of(sequence + 1, previous, world.now_s, marks, changes)
        call, digest = world.contracts.mirroring(batch), batch.digest()
        self.mirrored = sequence + 1, digest
        return Outgoing(records.Message(digest, "mirror", "", sequence + 1, call.data, world.now_s), call)

    def _marking(self) -> Outgoing:
        """The marks of the batch beside it, which anybody on chain can read."""
        world = self.world
        self.marked = world.now_s, dict(world.marks_e6)
        listed = {world.contracts.listed[number]: price_e6 for number, price_e6 in world.marks_e6.items()}
        batch = MarkBatch.of(FIRST_EDITION, world.now_s, listed)
        digest = batch.digest(world.contracts.marks_domain)
        call = world.contracts.marking(batch, digest)
        return Outgoing(records.Message(digest, "marks", "", self.mirrored[0], call.data, world.now_s), call)

    # -- proposing -------------------------------------------------------------------------------------------------

    def cut_off(self) -> None:
        """End every venue's cycle: mirror positions, compute on both sides, propose where both sides agree."""
        world, mirroring = self.world, self._mirroring()
        together = [mirroring, self._marking()]
        found = (self._computed(venue) for venue in world.setting.venues)
        agreed = [self._prepared(cycle) for cycle in found if cycle is not None]
        for prepared in agreed:
            self.collateral.liens.proposed(prepared.cycle)
        receipts = dispatch(world, self.collateral.liens, [*together, *map(self._proposal, agreed)])
        answered(world, [(one.message.digest, receipt) for one, receipt in zip(together, receipts, strict=False)])
        world.prove_trades(receipts[0].tx_hash)
        for proposed, receipt in zip(agreed, receipts[len(together) :], strict=True):
            cycle = proposed.cycle
            world.mirror.settle(cycle.venue, cycle.dues)
            world.venue_books[cycle.venue].settle(cycle.venue, cycle.dues)
            for row in cycle.plan.obligations:
                if row.asset == world.setting.settlement_asset and row.units > 0:
                    world.receivable[cycle.venue, row.party] = row.units
            self.open[cycle.venue] = replace(proposed, cycle=cycle.to(State.WINDOW))
            world.tell("cycle_proposed", "", cycle.venue, tx_hash=receipt.tx_hash, sequence=cycle.sequence)

    def _computed(self, venue: str) -> Cycle | None:
        """A venue's cycle as both sides compute it; None where they differ or the venue cannot pay, which is told.

        Nothing is proposed then: what is due goes into the next cycle, and the venue takes nothing until it has paid.
        """
        world = self.world
        dues = world.mirror.dues(venue, world.marks_e6)
        if differences := compare(world.venue_books[venue].dues(venue, world.marks_e6), dues):
            first = differences[0]
            world.tell(
                "cycle_disputed", first.party, venue, differences=len(differences),
                venue_says_units=first.venue_says_units, custodian_says_units=first.custodian_says_units,
            )  # fmt: skip
            self.collateral.halts.suspect(venue, Stress.CYCLE_DISPUTED)
            return None
        plan = self._plan(venue, dues)
        if not self._covered(venue, plan):
            self.collateral.halts.suspect(venue, Stress.VENUE_SHORT)
            return None
        sequence, _ = self._heads.get(venue, (0, GENESIS))
        return Cycle(venue, sequence + 1, world.now_s, dues, plan)

    def _plan(self, venue: str, dues: dict[str, int]) -> PaymentPlan:
        """The payment plan."""
        world, setting = self.world, self.world.setting
        holdings = {party: world.collateral(party, venue) for party in dues if party not in (HOUSE, FUND)}
        symbol = setting.settlement_asset
        chart, skin = world.charts[symbol], setting.venues[venue].skin_units
        fund = party_account(world.standing, chart, venue, FUND)
        holdings[FUND] = {symbol: world.spendable(fund)}
        terms = Terms(setting.schedule, symbol, setting.conversion_spread_bps, skin)
        # In kind at the price under guard; what has none pays nothing: it is called for, and not taken at a guess.
        return plan_payments(dues, holdings, world.prices_e6, terms)

    def _covered(self, venue: str, plan: PaymentPlan) -> bool:
        """Whether the venue has what it owes; what lacks it brings first, if claims can be minted for it."""
        world, symbol = self.world, self.world.setting.settlement_asset
        lacking = -plan.of(HOUSE, symbol) - world.spendable(world.charts[symbol].venue_collateral(venue))
        if lacking <= 0:
            return True
        brought = self.collateral.funding.bring(HOUSE, venue, lacking)
        if isinstance(brought, MintRefusal):
            world.tell("venue_short", HOUSE, venue, units=lacking, why=brought)
            return False
        world.tell("venue_topped_up", HOUSE, venue, postings=brought.postings, tx_hash=brought.tx_hash, units=lacking)
        return True

    def _prepared(self, cycle: Cycle) -> Open:
        """A cycle with what the chain will be asked and what the books will hold."""
        world, venue, rows = self.world, cycle.venue, cycle.plan.obligations
        obligations = (
            (
                world.holder_address(row.party, venue),
                world.contracts.tokens[row.asset],
                _signed_amount(world.setting.schedule[row.asset].asset, row.units),
            )
            for row in on_chain(world.standing, rows)
        )
        previous = self._heads.get(venue, (0, GENESIS))[1]
        asked = ChainCycle(
            world.venue_address(venue), cycle.sequence, previous, cycle.cut_off_s, self.mirrored[1],
            legs_of(obligations),
        )  # fmt: skip
        name = f"{venue}/{cycle.sequence}"
        order = Order(f"cycle/{name}", 0, world.now_s, Reason.SETTLEMENT, name)
        legs = postings(world.standing, world.charts, venue, rows, order)
        signed = cycle.to(State.PROPOSED, State.AGREED)
        return Open(signed, asked, asked.digest(world.contracts.settlement_domain), legs)

    def _proposal(self, proposed: Open) -> Outgoing:
        """Both sides sign what both computed."""
        contracts, cycle = self.world.contracts, proposed.cycle
        venue, custodian = contracts.plan.venues[cycle.venue], signer_of("custodian")
        call = contracts.proposal(proposed.on_chain, proposed.digest, venue, custodian)
        message = records.Message(proposed.digest, "cycle", cycle.venue, cycle.sequence, call.data, self.world.now_s)
        return Outgoing(message, call, proposed.postings.holds)

    # -- paying ----------------------------------------------------------------------------------------------------

    def finalize(self) -> list[Cycle]:
        """Make every proposed cycle final on chain, then post it in the books; the cycles, paid and confirmed."""
        world = self.world
        cycles = [proposed for _, proposed in sorted(self.open.items())]
        receipts = world.contracts.chain.send_together([world.contracts.finality(one.on_chain) for one in cycles])
        answered(world, [(one.digest, receipt) for one, receipt in zip(cycles, receipts, strict=True)])
        world.receivable.clear()
        self.open.clear()
        confirmed = []
        for proposed, receipt in zip(cycles, receipts, strict=True):
            cycle = proposed.cycle.to(State.FINAL)
            advances = advances_in(world, cycle, receipt)
            written = self._post_as_paid(proposed, advances)
            self._heads[cycle.venue] = cycle.sequence, proposed.digest
            confirmed.append(cycle.to(State.PAID, State.CONFIRMED))
            self._account_for(confirmed[-1], written, receipt.tx_hash)
            self._tell_of(advances, written, receipt.tx_hash)
            self.collateral.halts.paid(cycle.venue)
        return confirmed

    def _post_as_paid(self, proposed: Open, advances: Sequence[Advance]) -> tuple[int, int]:
        """Post what was held and what the venue advanced, and lift the liens, as one; first and last position."""
        world, liens = self.world, self.collateral.liens
        name = f"{proposed.cycle.venue}/{proposed.cycle.sequence}"
        transfers = linked(*proposed.postings.when_final(world.now_s), *transfers_of(world, advances, name))
        liens.paid(proposed.cycle)
        for one in advances:
            liens.owes(one.debtor, one.venue, one.asset, one.units)
        with world.database.transaction() as tx:
            liens.write(tx)
            return world.post_in(tx, transfers) if transfers else (0, 0)

    def _tell_of(self, advances: Sequence[Advance], written: tuple[int, int], tx_hash: str) -> None:
        for one in advances:
            self.world.tell(
                "shortfall_covered", one.debtor, one.venue, postings=written, tx_hash=tx_hash,
                asset=one.asset, units=one.units, creditor=HOUSE,
            )  # fmt: skip

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
            for kind, rows in (("shortfall_paid", shortfall.paid_by), ("gain_unpaid", shortfall.unpaid_to)):
                for party, units in rows:
                    world.tell(kind, party, cycle.venue, debtor=shortfall.debtor, units=units, tx_hash=tx_hash)


def _signed_amount(asset: Asset, units: int) -> int:
    """An obligation in the token's own units, sign kept."""
    amount = asset.to_chain(abs(units))
    return amount if units >= 0 else -amount
