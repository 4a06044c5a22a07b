"""The chain's end by hash: what came, what was taken back, and where two histories part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.engine.heads import Header, Heads, Move, linked


def chain(*names: str, first: int = 10, parent: str = "root") -> list[Header]:
    """Headers with these hashes, each the parent of the next."""
    made = []
    for number, name in enumerate(names, first):
        made.append(Header(number, name, parent))
        parent = name
    return made


def hashes(headers: tuple[Header, ...]) -> str:
    return "".join(header.hash for header in headers)


OLD = chain(*"abcde")


@pytest.mark.parametrize(
    ("told", "unwound", "new", "now"),
    [
        (chain("f", first=15, parent="e"), "", "f", "abcdef"),
        (chain("f", "g", first=15, parent="e"), "", "fg", "abcdefg"),
        (chain("E", first=14, parent="d"), "e", "E", "abcdE"),
        (chain("C", "D", "E", "F", first=12, parent="b"), "edc", "CDEF", "abCDEF"),
        (chain("C", first=12, parent="b"), "edc", "C", "abC"),
        (chain(*"abc"), "ed", "", "abc"),
        (chain(*"abcDE"), "ed", "DE", "abcDE"),
        (chain(*"abcde"), "", "", "abcde"),
        (chain("B", first=11, parent="a"), "edcb", "B", "aB"),
    ],
    ids=["next", "two more", "another last", "deep and longer", "deep and shorter", "set back", "asked again in full",
         "nothing new", "all but the first"],
)  # fmt: skip
def test_a_move(told: list[Header], unwound: str, new: str, now: str) -> None:
    heads = Heads(OLD)
    move = heads.follow(told)
    assert move is not None
    assert (hashes(move.unwound), hashes(move.new)) == (unwound, new)
    assert hashes(tuple(heads)) == now


@pytest.mark.parametrize(
    "told",
    [
        [],
        chain(*"ABCDE", parent="other"),
        chain("F", first=15, parent="E"),
        chain("x", first=3),
        chain("g", first=16, parent="f"),
        [*chain("f", first=15, parent="e"), *chain("h", first=16, parent="g")],
    ],
    ids=["nothing", "another history", "on another last", "long before", "after one that is missing", "not one chain"],
)
def test_what_does_not_link_changes_nothing(told: list[Header]) -> None:
    heads = Heads(OLD)
    assert heads.follow(told) is None
    assert hashes(tuple(heads)) == "abcde"


def test_what_parted_where() -> None:
    assert Move(tuple(reversed(OLD[2:])), ()).parted_at == 11


@pytest.mark.parametrize(
    ("number", "name", "deep"),
    [(14, "e", 1), (10, "a", 5), (12, "C", 0), (15, "f", 0), (8, "long ago", 7)],
    ids=["the last", "the first kept", "taken back", "not yet", "older than what is kept"],
)
def test_how_deep_a_block_is(number: int, name: str, deep: int) -> None:
    assert Heads(OLD).depth(number, name) == deep


@pytest.mark.parametrize(
    ("latest", "ranges"),
    [
        (Header(15, "f", "e"), (range(15, 16), range(10, 16))),
        (Header(99, "z", "y"), (range(15, 23), range(10, 23))),
        (Header(14, "E", "d"), (range(10, 15),)),
        (Header(12, "c", "b"), (range(10, 13),)),
        (Header(3, "x", "w"), (range(10, 4),)),
    ],
    ids=["next", "far ahead", "another last", "set back", "before all that is kept"],
)
def test_which_blocks_are_asked_for(latest: Header, ranges: tuple[range, ...]) -> None:
    assert Heads(OLD, limit=8).wanted(latest) == ranges


def test_only_so_many_are_kept() -> None:
    heads = Heads(OLD, limit=3)
    assert heads.lowest == 12
    heads.follow(chain("f", first=15, parent="e"))
    assert hashes(tuple(heads)) == "def"


def test_the_first_must_be_one_chain() -> None:
    with pytest.raises(ValueError, match="not one chain"):
        Heads([OLD[0], OLD[2]])
    with pytest.raises(ValueError, match="not one chain"):
        Heads([])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), max_size=30))
def test_moves_told_in_turn_give_the_history_that_the_node_has(steps: list[tuple[int, int]]) -> None:
    """Whoever applies every move to what it had has what the node has: nothing twice, nothing left out."""
    true = chain("0", first=0)
    heads, copy, named = Heads(true, limit=200), list(true), 0
    for back, forth in steps:
        true = true[: max(len(true) - back, 1)]
        for _ in range(forth):
            named += 1
            true = [*true, Header(len(true), str(named), true[-1].hash)]
        move = next(filter(None, (heads.follow([true[i] for i in asked]) for asked in heads.wanted(true[-1]))), None)
        assert move is not None
        for header in move.unwound:
            assert copy.pop() == header
        copy += move.new
        assert linked(copy)
        assert copy == true
        assert heads.top == true[-1]
