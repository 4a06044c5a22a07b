"""A registry on a chain, and proofs put to it: what it says beside `check_inclusion`; ways to change a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from custody.inclusion import Inclusion, InclusionRefusal, Leaf, Sibling, SignedLiabilities, check_inclusion
from custody.publications import GENESIS
from custody.signatures import Address, Hash
from settlement.chain import Chain
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.liability_registry import REGISTRY, LiabilityRegistry
from settlement.node import ChainError, Node
from tests.custody.publishing import AS_OF_S, CUSTODIAN, register, statement

NAMED = Address(CUSTODIAN.address)
TOLD = {
    InclusionRefusal.TREE_IS_EMPTY: "unknown sequence",
    InclusionRefusal.INDEX_IS_OUTSIDE_THE_TREE: "index outside tree",
    InclusionRefusal.PATH_HAS_ANOTHER_LENGTH: "wrong path length",
    InclusionRefusal.TOTAL_IS_ANOTHER: "wrong total",
    InclusionRefusal.ROOT_IS_ANOTHER: "wrong root",
}
"""What the chain says where `check_inclusion` refuses."""


@contextmanager
def a_chain() -> Iterator[Chain]:
    """A chain whose time is that of the statements, with an operator who can pay."""
    with Anvil(genesis_s=AS_OF_S) as anvil, Node.of_anvil(anvil) as node:
        node.rpc("anvil_setBalance", signer_of("operator").address, hex(10**24))
        yield Chain(node, signer_of("operator"), (REGISTRY,))


def registry_of(chain: Chain) -> LiabilityRegistry:
    return LiabilityRegistry.deployed(chain, NAMED, "USDC", 6)


def published(chain: Chain, due: Sequence[int], **changes: object) -> tuple[LiabilityRegistry, list[Inclusion]]:
    """A registry that holds the statement over such a tree, and every owner's proof; some of the statement changed."""
    of, registry = register({f"client/{number}": units for number, units in enumerate(due)}), registry_of(chain)
    signed = SignedLiabilities.by(CUSTODIAN, replace(statement(of), **changes), registry.where)
    registry.publish(signed)
    return registry, [of.proof(owner, signed) for owner in of.owners]


def said(registry: LiabilityRegistry, proof: Inclusion) -> str | None:
    """Why the chain refuses, without the numbers; None where it does not."""
    try:
        registry.require_included(proof)
    except ChainError as why:
        return str(why).removeprefix("LiabilityRegistry.requireIncluded: ").split(" (")[0]
    return None


def agreed(registry: LiabilityRegistry, proof: Inclusion) -> InclusionRefusal | None:
    """What both say; it is the same."""
    refusal = check_inclusion(proof, NAMED)
    assert said(registry, proof) == (None if refusal is None else TOLD[refusal])
    return refusal


PARTS = ("account", "salt", "units", "index", "hash", "sum", "shifted", "left out", "put in", "exchanged")


def changed(proof: Inclusion, part: str, where: int, by: int) -> Inclusion:
    """The proof with one part of it another; `where` picks a step of the path, `by` (1 or more) the difference."""
    path = list(proof.path)
    step = where % max(len(path), 1)
    if part == "shifted":  # the total stays: units of the leaf's are said to be a sibling's
        take = by % (proof.leaf.units + 1)
        own = replace(proof.leaf, units=proof.leaf.units - take)
        path[step] = replace(path[step], units=path[step].units + take)
        return replace(proof, leaf=own, path=tuple(path))
    if part in {"account", "salt", "units", "index"}:
        return replace(proof, leaf=changed_leaf(proof.leaf, part, by))
    change_path(path, part, step, by)
    return replace(proof, path=tuple(path))


def changed_leaf(own: Leaf, part: str, by: int) -> Leaf:
    match part:
        case "account":
            return replace(own, account=f"client/x{by % 10**9}")
        case "salt":
            return replace(own, salt=flipped(own.salt, by))
        case "units":
            return replace(own, units=(own.units + by) % 2**63)
        case _:
            return replace(own, index=own.index ^ (by % 63 + 1))


def change_path(path: list[Sibling], part: str, step: int, by: int) -> None:
    match part:
        case "hash":
            path[step] = replace(path[step], hash=flipped(path[step].hash, by))
        case "sum":
            path[step] = replace(path[step], units=(path[step].units + by) % 2**63)
        case "left out":
            del path[step]
        case "put in":
            path.insert(step, Sibling(flipped(GENESIS, by), by % 2))
        case _:
            path[step], path[0] = path[0], path[step]


def flipped(value: Hash, by: int) -> Hash:
    return Hash((int.from_bytes(value.value, "big") ^ by).to_bytes(32, "big"))
