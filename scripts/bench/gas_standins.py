"""Simple versions of the scenarios for positions, obligations and tokens, until each has a module of its own."""

from scripts.bench.gas_measure import GasMeasured, marginal
from settlement.batch import GENESIS, MirrorBatch
from settlement.chain import Call
from settlement.chain_cycle import ChainCycle
from settlement.contracts import TOKEN, VAULT, Contracts
from settlement.keys import signer_of
from settlement.node import Node

COUNT = 256


def positions(node: Node, contracts: Contracts) -> list[GasMeasured]:
    """Clustered: 64 accounts × 4 instruments; scattered: 256 × 1."""
    shapes = {"position": (COUNT // 4, range(4)), "scattered": (COUNT, range(4, 5))}
    head, told = GENESIS, []
    sequence = 0

    def mirror(rows: list[tuple[int, str, int]], prices: dict[int, int]) -> int:
        nonlocal head, sequence
        sequence += 1
        batch = MirrorBatch.of(sequence, head, node.block_time(), prices, rows)
        head = batch.digest()
        (receipt,) = contracts.chain.send_together([contracts.mirroring(batch)])
        return receipt.gas_used

    mirror([], {})
    empty = mirror([], {})
    for name, (accounts, instruments) in shapes.items():
        rows = [
            (instrument, signer_of(f"{name}/{number}").address, 25_000 if number % 2 else -25_000)
            for instrument in instruments
            for number in range(accounts)
        ]
        prices = dict.fromkeys(instruments, 70000123456)
        told += [
            GasMeasured(f"{name}_{how}", marginal(mirror(rows, prices), empty, COUNT), f"marginal in {COUNT}")
            for how in ("new", "update")
        ]
    return told


def obligation(node: Node, contracts: Contracts) -> list[GasMeasured]:
    """Paid: what a cycle's finality adds for each of 256."""
    venue, token = contracts.plan.venues["harbour"], contracts.tokens["USDC"]
    holders = [signer_of(f"holder/{number}").address for number in range(COUNT)]
    mint = TOKEN.call("mint", contracts.vault, COUNT * 10**9)
    credit = [VAULT.call("credit", holder, venue.address, token, 10**9) for holder in holders]
    contracts.chain.send_together([Call(token, mint, "minted"), *(Call(contracts.vault, one, "") for one in credit)])
    spent, head = [], GENESIS
    for sequence, count in enumerate((2, 2, COUNT), 1):
        rows = [(holder, token, 10**6 * (1 if number % 2 else -1)) for number, holder in enumerate(holders[:count])]
        asked = ChainCycle(
            venue.address, sequence, head, node.block_time(), contracts.head()[1], ChainCycle.ordered(rows)
        )
        head = asked.digest(contracts.settlement_domain)
        contracts.chain.send_together([contracts.proposal(asked, head, venue, contracts.plan.custodian)])
        node.move_to(node.block_time() + contracts.plan.dispute_window_s + 1)
        (receipt,) = contracts.chain.send_together([contracts.finality(asked)])
        spent.append(receipt.gas_used)
    gas = marginal(spent[2], spent[1], COUNT - 2)
    return [GasMeasured("obligation", gas, f"paid, marginal in {COUNT}; without proposing")]


def token(_node: Node, contracts: Contracts) -> list[GasMeasured]:
    """Guarded mint to an existing holder, guarded burn of a part, transfer to an existing holder of an open address."""
    chain, place = contracts.chain, contracts.tokens["USDC"]
    me, other = chain.sender.address, contracts.plan.redemption.address
    for holder in (me, other):
        chain.send(place, TOKEN.call("mint", holder, 10**9), "minted")
    supply = chain.read(TOKEN, place, "totalSupply")
    mint = chain.send(place, TOKEN.call("guardMint", me, 10**6, supply), "minted").gas_used
    burn = chain.send(place, TOKEN.call("guardBurn", me, 10**6, supply + 10**6), "burned").gas_used
    transfer = chain.send(place, TOKEN.call("transfer", other, 10**6), "moved").gas_used
    return [
        GasMeasured("token_mint", mint, "guarded, to a holder of some"),
        GasMeasured("token_burn", burn, "guarded, of a part"),
        GasMeasured("token_transfer", transfer, "to a holder of some"),
    ]
