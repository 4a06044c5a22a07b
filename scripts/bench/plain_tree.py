"""What the tree of liabilities is measured against: the same tree by a plain loop over the usual keccak library."""

from collections.abc import Sequence

from eth_hash.auto import keccak

from custody.sum_tree import HASH_BYTES, LEAF, NODE, SUM_BYTES, empty

PLAIN = "plain loop over eth_hash"


def plain_tree(leaves: Sequence[tuple[bytes, bytes, int]]) -> list[list[bytes]]:
    """All levels from (salt, key, units) of each leaf, 40 bytes a node; nothing is checked."""
    row = []
    for salt, key, units in leaves:
        packed = units.to_bytes(SUM_BYTES, "big")
        row.append(keccak(LEAF + salt + key + packed) + packed)
    levels = [row]
    while len(row) > 1:
        if len(row) % 2:
            row.append(empty(len(levels) - 1).packed())
        row = [_node(row[place], row[place + 1]) for place in range(0, len(row), 2)]
        levels.append(row)
    return levels


def hash_each(messages: Sequence[bytes]) -> int:
    """Hash so many messages, one by one."""
    for message in messages:
        keccak(message)
    return len(messages)


def _node(left: bytes, right: bytes) -> bytes:
    total = int.from_bytes(left[HASH_BYTES:], "big") + int.from_bytes(right[HASH_BYTES:], "big")
    return keccak(NODE + left + right) + total.to_bytes(SUM_BYTES, "big")
