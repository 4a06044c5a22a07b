"""A venue, its clients, a ledger and the real contracts on a real node: a cycle played through all of them."""

from dataclasses import dataclass, field, replace
from typing import Any

from custody.accounts import Chart
from custody.books import Books
from custody.database import Database
from custody.delegation import Standing
from custody.money import Asset
from custody.transfers import Kind, Reason, Transfer
from settlement.batch import GENESIS
from settlement.chain import Call
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.chain_hearing import TOPICS, Duty, duty, heard, standings
from settlement.chain_hearing import Standing as OnChain
from settlement.contracts import SETTLEMENT, Contracts
from settlement.cycle_record import CycleRecord, CycleTerms, Said
from settlement.cycle_states import Act, Actor, State
from settlement.cycle_steps import Ground
from settlement.engine import cycle_store as store
from settlement.engine.settler import Answer, Settler
from settlement.keys import holder_of, signer_of
from settlement.mirror import HOUSE
from settlement.netting import Obligation
from settlement.reserve_attestation import Reserves

USDC = Asset("USDC", 6, 6)
VENUE = "harbour"
GRACE_S = 86_400
DEPTH = 3
START_UNITS = {"hedger": 100, "maker": 100, "treasury": 100, HOUSE: 50}
TERMS = CycleTerms(confirmations=DEPTH)
PLENTY = Reserves(10**15, 1, bytes(32))
"""More than is ever minted here."""


class StageError(Exception):
    """The play did not go as it is written."""


def taken(answer: Answer) -> None:
    """Raises StageError where an act was refused."""
    if not answer.ok:
        raise StageError(f"{answer.refusal}: {answer.detail}")


