"""Random cycles, good and bad, through Python's rules and through the contracts: refusals, balances, digests equal."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from custody.money import Asset
from settlement.batch import GENESIS
from settlement.chain import Call, Chain, Receipt
from settlement.chain_cycle import ChainCycle, Leg, legs_of
from settlement.contracts import ALL, SETTLEMENT, Contracts, Plan
from settlement.cycle_rules import BookState, CycleRefusal, Refused, Shortfall, check, pay
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from tests.settlement.sole_minter import PLENTY

ASSETS = (Asset("USDC", 6, 6), Asset("BTC", 8, 8))
HARBOUR, CUSTODIAN, STRANGER = signer_of("venue/harbour"), signer_of("custodian"), signer_of("stranger")
HOLDERS = [HARBOUR.address, *(signer_of(f"client/{name}").address for name in ("carry", "hedger", "maker", "miner"))]
WINDOW_S, GRACE_S, ROUNDS = 300, 86_400, 150
COVERED = keccak(text="ShortfallCovered(address,uint64,address,address,uint256,uint256)").hex()


@dataclass
class Twins:
    """The contracts, and what Python believes of them: it is told nothing but what it has worked out itself."""

    contracts: Contracts
    dice: Random
    venue: Chain
    state: BookState = field(default_factory=lambda: BookState(True, False, 0, GENESIS, 0))
    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def node(self) -> Node:
        return self.contracts.chain.node

    def fund(self) -> None:
        """Between nothing and a hundred for everybody."""
        for asset in ASSETS:
            for holder in HOLDERS:
                if units := self.dice.choice((0, 0, self.dice.randrange(100))):
                    self.contracts.credit(asset, holder, HARBOUR.address, units, PLENTY)
                    key = holder, self.contracts.tokens[asset.symbol]
                    self.balances[key] = self.balances.get(key, 0) + units

    def cycle(self, now_s: int) -> ChainCycle:
        """A good one, whose payers may or may not have what they owe."""
        rows = []
        for token in self.dice.sample(sorted(self.contracts.tokens.values()), self.dice.randrange(3)):
            amounts = [self.dice.randrange(-60, 61) for _ in HOLDERS[1:]]
            rows += [(who, token, units) for who, units in zip(HOLDERS, [-sum(amounts), *amounts], strict=True)]
        state = self.state
        noise = self.dice.randbytes(32)
        return ChainCycle(HARBOUR.address, state.sequence + 1, state.digest, now_s, noise, legs_of(rows))

    def agree(self) -> None:
        """Everything that both say they know."""
        sequence, digest, cut_off_s = self.contracts.chain.read(
            SETTLEMENT, self.contracts.settlement, "headOf", HARBOUR.address
        )
        assert (sequence, digest, cut_off_s) == (self.state.sequence, self.state.digest, self.state.cut_off_s)
        for asset in ASSETS:
            for holder in HOLDERS:
                found = self.contracts.compartment(asset, holder, HARBOUR.address)
                assert found == self.balances.get((holder, self.contracts.tokens[asset.symbol]), 0)


@pytest.fixture(scope="module")
def contracts() -> Iterator[Contracts]:
    with Anvil(genesis_s=1_769_000_000) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        plan = Plan(ASSETS, {"harbour": HARBOUR}, CUSTODIAN, WINDOW_S)
        yield deploy(node, operator, plan)


def first_leg(cycle: ChainCycle, change: Callable[[Leg], Leg]) -> ChainCycle:
    return replace(cycle, legs=(change(cycle.legs[0]), *cycle.legs[1:])) if cycle.legs else cycle


def more(leg: Leg, by: int) -> Leg:
    holder, amount = leg.debits[0]
    return replace(leg, debits=((holder, amount + by), *leg.debits[1:]))


FAULTS: dict[str, Callable[[ChainCycle], ChainCycle]] = {
    "another venue": lambda cycle: replace(cycle, venue=STRANGER.address),
    "another sequence": lambda cycle: replace(cycle, sequence=cycle.sequence + 1),
    "another history": lambda cycle: replace(cycle, previous_digest=keccak(cycle.previous_digest)),
    "an old cut-off": lambda cycle: replace(cycle, cut_off_s=0),
    "a cut-off to come": lambda cycle: replace(cycle, cut_off_s=cycle.cut_off_s + 10**6),
    "legs turned round": lambda cycle: replace(cycle, legs=cycle.legs[::-1]),
    "a leg twice": lambda cycle: replace(cycle, legs=cycle.legs[:1] * 2),
    "nobody pays": lambda cycle: first_leg(cycle, lambda leg: replace(leg, debits=())),
    "payers turned round": lambda cycle: first_leg(cycle, lambda leg: replace(leg, debits=leg.debits[::-1])),
    "a receiver twice": lambda cycle: first_leg(cycle, lambda leg: replace(leg, credits=leg.credits[:1] * 2)),
    "nothing owed": lambda cycle: first_leg(cycle, lambda leg: more(leg, -leg.debits[0][1])),
    "one too many": lambda cycle: first_leg(cycle, lambda leg: more(leg, 1)),
    "both sides": lambda cycle: first_leg(cycle, lambda leg: replace(leg, credits=leg.debits)),
}


def proposed(twins: Twins, cycle: ChainCycle, signed: tuple[bool, bool]) -> Refused | None:
    """Both twins asked to propose; what both of them say."""
    contracts = twins.contracts
    digest = cycle.digest(contracts.settlement_domain)
    assert contracts.chain.read(SETTLEMENT, contracts.settlement, "digestOf", cycle.arguments()) == digest
    state = twins.state if cycle.venue == HARBOUR.address else replace(twins.state, is_registered=False)
    now_s = twins.node.block_time() + 1
    twins.node.move_to(now_s)
    expected = check(cycle, digest, state, now_s, signed)
    signers = [right if good else STRANGER for right, good in zip((HARBOUR, CUSTODIAN), signed, strict=True)]
    said = sent(contracts, contracts.proposal(cycle, digest, *signers))
    if expected is None:
        assert isinstance(said, Receipt), said
    else:
        assert said == f"cycle proposed: {expected}"
    return expected


def sent(contracts: Contracts, call: Call) -> Receipt | str:
    """What became of a transaction; a sentence where it was refused."""
    try:
        return contracts.chain.send_together([call])[0]
    except ChainError as why:
        return str(why)


def ended(twins: Twins, cycle: ChainCycle) -> None:
    """An open cycle brought to its end by both: disputed, paid, or refused and then expired."""
    contracts, node = twins.contracts, twins.node
    digest = cycle.digest(contracts.settlement_domain)
    node.move_to(node.block_time() + WINDOW_S)
    expected = pay(cycle, twins.balances)
    said = sent(contracts, contracts.finality(cycle))
    if isinstance(expected, Refused):
        assert said == f"cycle settled: {expected}"
        twins.seen[expected.refusal] += 1
        node.move_to(node.block_time() + WINDOW_S + GRACE_S)
        contracts.chain.send(contracts.settlement, SETTLEMENT.call("expire", HARBOUR.address), "cycle expired")
        twins.state = replace(twins.state, void=twins.state.void | {digest})
        return
    assert isinstance(said, Receipt), said
    assert covered(contracts, said.tx_hash) == expected.shortfalls
    twins.seen["covered" if expected.shortfalls else "paid"] += 1
    twins.balances = expected.balances
    twins.state = replace(twins.state, sequence=cycle.sequence, digest=digest, cut_off_s=cycle.cut_off_s)


def covered(contracts: Contracts, tx_hash: str) -> tuple[Shortfall, ...]:
    """The shortfalls in a transaction's events; addresses are written as ours are."""
    found, ours = [], {address.lower(): address for address in (*HOLDERS, *contracts.tokens.values())}
    for log in contracts.chain.node.rpc("eth_getTransactionReceipt", tx_hash)["logs"]:
        if log["topics"][0] == "0x" + COVERED:
            token, owed, paid = decode(("address", "uint256", "uint256"), bytes.fromhex(log["data"][2:]))
            found.append(Shortfall(ours[token], ours["0x" + log["topics"][3][-40:]], owed, paid))
    return tuple(found)


