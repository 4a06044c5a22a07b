"""One of a million liabilities, checked on chain in a transaction: the dearest of a few drawn from the whole tree."""

from custody.inclusion import Liabilities, SignedLiabilities
from custody.liabilities import Leaves, SumTree
from custody.publications import GENESIS
from custody.signatures import Address, Hash
from scripts.bench.gas_measure import GasMeasured
from scripts.bench.proof import leaves_of
from settlement.contracts import Contracts
from settlement.keys import signer_of
from settlement.liability_registry import REGISTRY, LiabilityRegistry
from settlement.node import Node

LIABILITIES = 1_000_000
ASKED = 16


def measure(node: Node, contracts: Contracts) -> list[GasMeasured]:
    """The tree is published first, by a custodian of its own."""
    leaves = leaves_of(LIABILITIES)
    tree, custodian = SumTree(leaves), signer_of("custodian")
    registry = LiabilityRegistry.deployed(contracts.chain, Address(custodian.address), "USDC", 6)
    root, as_of_s = tree.root, node.block_time()
    told = Liabilities("USDC", 6, Hash(root.hash), root.units, tree.count, 1, GENESIS, as_of_s, 1, GENESIS)
    registry.publish(SignedLiabilities.by(custodian, told, registry.where))
    step = tree.count // ASKED
    gas = max(_asked(registry, leaves, tree, index) for index in range(step // 2, tree.count, step))
    return [GasMeasured("inclusion", gas, f"a transaction, the dearest of {ASKED} among {tree.count:,}")]


def _asked(registry: LiabilityRegistry, leaves: Leaves, tree: SumTree, index: int) -> int:
    key, salt = leaves.keys[index].tobytes(), leaves.salts[index].tobytes()
    path = b"".join(entry.packed() for entry in tree.path(index))
    question = REGISTRY.call("requireIncluded", 1, (key, salt, int(leaves.units[index]), index), path)
    return registry.chain.send(registry.address, question, "inclusion").gas_used