@dataclass
class Stage:
    """Everything that a cycle touches. `signed`: what both sides have signed, by digest in hex."""

    contracts: Contracts
    settler: Settler
    signed: dict[str, ChainCycle] = field(default_factory=dict)

    @property
    def now_s(self) -> int:
        return self.contracts.chain.node.block_time()

    @property
    def head(self) -> int:
        return self.contracts.chain.node.block_number()

    def cycle(self, cycle_id: str = "harbour/1") -> CycleRecord:
        with self.settler.database.snapshot() as reader:
            found = store.find_cycle(reader, cycle_id)
        if found is None:
            raise StageError(f"there is no cycle {cycle_id}")
        return found

    def events(self) -> list[str]:
        with self.settler.database.snapshot() as reader:
            return [row[0] for row in reader.exec_driver_sql("SELECT name FROM webhook_event ORDER BY position")]

    # -- what parties do -------------------------------------------------------------------------------------------

    def said(self, act: Act, by: Actor, cycle_id: str = "harbour/1", **more: Any) -> Answer:
        return self.settler.act(cycle_id, Said(act, by, **more), self.now_s)

    def computed(self, cycle_id: str = "harbour/1") -> None:
        """From open to computed."""
        self.settler.open(VENUE, self.now_s)
        taken(self.said(Act.CUT_OFF, Actor.OPERATOR, cycle_id, reference="demand"))
        taken(self.said(Act.COMPUTE, Actor.OPERATOR, cycle_id, fills_digest="f", marks_digest="m"))

    def propose(self, rows: dict[str, int], cycle_id: str = "harbour/1", **more: Any) -> Answer:
        """The venue signs these obligations in USDC, by party; who receives has a plus."""
        obligations = tuple(Obligation(party, "USDC", units) for party, units in sorted(rows.items()))
        tokens, venue = self.contracts.tokens, signer_of(f"venue/{VENUE}").address
        legs = legs_of((holder_of(row.party, VENUE).address, tokens["USDC"], row.units) for row in obligations)
        sequence, previous, _ = self.contracts.chain.read(SETTLEMENT, self.contracts.settlement, "headOf", venue)
        asked = ChainCycle(venue, sequence + 1, previous, self.cycle(cycle_id).cut_off_s, GENESIS, legs)
        digest = asked.digest(self.contracts.settlement_domain).hex()
        self.signed[digest] = asked
        return self.said(Act.PROPOSE, Actor.VENUE, cycle_id, digest=digest, obligations=obligations, **more)

    def agree(self, cycle_id: str = "harbour/1") -> Answer:
        return self.said(Act.AGREE, Actor.CUSTODIAN, cycle_id, digest=self.cycle(cycle_id).digest)

    def agreed(self, rows: dict[str, int], cycle_id: str = "harbour/1", **more: object) -> None:
        """From nothing to what both have signed."""
        self.computed(cycle_id)
        taken(self.propose(rows, cycle_id, **more))
        taken(self.agree(cycle_id))

    # -- the chain -------------------------------------------------------------------------------------------------

    def standing(self, cycle: CycleRecord) -> OnChain:
        asked = {"address": self.contracts.settlement, "topics": [list(TOPICS)], "fromBlock": "0x0"}
        return standings(self.contracts.chain.node.rpc("eth_getLogs", asked)).get(cycle.digest, OnChain())

    def duty(self, cycle_id: str = "harbour/1") -> Duty:
        cycle = self.cycle(cycle_id)
        return duty(cycle, self.standing(cycle), self.now_s, GRACE_S)

    def send(self, cycle_id: str = "harbour/1") -> Duty:
        """Send whatever has to be sent now."""
        cycle, contracts = self.cycle(cycle_id), self.contracts
        due, custodian = self.duty(cycle_id), signer_of("custodian")
        venue = signer_of(f"venue/{VENUE}")
        match due:
            case Duty.PROPOSE:
                call = contracts.proposal(self.signed[cycle.digest], bytes.fromhex(cycle.digest), venue, custodian)
            case Duty.FINALIZE:
                call = contracts.finality(self.signed[cycle.digest])
            case Duty.EXPIRE:
                call = Call(contracts.settlement, SETTLEMENT.call("expire", venue.address), "cycle expired")
            case Duty.DISPUTE:
                call = Call(contracts.settlement, SETTLEMENT.call("dispute", venue.address), "cycle disputed")
                replace_sender(contracts, call)
                return due
            case _:
                return due
        contracts.chain.send_together([call])
        return due

    def hear(self, cycle_id: str = "harbour/1") -> State:
        """Take in all that the chain says; where the cycle stands then."""
        while True:
            cycle = self.cycle(cycle_id)
            said = heard(cycle, self.standing(cycle), self.head, DEPTH)
            if said is None:
                return cycle.state
            taken(self.settler.act(cycle_id, said, self.now_s))

    def mine(self, blocks: int = DEPTH) -> None:
        self.contracts.chain.node.rpc("anvil_mine", hex(blocks))

    def wait(self, seconds: int) -> None:
        node = self.contracts.chain.node
        node.move_to(self.now_s + seconds)
        node.apply_time()
        node.rpc("evm_mine")

    # -- what there is ---------------------------------------------------------------------------------------------

    def ledger(self) -> dict[str, int]:
        return {party: self.settler.books.balance(self.account(party)) for party in START_UNITS}

    def pending(self) -> dict[str, int]:
        totals = {party: self.settler.books.totals(self.account(party)) for party in START_UNITS}
        return {party: one.debits_pending for party, one in totals.items() if one.debits_pending}

    def on_chain(self) -> dict[str, int]:
        at = signer_of(f"venue/{VENUE}").address
        return {party: self.contracts.compartment(USDC, holder_of(party, VENUE).address, at) for party in START_UNITS}

    @staticmethod
    def account(party: str) -> str:
        chart = Chart("USDC")
        return (chart.venue_collateral(VENUE) if party == HOUSE else chart.delegated(party, VENUE)).id


def replace_sender(contracts: Contracts, call: Call) -> None:
    """Send as the custodian, who alone may dispute besides the venue."""
    custodian = signer_of("custodian")
    contracts.chain.node.rpc("anvil_setBalance", custodian.address, hex(10**24))
    replace(contracts.chain, sender=custodian, _nonce=-1).send_together([call])


def stage_on(contracts: Contracts, database: Database) -> Stage:
    """The same units in the books and in the compartments."""
    chart, books = Chart("USDC"), Books(database)
    owned = [chart.delegated(party, VENUE) for party in START_UNITS if party != HOUSE]
    books.open_accounts([chart.vault(), chart.venue_collateral(VENUE), chart.venue_settlement(VENUE), *owned])
    for party, units in START_UNITS.items():
        given = Transfer(f"start/{party}", chart.vault().id, Stage.account(party), units, Reason.DEPOSIT, Kind.POSTED)
        (outcome,) = books.post([given], 1)
        if not outcome.ok:
            raise StageError(f"{party} starts with nothing: {outcome.refusal}")
        at = signer_of(f"venue/{VENUE}").address
        contracts.credit(USDC, holder_of(party, VENUE).address, at, units, PLENTY)
    return Stage(contracts, Settler(database, books, Ground(Standing.SEGREGATED, {"USDC": chart}, TERMS), "USDC"))
