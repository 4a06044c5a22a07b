"""How the contracts are put on a chain and wired up: the one way, for the walkthrough, the devnet and the tests."""

from eth_utils.crypto import keccak

from custody.signers import Signer
from margin.instruments import Instrument
from settlement.chain import Call, Chain
from settlement.contracts import ALL, MARKS, MINTER, POSITIONS, SETTLEMENT, TOKEN, VAULT, Contracts, Plan
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
    contracts.minter = create(MINTER.creation(me, plan.custodian.address, plan.attestation_age_s))
    # What is released goes to where alone it can be burned.
    contracts.vault = create(VAULT.creation(me, contracts.minter, plan.exit_delay_s))
    contracts.positions = create(POSITIONS.creation(me))
    book = SETTLEMENT.creation(me, contracts.vault, plan.custodian.address, plan.dispute_window_s)
    contracts.settlement = create(book)
    for role, artifact, address, holder in (
        ("OPERATOR_ROLE", MINTER, contracts.minter, me),
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
        # The minter administers the token too: nobody, the operator included, can ever seat another minter.
        wire(token, TOKEN.call("initialize", contracts.minter, contracts.minter))
        wire(contracts.minter, MINTER.call("setDestinationAllowed", token, contracts.minter, True))
        contracts.tokens[asset.symbol], contracts.supply[asset.symbol] = token, 0
    contracts.listed = _list(contracts, plan)
    terms = plan.marks
    sources = sorted((source.address for source in terms.sources), key=lambda address: int(address, 16))
    contracts.marks = create(MARKS.creation(me, terms.heartbeat_s, sources, terms.quorum))
    return contracts


def asset_of(venue: str, instrument: Instrument) -> str:
    """The address that stands for what is traded, which a venue on a chain has as a contract: one for each venue (its
    address), underlying, and perpetual or option; which option is told by the sub-id.
    """
    kind = "option" if instrument.is_option else "perp"
    return "0x" + keccak(bytes.fromhex(venue[2:]) + f"{instrument.underlying}/{kind}".encode())[-20:].hex()


def _list(contracts: Contracts, plan: Plan) -> dict[int, int]:
    """List the plan's instruments, in their order, in one block; a new book counts from 1."""
    calls = []
    for instrument in plan.instruments:
        asset = asset_of(plan.venues[instrument.venue].address, instrument)
        listing = POSITIONS.call("listInstrument", asset, instrument.sub_id, instrument.lot_size_e18)
        calls.append(Call(contracts.positions, listing, "deployment"))
    if calls:
        contracts.chain.send_together(calls)
    return {instrument.id: number for number, instrument in enumerate(plan.instruments, 1)}
