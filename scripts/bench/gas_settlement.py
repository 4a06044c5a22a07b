"""What an obligation costs on chain: at the margin of a batch of 256, in the transaction that pays and in the other.

Between cycles of few and of many obligations everything else is equal, so their difference is the obligations' own:
calldata, the check of what was signed, and one slot each that holds something before and after.
"""

from collections.abc import Sequence

from custody.signers import LocalSigner, Signer
from settlement.batch import GENESIS
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.contracts import Contracts
from settlement.node import Node
from settlement.reserve_attestation import Reserves

FEW, MANY = 2, 256
UNITS = 1_000 * 10**6
"""What every compartment holds before, in ledger units: a thousand dollars."""


def gas_settlement(node: Node, contracts: Contracts) -> list[tuple[str, int, str]]:
    """(measure, gas, note) of a fresh deployment's first venue and asset; half of the holders pay the other half."""
    holders = [LocalSigner.for_demonstration(f"client/{number}").address for number in range(MANY)]
    asset, venue = contracts.plan.assets[0], next(iter(contracts.plan.venues.values()))
    token = contracts.tokens[asset.symbol]
    _fund(contracts, venue.address, holders)
    head, spent = GENESIS, []
    # The first cycle of a venue writes slots that held nothing, whatever is in it: it is not looked at.
    for sequence, count in enumerate((FEW, FEW, MANY), 1):
        rows = [(who, token, _amount(number)) for number, who in enumerate(holders[:count])]
        cycle = ChainCycle(venue.address, sequence, head, node.block_time(), GENESIS, legs_of(rows))
        head = cycle.digest(contracts.settlement_domain)
        spent.append(_gas_of(node, contracts, cycle, venue))
    _, (few_proposed, few_paid), (many_proposed, many_paid) = spent
    paid, proposed = (-(-(many - few) // (MANY - FEW))
                      for many, few in ((many_paid, few_paid), (many_proposed, few_proposed)))  # fmt: skip
    return [
        ("obligation", paid, f"paid: whole transactions of {FEW} and {MANY} obligations, the difference for one"),
        ("obligation_proposed", proposed, "signed and proposed: EIP-7623's floor on its calldata is most of it"),
        ("obligation_whole", paid + proposed, "both transactions"),
        ("cycle_proposed", few_proposed, f"the transaction that proposes a cycle of {FEW} obligations"),
        ("cycle_paid", few_paid, f"the transaction that pays it: {FEW} compartments changed"),
    ]


def _amount(number: int) -> int:
    """Neighbours pay each other: dollars with cents, as figures have them, and no amount twice."""
    cents = 12_345 + 7 * (number // 2)
    return cents * 10_000 * (1 if number % 2 else -1)


def _fund(contracts: Contracts, venue: str, holders: Sequence[str]) -> None:
    asset = contracts.plan.assets[0]
    enough = Reserves(UNITS * len(holders), 1, GENESIS)
    for who in holders:
        contracts.credit(asset, who, venue, UNITS, enough)


def _gas_of(node: Node, contracts: Contracts, cycle: ChainCycle, venue: Signer) -> tuple[int, int]:
    """The gas of proposing a cycle and of paying it."""
    digest = cycle.digest(contracts.settlement_domain)
    (proposed,) = contracts.chain.send_together([contracts.proposal(cycle, digest, venue, contracts.plan.custodian)])
    node.move_to(node.block_time() + contracts.plan.dispute_window_s)
    (paid,) = contracts.chain.send_together([contracts.finality(cycle)])
    return proposed.gas_used, paid.gas_used
