"""What a claim token's calls cost: as whole transactions from cold storage, the amounts as in ordinary use.

Measured on a plain token whose minter is a key, so that the figures compare with other claim tokens: to an existing
holder, a part of a balance, to a destination that holds already. The attested minter's own cost is not in them.
"""

from collections.abc import Callable

from settlement.contracts import TOKEN, Contracts
from settlement.keys import signer_of
from settlement.node import Node

COIN = 10**18
SUPPLY = 1_000 * COIN

Measure = tuple[str, int, str]
"""A measure's name, its gas, and what exactly was measured."""


def measures(node: Node, contracts: Contracts) -> list[Measure]:
    """Deploy a token of 18 decimals beside a deployment, and let its sender mint, burn and transfer; anvil only."""
    chain, me = contracts.chain, contracts.chain.sender.address
    holder, venue = signer_of("client/treasury").address, signer_of("venue/harbour").address
    token = chain.send("", TOKEN.creation(18, "Bulkhead custody claim on ETH", "bcETH"), "bench").contract

    def gas_of(function: str, *arguments: object) -> int:
        return chain.send(token, TOKEN.call(function, *arguments), "bench").gas_used

    gas_of("initialize", me, me)
    gas_of("setDestinationAllowed", venue, True)
    for owner in (holder, venue, me):
        gas_of("mint", owner, SUPPLY)
    asked: tuple[tuple[str, Callable[[], int], str], ...] = (
        ("token_mint", lambda: gas_of("guardMint", holder, COIN, 3 * SUPPLY), "guarded, to an existing holder"),
        ("token_burn", lambda: gas_of("guardBurn", holder, COIN, 3 * SUPPLY + COIN), "guarded, a part of a balance"),
        ("token_transfer", lambda: gas_of("transfer", venue, COIN), "to an existing holder, a part of a balance"),
    )
    return [(name, measured(), note) for name, measured, note in asked]
