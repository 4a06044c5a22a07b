"""All that is owed of one asset as a Merkle-sum tree over arrays: a million leaves at once, any proof, any one change.

The rules and their reasons are in `custody.sum_tree`; here they are the same over rows of 40 bytes, hash and sum: two
neighbours are what their parent hashes, and a path is the rows beside the way up. Leaves stand in the order of their
accounts' keys, each greater than the last: no account can stand in a tree twice, and who compares proofs of one root
sees where that was not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from eth_utils.crypto import keccak
from numpy.typing import NDArray

from custody.keccak import Rows, keccak_rows
from custody.money import MAX_UNITS
from custody.sum_tree import (
    ENTRY_BYTES,
    HASH_BYTES,
    LEAF,
    NODE,
    SUM_BYTES,
    Entry,
    SumTreeError,
    account_key,
    climb,
    depth_of,
    empty,
)

_SALT, _SECRET = b"\x02", b"\x03"
LEAST_SEED_BYTES = 32


class LiabilitiesError(ValueError):
    """What is owed cannot be published: an account twice, a negative amount, a sum above 2^63−1, nothing at all."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """What is owed to each account: keys uint8[n, 32] in rising order, salts uint8[n, 32], units int64[n]."""

    keys: Rows
    salts: Rows
    units: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.keys) == 0:
            raise LiabilitiesError("nothing is owed to anybody")
        numbers = np.ascontiguousarray(self.keys).view(">u8").astype(np.uint64)
        if (stands := _first_not_rising(numbers)) is not None:
            raise LiabilitiesError(f"leaf {stands}: its account's key is not above the one before: twice, or misplaced")
        if (self.units < 0).any():
            raise LiabilitiesError(f"leaf {int(np.argmax(self.units < 0))}: a negative amount cannot be owed")
        # By halves: no sum of 32-bit halves can wrap, whatever the amounts are.
        halves = (int((self.units >> 32).sum()), int((self.units & 0xFFFFFFFF).sum()))
        if (total := (halves[0] << 32) + halves[1]) > MAX_UNITS:
            raise LiabilitiesError(f"{total} units are owed in all, more than {MAX_UNITS}")

    def entries(self) -> Rows:
        """The leaves as the tree holds them, hash and sum: uint8[n, 40], one more than n where n is odd above 1."""
        level = _level(len(self.units), 0)
        sums = self.units.astype(">u8").view(np.uint8).reshape(-1, SUM_BYTES)
        leaves = level[: len(sums)]
        leaves[:, HASH_BYTES:] = sums
        keccak_rows(self.salts, self.keys, sums, tag=LEAF, into=leaves[:, :HASH_BYTES])
        return level


class SumTree:
    """A tree whose levels are kept, so that every path is at hand: 80 bytes a leaf."""

    def __init__(self, leaves: Leaves) -> None:
        self.count = len(leaves.units)
        self._levels = [leaves.entries()]
        for level in range(depth_of(self.count)):
            self._levels.append(_parents(self._levels[level], level + 1))

    @property
    def root(self) -> Entry:
        """The hash over everything, and everything that is owed."""
        return self._entry(len(self._levels) - 1, 0)

    @property
    def size_bytes(self) -> int:
        """The memory that the tree takes."""
        return sum(row.nbytes for row in self._levels)

    def leaf(self, index: int) -> Entry:
        """A leaf; IndexError where there is none."""
        self._require(index)
        return self._entry(0, index)

    def path(self, index: int) -> tuple[Entry, ...]:
        """The siblings from a leaf up to the root; IndexError where there is no such leaf."""
        self._require(index)
        return tuple(self._entry(level, (index >> level) ^ 1) for level in range(len(self._levels) - 1))

    def replace(self, index: int, entry: Entry) -> None:
        """Put another leaf in the place of one, and renew its path: as many hashes as the tree has levels.

        SumTreeError, and nothing changed, where the total would leave 2^63−1; IndexError where there is no such leaf.
        """
        total = self.root.units - self.leaf(index).units + entry.units
        if entry.units < 0 or total > MAX_UNITS:
            raise SumTreeError(f"{entry.units} units in place of leaf {index}: {total} in all leaves 0..{MAX_UNITS}")
        for level, row in enumerate(self._levels):
            row[index] = np.frombuffer(entry.packed(), np.uint8)
            if level < len(self._levels) - 1:
                entry = climb(entry, index & 1, (self._entry(level, index ^ 1),))
                index >>= 1

    def _entry(self, level: int, index: int) -> Entry:
        return Entry.unpacked(self._levels[level][index].tobytes())

    def _require(self, index: int) -> None:
        if not 0 <= index < self.count:
            raise IndexError(f"there is no leaf {index}: the tree has {self.count}")


def keys_of(accounts: Sequence[str]) -> Rows:
    """The keys of accounts, uint8[n, 32], in the order given."""
    return np.frombuffer(bytearray(b"".join(map(account_key, accounts))), np.uint8).reshape(-1, HASH_BYTES)


def salts_of(seed: bytes, asset: str, sequence: int, keys: Rows) -> Rows:
    """A salt for each account in one publication, uint8[n, 32].

    keccak256(0x02 ‖ keccak256(0x03 ‖ keccak256(seed) ‖ keccak256(asset) ‖ sequence: 8 bytes) ‖ key): whoever has the
    seed derives them all, whoever has one learns nothing about another, and no two publications share any.
    LiabilitiesError for a seed of less than 32 bytes, which somebody might guess.
    """
    if len(seed) < LEAST_SEED_BYTES:
        raise LiabilitiesError(f"a seed of {len(seed)} bytes could be guessed: expected {LEAST_SEED_BYTES} or more")
    secret = np.frombuffer(_secret(seed, asset, sequence), np.uint8)
    return keccak_rows(np.broadcast_to(secret, keys.shape), keys, tag=_SALT)


def _secret(seed: bytes, asset: str, sequence: int) -> bytes:
    return keccak(_SECRET + keccak(seed) + keccak(text=asset) + sequence.to_bytes(8, "big"))


def _level(count: int, level: int) -> Rows:
    """Room for so many entries, with an empty one behind an odd number of them, unless the only one is the root."""
    rows = np.empty((count if count == 1 else count + count % 2, ENTRY_BYTES), np.uint8)
    if len(rows) > count:
        rows[-1] = np.frombuffer(empty(level).packed(), np.uint8)
    return rows


def _parents(row: Rows, level: int) -> Rows:
    pairs = row.reshape(-1, 2 * ENTRY_BYTES)
    above = _level(len(pairs), level)
    parents = above[: len(pairs)]
    keccak_rows(pairs, tag=NODE, into=parents[:, :HASH_BYTES])
    words = pairs.view(">u8")  # a hash is four words, a sum the fifth
    parents.view(">u8")[:, 4] = words[:, 4] + words[:, 9]
    return above


def _first_not_rising(numbers: NDArray[np.uint64]) -> int | None:
    """The first row that is not greater than the one before it, four words each, the first most significant."""
    before, after = numbers[:-1], numbers[1:]
    rising = np.zeros(len(after), np.bool_)
    for word in reversed(range(numbers.shape[1])):
        rising = (after[:, word] > before[:, word]) | ((after[:, word] == before[:, word]) & rising)
    return None if rising.all() else int(np.argmin(rising)) + 1
