"""What a registry on chain says to a statement of liabilities, asked by address: first whether it is such a registry.

Whoever names an address has it from somebody. So it is asked for what only the registry that the custodian signed for
can answer, before anything is sent there or its word is taken.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from custody.inclusion import Inclusion, SignedLiabilities
from custody.shapes import FieldError
from custody.signatures import Address
from settlement.chain import Chain
from settlement.commands.fields import InputError
from settlement.liability_registry import REGISTRY, LiabilityRegistry
from settlement.node import Node


class RegistryRefusal(StrEnum):
    """Why a statement does not stand on a registry; where several hold, the earlier member is the answer."""

    CHAIN_IS_ANOTHER = "chain_is_another"
    CONTRACT_IS_ANOTHER = "contract_is_another"
    NO_CODE_IS_THERE = "no_code_is_there"
    CONTRACT_IS_NO_REGISTRY = "contract_is_no_registry"
    CUSTODIAN_IS_ANOTHER = "custodian_is_another"
    STATEMENT_IS_NOT_PUBLISHED = "statement_is_not_published"
    ANOTHER_STATEMENT_IS_PUBLISHED = "another_statement_is_published"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same question could be answered otherwise later."""
        return self in {RegistryRefusal.NO_CODE_IS_THERE, RegistryRefusal.STATEMENT_IS_NOT_PUBLISHED}


MEANING = {
    RegistryRefusal.CHAIN_IS_ANOTHER: "the statement was signed for another chain than the node's",
    RegistryRefusal.CONTRACT_IS_ANOTHER: "the statement was signed for another contract, or for none: what is to be"
    " checked on chain is made by bulkhead prove with --chain-id and --contract",
    RegistryRefusal.NO_CODE_IS_THERE: "no contract stands at this address",
    RegistryRefusal.CONTRACT_IS_NO_REGISTRY: "what stands at this address is no registry of liabilities: it does not"
    " know the statement by its digest",
    RegistryRefusal.CUSTODIAN_IS_ANOTHER: "the registry takes another custodian's statements",
    RegistryRefusal.STATEMENT_IS_NOT_PUBLISHED: "the registry has no statement of this sequence yet",
    RegistryRefusal.ANOTHER_STATEMENT_IS_PUBLISHED: "the registry has another statement of this sequence: two readers"
    " were told two things",
}
"""What each refusal says."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Whoever only asks: no key stands behind it."""

    address: str = "0x0000000000000000000000000000000000000000"

    def sign_digest(self, digest: bytes) -> bytes:
        """There is nothing to sign with: ValueError."""
        raise ValueError(f"nobody signs 0x{digest.hex()}")


def registry_at(node: Node, address: str) -> LiabilityRegistry:
    """A registry to be asked only; InputError for what is no address."""
    try:
        return LiabilityRegistry(Chain(node, Nobody(), (REGISTRY,)), Address.parse(address).value)
    except FieldError as error:
        raise InputError(f"--registry: {error}") from error


def misplaced(registry: LiabilityRegistry, signed: SignedLiabilities) -> RegistryRefusal | None:
    """Why a statement has no place on this registry, whatever stands there. Raises ChainError for a node that fails."""
    if signed.where.chain_id != registry.where.chain_id:
        return RegistryRefusal.CHAIN_IS_ANOTHER
    if signed.where.contract != registry.where.contract:
        return RegistryRefusal.CONTRACT_IS_ANOTHER
    if registry.chain.node.rpc("eth_getCode", registry.address, "latest") == "0x":
        return RegistryRefusal.NO_CODE_IS_THERE
    if not registry.knows(signed):
        return RegistryRefusal.CONTRACT_IS_NO_REGISTRY
    return None if registry.custodian() == signed.custodian else RegistryRefusal.CUSTODIAN_IS_ANOTHER


def standing(registry: LiabilityRegistry, signed: SignedLiabilities) -> RegistryRefusal | None:
    """Why a statement does not stand on this registry; None where it does, as it was signed."""
    if refusal := misplaced(registry, signed):
        return refusal
    digest = registry.published(signed.statement.sequence)
    if digest is None:
        return RegistryRefusal.STATEMENT_IS_NOT_PUBLISHED
    return None if digest == signed.digest() else RegistryRefusal.ANOTHER_STATEMENT_IS_PUBLISHED


@dataclass(frozen=True, slots=True)
class ChainsWord:
    """What a chain says to a proof: its registry, and why the proof does not hold there; None where it does."""

    chain_id: int
    registry: str
    refusal: RegistryRefusal | None

    @property
    def meaning(self) -> str:
        """The refusal in words; "" where there is none."""
        return MEANING[self.refusal] if self.refusal else ""

    def told(self) -> dict[str, object]:
        """For programs."""
        return {
            "chain_id": self.chain_id,
            "registry": self.registry,
            "refusal": self.refusal,
            "meaning": self.meaning or None,
        }


@contextmanager
def asking(url: str, address: str) -> Iterator[Callable[[Inclusion], ChainsWord]]:
    """A question to the registry, for as long as the context is open: is this proof's leaf in the total that it has?

    The node alone learns what is asked. Raises InputError for what is no address, ChainError for a node that fails.
    """
    with Node.at_url(url) as node:
        registry = registry_at(node, address)

        def ask(proof: Inclusion) -> ChainsWord:
            refusal = standing(registry, proof.liabilities)
            if refusal is None:
                registry.require_included(proof)
            return ChainsWord(node.chain_id, registry.address, refusal)

        yield ask
