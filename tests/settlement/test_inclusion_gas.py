"""One of a million liabilities, checked on chain in a transaction: to the gas, and to what the gas is for."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from custody.inclusion import Format, Inclusion, Leaf, Liabilities, Sibling, SignedLiabilities
from custody.liabilities import Leaves, SumTree, keys_of, salts_of
from custody.publications import GENESIS
from custody.signatures import Hash
from settlement.chain import Chain
from settlement.keys import signer_of
from settlement.liability_registry import LiabilityRegistry, calldata
from tests.custody.publishing import AS_OF_S, CUSTODIAN, SEED
from tests.settlement.registered import PARTS, a_chain, agreed, changed, registry_of

MOST_GAS = 58_000
MILLION = 1_000_000
OWNERS = tuple(f"client/{number}" for number in range(8))


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with a_chain() as chain:
        yield chain


@dataclass(frozen=True, slots=True)
class Gas:
    """What a transaction costs by EIP-7623: all of `base`, and the greater of `floor` and `calldata` + `execution`."""

    base: int
    floor: int
    calldata: int
    execution: int

    @property
    def used(self) -> int:
        return self.base + max(self.floor, self.calldata + self.execution)


@dataclass(frozen=True, slots=True)
class Million:
    """The published tree and the proofs of a few owners, whose accounts are known."""

    registry: LiabilityRegistry
    proofs: tuple[Inclusion, ...]


@pytest.fixture(scope="module")
def million(chain: Chain) -> Million:
    """A million of up to a million whole coins each, at scale 6."""
    rng, registry = np.random.default_rng(7_623), registry_of(chain)
    keys = np.concatenate([keys_of(OWNERS), rng.integers(0, 256, (MILLION - len(OWNERS), 32), np.uint8)])
    order = np.lexsort(keys.view(">u8").T[::-1])
    keys = keys[order]
    leaves = Leaves(keys, salts_of(SEED, "USDC", 1, keys), rng.integers(0, 10**12, MILLION))
    tree = SumTree(leaves)
    root = tree.root
    told = Liabilities("USDC", 6, Hash(root.hash), root.units, tree.count, 345, GENESIS, AS_OF_S, 1, GENESIS)
    signed = SignedLiabilities.by(CUSTODIAN, told, registry.where)
    registry.publish(signed)
    proofs = []
    for number, owner in enumerate(OWNERS):
        index = int(np.flatnonzero(order == number)[0])
        own = Leaf(owner, int(leaves.units[index]), Hash(leaves.salts[index].tobytes()), index)
        path = tuple(Sibling(Hash(entry.hash), entry.units) for entry in tree.path(index))
        proofs.append(Inclusion(Format.INCLUSION_1, own, path, signed))
    return Million(registry, tuple(proofs))


def execution(registry: LiabilityRegistry, data: bytes) -> int:
    """The gas of a call without its calldata: code that measures it, less what it measures of an empty account."""
    node, place, empty = registry.chain.node, signer_of("gauge").address, signer_of("nobody").address

    def measured(callee: str) -> tuple[int, int]:
        # Copy the calldata, note the gas left, call, note it again; return the difference and whether it succeeded.
        code = f"365f5f375a5f5f365f73{callee[2:]}5afa5a9190" + "60205203" + "5f5260405ff3"
        node.rpc("anvil_setCode", place, "0x" + code)
        answer = bytes.fromhex(node.rpc("eth_call", {"to": place, "data": "0x" + data.hex()}, "latest")[2:])
        return int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:], "big")

    (gas, succeeded), (around, _) = measured(registry.address), measured(empty)
    assert succeeded
    return gas - around


def gas_of(registry: LiabilityRegistry, data: bytes) -> Gas:
    """By EIP-7623: a zero byte is one token, another four; a token costs 4, and with all else no less than 10."""
    tokens = 4 * len(data) - 3 * data.count(0)
    return Gas(21_000, 10 * tokens, 4 * tokens, execution(registry, data))


def test_one_of_a_million_is_checked_in_a_transaction(million: Million) -> None:
    spent = []
    for proof in million.proofs:
        assert len(proof.path) == 20
        assert agreed(million.registry, proof) is None
        data = calldata(proof)
        gas = gas_of(million.registry, data)
        spent.append(million.registry.chain.send(million.registry.address, data, "inclusion").gas_used)
        assert spent[-1] == gas.used
        sys.stdout.write(f"{proof.leaf.account}: {spent[-1]:,} gas {gas}\n")
    assert (min(spent), max(spent)) == (56_570, 56_750)
    assert max(spent) <= MOST_GAS


def test_one_of_a_million_that_is_changed_is_refused(million: Million) -> None:
    for number, proof in enumerate(million.proofs):
        for part in PARTS:
            other = changed(proof, part, 3 * number + 1, number + 1)
            assert other != proof
            assert agreed(million.registry, other) is not None, part


def test_no_proof_of_a_million_can_cost_more(million: Million) -> None:
    """The dearest calldata that there could be, all bytes set: still the floor decides, and it is below the limit.

    Behind the 255th statement the sequence has more bytes: 30 gas for each, 7 at most.
    """
    proof = million.proofs[0]
    full = Sibling(Hash(b"\xff" * 32), 2**64 - 1)
    own = Leaf(proof.leaf.account, 2**64 - 1, full.hash, MILLION - 1)
    data = calldata(replace(proof, leaf=own, path=(full,) * 20))
    tokens = 4 * len(data) - 3 * data.count(0)
    execution_gas = max(execution(million.registry, calldata(one)) for one in million.proofs)
    assert 4 * tokens + execution_gas <= 10 * tokens
    assert 21_000 + 10 * tokens == 57_770 <= MOST_GAS - 7 * 30
