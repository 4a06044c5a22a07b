"""The fast tree against the plain rules: same roots, same paths, and one change costs as many hashes as levels."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from custody import sum_tree
from custody.liabilities import Leaves, LiabilitiesError, SumTree, keys_of, salts_of
from custody.money import MAX_UNITS
from custody.sum_tree import Entry, SumTreeError, climb, depth_of, grow, leaf, path_in

SEED = bytes(range(32))
WHOLE = st.integers(0, 2**40)


def leaves_of(units: Sequence[int], sequence: int = 1) -> Leaves:
    keys = keys_of([f"client/{number}" for number in range(len(units))])
    keys = keys[np.lexsort(keys.view(">u8").T[::-1])]
    return Leaves(keys, salts_of(SEED, "USDC", sequence, keys), np.array(units, np.int64))


def plain(leaves: Leaves) -> list[Entry]:
    rows = zip(leaves.salts, leaves.keys, leaves.units, strict=True)
    return [leaf(salt.tobytes(), key.tobytes(), int(units)) for salt, key, units in rows]


@settings(max_examples=60, deadline=None)
@given(st.lists(WHOLE, min_size=1, max_size=70))
def test_the_fast_tree_is_the_plain_one(units: list[int]) -> None:
    leaves = leaves_of(units)
    tree, levels = SumTree(leaves), grow(plain(leaves))
    assert tree.root == levels[-1][0]
    assert tree.count == len(units)
    for index in range(len(units)):
        assert tree.leaf(index) == levels[0][index]
        assert tree.path(index) == path_in(levels, index)


@settings(max_examples=40, deadline=None)
@given(st.lists(WHOLE, min_size=1, max_size=40), st.lists(st.tuples(st.integers(0, 39), WHOLE), max_size=8))
def test_a_changed_tree_is_the_tree_of_the_changed_leaves(units: list[int], changes: list[tuple[int, int]]) -> None:
    tree = SumTree(leaves_of(units))
    for place, due in changes:
        index = place % len(units)
        units[index] = due
        tree.replace(index, plain(leaves_of(units))[index])
    levels = grow(plain(leaves_of(units)))
    assert tree.root == levels[-1][0]
    assert all(tree.path(index) == path_in(levels, index) for index in range(len(units)))


@pytest.mark.parametrize("count", [1, 2, 3, 64, 1000])
def test_one_change_costs_as_many_hashes_as_the_tree_has_levels(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, entry = SumTree(leaves_of([5] * count)), leaf(SEED, keccak(b"x"), 9)
    sum_tree.empty(12)
    hashed: list[bytes] = []

    def counted(message: bytes) -> bytes:
        hashed.append(message)
        return keccak(message)

    monkeypatch.setattr(sum_tree, "keccak", counted)
    tree.replace(count // 2, entry)
    assert len(hashed) == depth_of(count)
    assert tree.root.units == 5 * count + 4


def test_a_change_beyond_the_largest_total_is_refused_and_changes_nothing() -> None:
    tree = SumTree(leaves_of([1, 2, MAX_UNITS - 10]))
    before = tree.root
    with pytest.raises(SumTreeError, match="leaf 0"):
        tree.replace(0, Entry(SEED, 9))
    with pytest.raises(SumTreeError, match="leaf 1"):
        tree.replace(1, Entry(SEED, -1))
    assert tree.root == before
    tree.replace(0, Entry(SEED, 8))
    assert tree.root.units == MAX_UNITS


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_there_is_no_leaf_behind_the_last(index: int) -> None:
    tree = SumTree(leaves_of([1, 2, 3]))  # three leaves and, at index 3, padding
    for act in (tree.leaf, tree.path, lambda place: tree.replace(place, Entry(SEED, 1))):
        with pytest.raises(IndexError, match=f"no leaf {index}"):
            act(index)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ([1, -1, 2], "leaf 1: a negative amount"),
        ([MAX_UNITS, 1], f"{MAX_UNITS + 1} units are owed"),
        ([MAX_UNITS] * 3, f"{3 * MAX_UNITS} units are owed"),  # in 64 bits this would wrap
    ],
)
def test_amounts_that_no_tree_can_hold_are_refused(units: list[int], words: str) -> None:
    with pytest.raises(LiabilitiesError, match=words):
        leaves_of(units)


def test_the_largest_total_is_held() -> None:
    assert SumTree(leaves_of([MAX_UNITS - 7, 3, 4])).root.units == MAX_UNITS


def test_nothing_owed_to_anybody_is_no_publication() -> None:
    with pytest.raises(LiabilitiesError, match="nothing is owed"):
        leaves_of([])


def test_an_account_cannot_stand_twice_nor_out_of_order() -> None:
    sound = leaves_of([1, 2, 3, 4])
    for order, at in (([0, 1, 1, 2], 2), ([1, 0, 2, 3], 1), ([0, 1, 3, 2], 3)):
        with pytest.raises(LiabilitiesError, match=f"leaf {at}:"):
            Leaves(sound.keys[order], sound.salts[order], sound.units[order])


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=6))
def test_the_order_of_keys_is_that_of_their_bytes(keys: list[bytes]) -> None:
    rows = np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 32)
    rising = all(one < other for one, other in itertools.pairwise(keys))
    try:
        Leaves(rows, rows, np.zeros(len(keys), np.int64))
    except LiabilitiesError:
        assert not rising
    else:
        assert rising


def test_salts_follow_from_the_seed_and_differ_between_accounts_publications_and_assets() -> None:
    keys = keys_of(["client/fund", "client/hedger"])
    salts = salts_of(SEED, "USDC", 1, keys)
    secret = keccak(b"\x03" + keccak(SEED) + keccak(b"USDC") + (1).to_bytes(8, "big"))
    assert [row.tobytes() for row in salts] == [keccak(b"\x02" + secret + key.tobytes()) for key in keys]
    others = [salts_of(*asked, keys) for asked in ((SEED, "USDC", 2), (SEED, "BTC", 1), (SEED[::-1], "USDC", 1))]
    assert len({row.tobytes() for rows in (salts, *others) for row in rows}) == 8
    with pytest.raises(LiabilitiesError, match="could be guessed"):
        salts_of(SEED[:-1], "USDC", 1, keys)


def test_one_of_a_million_fits_a_transaction_of_58_000_gas() -> None:
    # EIP-7623: 21,000 and 10 gas a token of calldata, 4 tokens a byte that is not zero; no byte here is taken for zero.
    # A selector, then packed: index and sequence of 8 bytes, salt, key, units, and 40 bytes a level.
    calldata_bytes = 4 + 2 * 8 + 32 + 32 + 8 + 40 * depth_of(1_000_000)
    assert 21_000 + 40 * calldata_bytes == 56_680


def test_a_tree_of_many_leaves_has_sound_paths() -> None:
    draw = np.random.default_rng(3)
    units = draw.integers(0, 10**12, 20_001)
    tree = SumTree(leaves_of(units.tolist()))
    assert tree.root.units == int(units.sum())
    assert tree.size_bytes < 81 * tree.count + 40 * 20
    for index in (0, 1, 9_999, 19_999, 20_000):
        assert climb(tree.leaf(index), index, tree.path(index)) == tree.root