def test_the_same_cycles_through_python_and_the_contracts(contracts: Contracts) -> None:
    dice = Random(7_702)
    node = contracts.chain.node
    node.rpc("anvil_setBalance", HARBOUR.address, hex(10**24))
    twins = Twins(contracts, dice, Chain(node, HARBOUR, ALL))
    used: ChainCycle | None = None
    for _ in range(ROUNDS):
        if dice.random() < 0.1:
            twins.fund()
        cycle = twins.cycle(twins.node.block_time())
        if used is not None and dice.random() < 0.1:
            cycle = used
        for fault in dice.sample(sorted(FAULTS), dice.choice((0, 0, 1, 1, 2))):
            cycle = FAULTS[fault](cycle)
        signed = (dice.random() < 0.95, dice.random() < 0.95)
        refused = proposed(twins, cycle, signed)
        if refused is not None:
            twins.seen[refused.refusal] += 1
        else:
            opened(twins, cycle)
            used = cycle
        twins.agree()
    assert twins.seen.keys() == {"paid", "covered", "disputed", *CycleRefusal}, "each refusal and each end was reached"


def opened(twins: Twins, cycle: ChainCycle) -> None:
    """What happens while a cycle is open: no other is; then it ends, one way or another."""
    twins.state = replace(twins.state, is_open=True)
    refused = proposed(twins, cycle, (True, True))
    assert refused is not None
    twins.seen[refused.refusal] += 1
    twins.state = replace(twins.state, is_open=False)
    if twins.dice.random() < 0.3:
        disputed(twins, cycle)
    else:
        ended(twins, cycle)


def disputed(twins: Twins, cycle: ChainCycle) -> None:
    """By the venue, from its own address."""
    contracts = twins.contracts
    twins.venue.send(contracts.settlement, SETTLEMENT.call("dispute", HARBOUR.address), "cycle disputed")
    digest = cycle.digest(contracts.settlement_domain)
    twins.state = replace(twins.state, void=twins.state.void | {digest})
    twins.seen["disputed"] += 1
