"""`bulkhead prove registry`: a registry for one custodian's statements about one asset, put on a chain.

Its address is what statements are signed for, so it comes before the first of them.
"""

from dataclasses import dataclass

from custody.shapes import FieldError
from custody.signatures import Address
from settlement.chain import Chain
from settlement.commands.fields import InputError
from settlement.commands.key_choice import Chosen
from settlement.commands.key_opening import opened_key
from settlement.commands.node_opening import opened_node
from settlement.commands.printing import print_json, print_line
from settlement.commands.proof_writing import scale_of
from settlement.commands.running import DONE
from settlement.liability_registry import REGISTRY, LiabilityRegistry


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose statements, about which asset, it takes; the chain, a node of it, and the key that pays."""

    custodian: str
    asset: str
    scale: int | None
    chain_id: int
    rpc_url: str
    key: Chosen


def deploy(asked: Asked, as_json: bool) -> int:
    """Put a registry on the chain and print its address.

    Raises InputError for what cannot be read, ChainError for a node that fails or is of another chain, KeystoreError or
    TokenError where the key refuses.
    """
    asked.key.require_one()
    scale = scale_of(asked.asset, asked.scale)
    try:
        custodian = Address.parse(asked.custodian)
    except FieldError as error:
        raise InputError(f"--custodian: {error}") from error
    with opened_node(asked.rpc_url, asked.chain_id) as node, opened_key(asked.key) as sender:
        registry = LiabilityRegistry.deployed(Chain(node, sender, (REGISTRY,)), custodian, asked.asset, scale)
    if as_json:
        print_json({
            "registry": registry.address,
            "chain_id": asked.chain_id,
            "custodian": str(custodian),
            "asset": asked.asset,
            "scale": scale,
            "sender": sender.address,
        })  # fmt: skip
    else:
        print_line(registry.address)
    return DONE
