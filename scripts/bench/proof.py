"""`bulkhead bench proof`: a tree of a million liabilities, a proof from it, a change in it; and what signing costs."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from custody.inclusion import Format, Inclusion, Leaf, Liabilities, Sibling, SignedLiabilities, check_inclusion
from custody.keccak import Rows, keccak_rows, kernel
from custody.liabilities import Leaves, SumTree, keys_of, salts_of
from custody.publications import GENESIS, Where
from custody.signatures import Address, Hash
from custody.signers import LocalSigner
from custody.sum_tree import ENTRY_BYTES, NODE, leaf
from scripts.bench.measure import ROUNDS, Measure, Work, against, alone, figure
from scripts.bench.plain_tree import PLAIN, hash_each, plain_tree

SIZES = {"leaves": 1_000_000, "hashes": 100_000, "plain_hashes": 20_000, "proofs": 10_000, "verified": 500}
"""How many of each a round does; a tree is built whole by both in every round."""

Say = Callable[[str], None]
MOST_UNITS = 10**12  # ledger units of one liability: a million whole coins at scale 6
_ACCOUNT = "client/measured"


def measures(say: Say) -> list[Measure]:
    """Run the whole benchmark; `say` is told what comes next."""
    leaves = leaves_of(SIZES["leaves"])
    say("keccak_vs_plain")
    told = [against("keccak_vs_plain", _ours_hashes, PLAIN, _plain_hashes)]
    say(f"tree_vs_plain: {ROUNDS} rounds of {SIZES['leaves']:,} leaves")
    told.append(_building(leaves))
    tree = SumTree(leaves)
    say("proof_per_s, verify_us, changed_leaf_us")
    told += [alone("proof_per_s", lambda: lambda: _proven(tree)), _verifying(leaves, tree), _changing(leaves, tree)]
    told.append(figure("tree_mb", tree.size_bytes / 2**20, "MB held by a tree, out of which every proof is read"))
    return told + of_keys(say)


def leaves_of(count: int) -> Leaves:
    """Liabilities from a seed. Keys are drawn as if hashed; the account whose proof is verified is among them."""
    draw = np.random.default_rng(2026)
    keys = np.vstack([draw.integers(0, 256, (count - 1, 32), np.uint8), keys_of([_ACCOUNT])])
    keys = keys[np.lexsort(keys.view(">u8").T[::-1])]
    return Leaves(keys, salts_of(bytes(32), "USDC", 1, keys), draw.integers(0, MOST_UNITS, count, np.int64))


def _building(leaves: Leaves) -> Measure:
    """Both from what is owed to a root, with every level kept; ours also checks order, signs and total."""
    ready = [
        (salt.tobytes(), key.tobytes(), int(units))
        for salt, key, units in zip(leaves.salts, leaves.keys, leaves.units, strict=True)
    ]
    roots = set()

    def ours() -> int:
        tree = SumTree(Leaves(leaves.keys, leaves.salts, leaves.units))
        roots.add(tree.root.packed())
        return tree.count

    def plain() -> int:
        roots.add(plain_tree(ready)[-1][0])
        return len(ready)

    kernel()  # compiled once a machine and tried once a process, whatever is hashed
    measured = against("tree_vs_plain", lambda: ours, PLAIN, lambda: plain)
    if len(roots) != 1:
        raise RuntimeError("the bench's trees have different roots")
    return measured


def _messages(count: int) -> Rows:
    return np.random.default_rng(count).integers(0, 256, (count, 2 * ENTRY_BYTES), np.uint8)


def _ours_hashes() -> Work:
    messages = _messages(SIZES["hashes"])
    return lambda: len(keccak_rows(messages, tag=NODE))


def _plain_hashes() -> Work:
    messages = [NODE + message.tobytes() for message in _messages(SIZES["plain_hashes"])]
    return lambda: hash_each(messages)


def _proven(tree: SumTree) -> int:
    asked = range(0, tree.count, max(tree.count // SIZES["proofs"], 1))
    for index in asked:
        tree.path(index)
    return len(asked)


def _verifying(leaves: Leaves, tree: SumTree) -> Measure:
    """A client's check of its own file: the custodian's signature, the path, the total."""
    proof, custodian = _proof(leaves, tree), LocalSigner.for_demonstration("custodian").address

    def check() -> int:
        for _ in range(SIZES["verified"]):
            if check_inclusion(proof, Address(custodian)) is not None:
                raise RuntimeError("the bench's own proof does not hold")
        return SIZES["verified"]

    return figure("verify_us", 1e6 / alone("", lambda: check).value, "µs a proof, signature and path")


def _proof(leaves: Leaves, tree: SumTree) -> Inclusion:
    key = keys_of([_ACCOUNT])[0]
    index = int(np.flatnonzero((leaves.keys == key).all(axis=1))[0])
    root = tree.root
    statement = Liabilities("USDC", 6, Hash(root.hash), root.units, tree.count, 1, GENESIS, 1, 1, GENESIS)
    signer = LocalSigner.for_demonstration("custodian")
    signed = SignedLiabilities.by(signer, statement, Where(31_337, Address(signer.address)))
    own = Leaf(_ACCOUNT, int(leaves.units[index]), Hash(leaves.salts[index].tobytes()), index)
    path = tuple(Sibling(Hash(entry.hash), entry.units) for entry in tree.path(index))
    return Inclusion(Format.INCLUSION_1, own, path, signed)


def _changing(leaves: Leaves, tree: SumTree) -> Measure:
    """One changed leaf against a new tree, in microseconds; the ratio says how many times sooner the root is right."""
    salt, key = leaves.salts[0].tobytes(), leaves.keys[0].tobytes()
    pairs = []
    for number in range(ROUNDS):
        changed = leaf(salt, key, number)
        started = perf_counter()
        tree.replace(0, changed)
        replaced = perf_counter()
        SumTree(leaves)
        pairs.append((1e6 * (replaced - started), 1e6 * (perf_counter() - replaced)))
    ratios = [rebuilt / changed_in for changed_in, rebuilt in pairs]
    return Measure(
        "changed_leaf_us", median(one for one, _ in pairs), "µs", "a new tree, µs", median(two for _, two in pairs),
        median(ratios), min(ratios), max(ratios),
    )  # fmt: skip


def of_keys(say: Say) -> list[Measure]:
    """What signing by a token costs, and checking approvals."""
    from scripts.bench import keys  # it brings eth-account and the token's library, which only this needs

    return keys.measures(say)
