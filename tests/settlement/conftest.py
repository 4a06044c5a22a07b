"""One deployment of two assets and two venues, and what it takes to read the chain's own words."""

import pytest

from custody.money import Asset
from settlement.contracts import Contracts, Plan, deploy
from settlement.keys import signer_of
from settlement.node import Node

USDC, ETH = Asset("USDC", 6, 6), Asset("ETH", 9, 18)
WINDOW_S = 300


def deployed(node: Node) -> Contracts:
    """Everything on a fresh chain, the operator with ether to pay for it."""
    operator = signer_of("operator")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    venues = {name: signer_of(f"venue/{name}") for name in ("harbour", "quay")}
    plan = Plan((USDC, ETH), venues, signer_of("custodian"), signer_of("redemption"), WINDOW_S)
    return deploy(node, operator, plan)


@pytest.fixture
def contracts(node: Node) -> Contracts:
    return deployed(node)
