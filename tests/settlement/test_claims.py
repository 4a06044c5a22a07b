"""Many compartments read by one request: the same as one by one, in the order asked, and no answer is made up."""

from dataclasses import replace

import pytest

from custody.money import Asset
from settlement.claims import Place, claims_in
from settlement.contracts import Contracts, Plan
from settlement.deployment import deploy
from settlement.keys import holder_of, signer_of
from settlement.node import ChainError, Node
from tests.settlement.sole_minter import PLENTY

USDC, BTC = Asset("USDC", 6, 6), Asset("BTC", 8, 18)
VENUES = ("harbour", "quay")


@pytest.fixture
def contracts(node: Node) -> Contracts:
    """Two venues and two assets, one of them with more places on chain than in the ledger."""
    operator = signer_of("operator")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    venues = {venue: signer_of(f"venue/{venue}") for venue in VENUES}
    return deploy(node, operator, Plan((USDC, BTC), venues, signer_of("custodian"), 300))


def place(client: str, venue: str, asset: Asset) -> Place:
    return Place(holder_of(client, venue).address, signer_of(f"venue/{venue}").address, asset)


def test_together_they_are_what_each_is_alone(contracts: Contracts) -> None:
    clients = [f"client{number}" for number in range(40)]
    places = [place(client, venue, asset) for client in clients for venue in VENUES for asset in (USDC, BTC)]
    for number, asked in enumerate(places[::7], start=1):
        contracts.credit(asked.asset, asked.holder, asked.venue, number * 10_001, PLENTY)
    alone = [contracts.compartment(asked.asset, asked.holder, asked.venue) for asked in places]
    assert claims_in(contracts, places) == alone
    assert alone[::7] == [number * 10_001 for number in range(1, 24)]
    assert sum(alone) == sum(alone[::7])
    assert claims_in(contracts, places[::-1]) == alone[::-1]


def test_reading_leaves_the_chain_as_it_was(contracts: Contracts, node: Node) -> None:
    block, sent = node.block_number(), contracts.chain.transactions
    assert claims_in(contracts, [place("hedger", "harbour", USDC)]) == [0]
    assert (node.block_number(), contracts.chain.transactions) == (block, sent)
    assert claims_in(contracts, []) == []


@pytest.mark.parametrize("code", ["0x", "0x60206000fd", "0x60006000f3"], ids=["nobody", "refuses", "says nothing"])
def test_what_is_no_vault_gives_no_balance(contracts: Contracts, node: Node, code: str) -> None:
    """No contract at all; one that reverts with a word that looks like a balance; one that returns nothing."""
    vault = signer_of("stranger").address
    node.rpc("anvil_setCode", vault, code)
    with pytest.raises(ChainError, match="balanceOf of a compartment in USDC"):
        claims_in(replace(contracts, vault=vault), [place("hedger", "harbour", USDC)])
