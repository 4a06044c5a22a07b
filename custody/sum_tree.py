"""The Merkle-sum tree: a hash over every leaf that also adds them up, so that no total can leave a leaf out.

    leaf   keccak256(0x00 ‖ salt: 32 bytes ‖ keccak256(account, UTF-8) ‖ units: 8 bytes), units
    node   keccak256(0x01 ‖ left hash: 32 ‖ left sum: 8 ‖ right hash: 32 ‖ right sum: 8), left sum + right sum

Sums are unsigned and big-endian, and never above 2^63−1. Each child's own sum is under the hash: were it only their
total, a sum could be moved from one child to the other (Hu, Zhang, Guo, https://eprint.iacr.org/2018/1139). The tags
keep a node from being read as a leaf. A row is padded with leaves that owe nothing and whose hash is zero, so that
every path has as many steps as the tree has levels, and the bits of a leaf's index say left or right: on chain, one
loop. To repeat the last leaf instead would count it twice.

These are the rules, plain; `custody.liabilities` builds a million leaves with the same outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from eth_utils.crypto import keccak

from custody.money import MAX_UNITS

LEAF, NODE = b"\x00", b"\x01"
HASH_BYTES, SUM_BYTES = 32, 8
ENTRY_BYTES = HASH_BYTES + SUM_BYTES
"""A leaf or node as its parent hashes it, and a step of a path as a contract takes it."""


class SumTreeError(ValueError):
    """A leaf or sum that the tree cannot hold: negative, above 2^63−1, or a salt that is not 32 bytes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf or a node: its hash, and the units (ledger units) of all leaves under it."""

    hash: bytes
    units: int

    def packed(self) -> bytes:
        """The 40 bytes that its parent hashes."""
        return self.hash + self.units.to_bytes(SUM_BYTES, "big")

    @classmethod
    def unpacked(cls, packed: bytes) -> "Entry":
        """The way back from the 40 bytes."""
        return cls(packed[:HASH_BYTES], int.from_bytes(packed[HASH_BYTES:], "big"))


def account_key(account: str) -> bytes:
    """The 32 bytes by which an account stands in its leaf, and in whose order leaves stand."""
    return keccak(text=account)


def leaf(salt: bytes, key: bytes, units: int) -> Entry:
    """What is owed to one account, as an entry. SumTreeError for negative units: nobody owes to the custodian here."""
    if len(salt) != HASH_BYTES or len(key) != HASH_BYTES:
        raise SumTreeError(f"a salt and a key have 32 bytes each, these have {len(salt)} and {len(key)}")
    return Entry(keccak(LEAF + salt + key + _within(units).to_bytes(SUM_BYTES, "big")), units)


def node(left: Entry, right: Entry) -> Entry:
    """The parent of two entries; SumTreeError where the sum leaves 2^63−1."""
    return Entry(keccak(NODE + left.packed() + right.packed()), _within(left.units + right.units))


@cache
def empty(level: int) -> Entry:
    """The root of a tree of 2^level leaves that are only padding. Nobody knows what would hash to zero."""
    return Entry(bytes(HASH_BYTES), 0) if level == 0 else node(empty(level - 1), empty(level - 1))


def depth_of(count: int) -> int:
    """The number of steps from a leaf to the root of a tree of so many; SumTreeError for an empty tree."""
    if count < 1:
        raise SumTreeError("a tree needs a leaf: nothing is owed to anybody")
    return (count - 1).bit_length()


def grow(leaves: Sequence[Entry]) -> list[list[Entry]]:
    """Every level of the tree, leaves first, padded to even length below the root: the plain twin of the fast one."""
    levels = [list(leaves)]
    for level in range(depth_of(len(leaves))):
        row = levels[-1]
        if len(row) % 2:
            row.append(empty(level))
        levels.append([node(left, right) for left, right in zip(row[::2], row[1::2], strict=True)])
    return levels


def path_in(levels: Sequence[Sequence[Entry]], index: int) -> tuple[Entry, ...]:
    """The siblings on the way from a leaf to the root."""
    return tuple(row[(index >> level) ^ 1] for level, row in enumerate(levels[:-1]))


def climb(entry: Entry, index: int, path: Sequence[Entry]) -> Entry:
    """The root that a leaf, its index and its path lead to; SumTreeError where a sum leaves 2^63−1."""
    for level, sibling in enumerate(path):
        entry = node(sibling, entry) if index >> level & 1 else node(entry, sibling)
    return entry


def total_of(entry: Entry, path: Sequence[Entry]) -> int:
    """What the root's sum must be: the siblings on a path are, with the leaf, the whole tree."""
    return entry.units + sum(sibling.units for sibling in path)


def _within(units: int) -> int:
    if not 0 <= units <= MAX_UNITS:
        raise SumTreeError(f"{units} units cannot stand in a tree of liabilities: expected 0..{MAX_UNITS}")
    return units
