"""How the contracts are put on a chain and wired up: the one way, for the walkthrough, the devnet and the tests."""

from custody.signers import Signer
from settlement.chain import Chain
from settlement.contracts import ALL, POSITIONS, SETTLEMENT, TOKEN, VAULT, Contracts, Plan
from settlement.node import Node


def deploy(node: Node, operator: Signer, plan: Plan) -> Contracts:
    """Put everything on the chain and wire it up. The operator pays for gas and becomes its administrator."""
    chain = Chain(node, operator, ALL)
    contracts = Contracts(chain, plan)

    def create(artifact_data: bytes) -> str:
        return chain.send("", artifact_data, "deployment").contract

    def wire(to: str, data: bytes) -> None:
        chain.send(to, data, "deployment")

    me = operator.address
    contracts.vault = create(VAULT.creation(me, plan.redemption.address, plan.exit_delay_s))
    contracts.positions = create(POSITIONS.creation(me))
    book = SETTLEMENT.creation(me, contracts.vault, plan.custodian.address, plan.dispute_window_s)
    contracts.settlement = create(book)
    for role, artifact, address, holder in (
        ("CUSTODIAN_ROLE", VAULT, contracts.vault, me),
        ("PAUSER_ROLE", VAULT, contracts.vault, me),
        ("OPERATOR_ROLE", POSITIONS, contracts.positions, me),
    ):
        wire(address, artifact.call("grantRole", chain.read(artifact, address, role), holder))
    wire(contracts.vault, VAULT.call("appointSettlement", contracts.settlement))
    for venue in plan.venues.values():
        wire(contracts.settlement, SETTLEMENT.call("registerVenue", venue.address, venue.address))
    for asset in plan.assets:
        name, symbol = f"Bulkhead custody claim on {asset.symbol}", f"bc{asset.symbol}"
        token = create(TOKEN.creation(asset.chain_decimals, name, symbol))
        wire(token, TOKEN.call("initialize", me, me))
        wire(token, TOKEN.call("setDestinationAllowed", plan.redemption.address, True))
        contracts.tokens[asset.symbol], contracts.supply[asset.symbol] = token, 0
    return contracts
