"""`bulkhead prove publish`: a signed statement of liabilities goes to the registry on chain, once.

Everything that can be known beforehand is asked before a key is opened, and the registry's own answer is rehearsed; so
no gas is spent on a refusal. The same command again finds the statement there and sends nothing.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from custody.inclusion import SignedLiabilities
from custody.shapes import shaped
from custody.strict_json import parse_json
from settlement.chain import Chain, Receipt
from settlement.commands.key_choice import Chosen
from settlement.commands.key_opening import opened_key
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.proof_reading import read
from settlement.commands.proof_writing import LIABILITIES
from settlement.commands.registry_asking import MEANING, RegistryRefusal, misplaced, registry_at
from settlement.commands.running import DONE, FAILED
from settlement.liability_registry import REGISTRY, LiabilityRegistry
from settlement.node import Node


@dataclass(frozen=True, slots=True)
class Asked:
    """The publication's folder or its liabilities.json, the registry, the node, and the key that pays."""

    file: Path
    registry: str
    rpc_url: str
    key: Chosen


def publish_on_chain(asked: Asked, as_json: bool) -> int:
    """Send the statement, and say in which transaction; FAILED where it is not the registry's to take.

    Raises InputError for what cannot be read, ChainError for a node that fails and what the registry objects to,
    KeystoreError or TokenError where the key refuses.
    """
    asked.key.require_one()
    signed = _statement(asked.file)
    if unsigned := signed.check(None):
        return _refused(unsigned, "the custodian that it names did not sign it", False, as_json)
    with Node.at_url(asked.rpc_url) as node:
        registry = registry_at(node, asked.registry)
        if refusal := misplaced(registry, signed):
            return _refused(refusal, MEANING[refusal], refusal.retry_may_succeed, as_json)
        stands = registry.published(signed.statement.sequence)
        if stands == signed.digest():
            return _say(registry, signed, None, as_json)
        if stands is not None:
            another = RegistryRefusal.ANOTHER_STATEMENT_IS_PUBLISHED
            return _refused(another, MEANING[another], another.retry_may_succeed, as_json)
        registry.require_publishable(signed)
        with opened_key(asked.key) as sender:
            paid = LiabilityRegistry(Chain(node, sender, (REGISTRY,)), registry.address)
            return _say(paid, signed, paid.publish(signed), as_json)


def _statement(file: Path) -> SignedLiabilities:
    def parsed(text: str) -> SignedLiabilities:
        signed: SignedLiabilities = shaped(SignedLiabilities, parse_json(text))
        return signed

    return read(str(file / LIABILITIES if file.is_dir() else file), parsed)


def _say(registry: LiabilityRegistry, signed: SignedLiabilities, sent: Receipt | None, as_json: bool) -> int:
    statement = signed.statement
    if as_json:
        print_json({
            "registry": registry.address,
            "chain_id": registry.where.chain_id,
            "sequence": statement.sequence,
            "digest": str(signed.digest()),
            "repeated": sent is None,
            "sender": registry.chain.sender.address if sent else None,
            "transaction": sent.tx_hash if sent else None,
            "block": sent.block if sent else None,
            "gas_used": sent.gas_used if sent else None,
        })  # fmt: skip
        return DONE
    where = f"registry {registry.address} on chain {registry.where.chain_id}"
    print_line(printable(f"statement {statement.sequence} of {statement.asset}, digest {signed.digest()}"))
    if sent is None:
        print_line(f"is on {where} already; nothing was sent")
    else:
        print_line(f"published on {where} in block {sent.block} by {sent.tx_hash}: {sent.gas_used} gas")
    return DONE


def _refused(refusal: str, why: str, retry_may_succeed: bool, as_json: bool) -> int:
    if as_json:
        print_json({"refusal": refusal, "detail": why, "retry_may_succeed": retry_may_succeed})
    sys.stderr.write(f"prove publish: {refusal}: {why}; nothing was sent\n")
    return FAILED
