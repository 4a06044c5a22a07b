"""Reserves for those who have no books, and what no key can do to a deployed token, done all the same."""

from settlement.contracts import Contracts
from settlement.reserve_attestation import Reserves

PLENTY = Reserves(10**15, 1, bytes(32))
"""More than any of these tests mints."""


def as_the_minter(contracts: Contracts, symbol: str, call: bytes) -> None:
    """Have the minter's own address call a token, which nothing but its code can do on any chain but anvil."""
    node, minter = contracts.chain.node, contracts.minter
    node.rpc("anvil_setBalance", minter, hex(10**18))
    node.rpc("anvil_impersonateAccount", minter)
    transaction = {"from": minter, "to": contracts.tokens[symbol], "data": "0x" + call.hex(), "gas": hex(10**6)}
    receipt = node.rpc("eth_sendTransactionSync", transaction)
    node.rpc("anvil_stopImpersonatingAccount", minter)
    assert int(receipt["status"], 16) == 1
