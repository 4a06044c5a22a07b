"""Marks of 32 instruments under three of five signatures: two a slot where the ids are neighbours, one where not."""

from collections.abc import Sequence

from scripts.bench.gas_measure import GasMeasured, marginal
from settlement.contracts import Contracts
from settlement.node import Node
from settlement.signed_marks import MarkBatch

COUNT = 32
FEW = 2
PRICE_E6 = 70_000_123_456
"""As many significant bytes as a bitcoin's price has: calldata is paid by the byte."""


def measure(node: Node, contracts: Contracts) -> list[GasMeasured]:
    """Each instrument has a mark before; what is measured is its update."""
    dense, sparse = range(COUNT), range(COUNT, 3 * COUNT, 2)
    note = f"an update, marginal in {COUNT}, {contracts.plan.marks.quorum} signatures"
    publish(node, contracts, [*dense, *sparse])
    together, alone = publish(node, contracts, dense), publish(node, contracts, sparse)
    few, few_alone = publish(node, contracts, dense[:FEW]), publish(node, contracts, sparse[:FEW])
    return [
        GasMeasured("mark", marginal(together, few, COUNT - FEW), f"{note}, two a slot"),
        GasMeasured("mark_sparse", marginal(alone, few_alone, COUNT - FEW), f"{note}, one a slot"),
        GasMeasured("mark_whole", marginal(together, 0, COUNT), f"the whole transaction over {COUNT}, two a slot"),
    ]


def publish(node: Node, contracts: Contracts, instruments: Sequence[int]) -> int:
    """The gas of publishing marks a second after the last."""
    as_of_s = node.block_time() + 1
    node.move_to(as_of_s)
    batch = MarkBatch.of(1, as_of_s, dict.fromkeys(instruments, PRICE_E6 + as_of_s % 1000))
    call = contracts.marking(batch, batch.digest(contracts.marks_domain))
    return contracts.chain.send(call.to, call.data, call.purpose).gas_used
