"""The rules of the Merkle-sum tree, by themselves: exact bytes, exact sums, and what may not stand in it."""

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.money import MAX_UNITS
from custody.sum_tree import (
    ENTRY_BYTES,
    Entry,
    SumTreeError,
    account_key,
    climb,
    depth_of,
    empty,
    grow,
    leaf,
    node,
    path_in,
    total_of,
)

SALT = bytes(range(32))


def leaves_of(units: list[int]) -> list[Entry]:
    return [leaf(SALT, account_key(f"client/{number}"), due) for number, due in enumerate(units)]


def test_a_leaf_and_a_node_are_the_bytes_that_a_contract_hashes() -> None:
    key = keccak(b"client/fund")
    fund = leaf(SALT, account_key("client/fund"), 1_000)
    assert fund == Entry(keccak(b"\x00" + SALT + key + (1_000).to_bytes(8, "big")), 1_000)
    other = Entry(bytes([7]) * 32, 5)
    packed = fund.hash + (1_000).to_bytes(8, "big") + other.hash + (5).to_bytes(8, "big")
    assert node(fund, other) == Entry(keccak(b"\x01" + packed), 1_005)
    assert (len(fund.packed()), Entry.unpacked(fund.packed())) == (ENTRY_BYTES, fund)


def test_the_root_of_three_leaves_is_that_of_four_with_one_that_owes_nothing() -> None:
    one, two, three = leaves_of([1, 2, 3])
    padding = Entry(bytes(32), 0)
    root = node(node(one, two), node(three, padding))
    assert grow([one, two, three])[-1] == [root]
    assert root.units == 6
    # Repeating the last leaf, as some trees do, would count it twice.
    assert node(node(one, two), node(three, three)).units == 9


def test_padding_is_the_same_at_every_height() -> None:
    assert empty(0) == Entry(bytes(32), 0)
    assert empty(2) == node(node(empty(0), empty(0)), node(empty(0), empty(0)))
    five = leaves_of([1] * 5)
    assert grow(five)[-1][0] == grow([*five, empty(0), empty(0), empty(0)])[-1][0]


@pytest.mark.parametrize(("count", "depth"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1024, 10), (1_000_000, 20)])
def test_the_depth_of_a_tree(count: int, depth: int) -> None:
    assert depth_of(count) == depth


@settings(max_examples=60)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_every_leaf_climbs_to_the_root_and_the_sums_beside_it_make_the_total(units: list[int]) -> None:
    leaves = leaves_of(units)
    levels = grow(leaves)
    root = levels[-1][0]
    assert root.units == sum(units)
    for index, entry in enumerate(leaves):
        path = path_in(levels, index)
        assert climb(entry, index, path) == root
        assert total_of(entry, path) == sum(units)
        if len(units) > 1:
            assert climb(entry, index ^ 1, path) != root  # swapped with the sibling, unless they are the same


def test_a_node_cannot_be_read_as_a_leaf() -> None:
    # Hu, Zhang and Guo's attack needs a node whose parent binds only the children's total: here each sum is bound.
    one, two = leaves_of([10, 20])
    assert node(one, two).hash != node(Entry(one.hash, 20), Entry(two.hash, 10)).hash
    assert leaf(SALT, account_key("x"), 0).hash != keccak(SALT + account_key("x") + bytes(8))


REFUSED = [
    (lambda: leaf(SALT, account_key("x"), -1), "-1 units"),
    (lambda: leaf(SALT, account_key("x"), MAX_UNITS + 1), f"expected 0..{MAX_UNITS}"),
    (lambda: leaf(SALT[:-1], account_key("x"), 1), "31 and 32"),
    (lambda: leaf(SALT, b"x", 1), "32 and 1"),
    (lambda: node(Entry(SALT, MAX_UNITS), Entry(SALT, 1)), f"{MAX_UNITS + 1} units"),
    (lambda: climb(Entry(SALT, MAX_UNITS), 0, [Entry(SALT, 1)]), f"{MAX_UNITS + 1} units"),
    (lambda: grow([]), "needs a leaf"),
]


@pytest.mark.parametrize(("act", "words"), REFUSED)
def test_what_cannot_stand_in_a_tree_is_refused(act: object, words: str) -> None:
    assert callable(act)
    with pytest.raises(SumTreeError, match=words):
        act()


def test_the_largest_total_is_held() -> None:
    assert node(Entry(SALT, MAX_UNITS - 1), Entry(SALT, 1)).units == MAX_UNITS
