"""What a claim token's calls cost, to the gas: within 3% of the leanest claim token that there is."""

import pytest

from custody.money import Asset
from scripts.bench.gas_token import measures
from settlement.contracts import Contracts, Plan
from settlement.deployment import deploy
from settlement.keys import signer_of
from settlement.node import Node

LEANEST = {"token_mint": 36_877, "token_burn": 38_742, "token_transfer": 36_494}
"""The gas of Strands' token: guarded to an existing holder; guarded and partial; to an existing holder."""


@pytest.fixture
def contracts(node: Node) -> Contracts:
    operator = signer_of("operator")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    return deploy(node, operator, Plan((Asset("USDC", 6, 6),), {}, signer_of("custodian"), 300))


def test_a_mint_a_burn_and_a_transfer_cost_what_they_cost(node: Node, contracts: Contracts) -> None:
    gas = {name: spent for name, spent, _ in measures(node, contracts)}
    assert gas == {"token_mint": 37_126, "token_burn": 38_984, "token_transfer": 36_747}
    assert all(gas[name] <= least * 1.03 for name, least in LEANEST.items())
