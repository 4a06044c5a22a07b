"""Fractions become whole units where they are, and every account stays as even as it was."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.money import allocate
from margin.exact_solving import solve
from margin.whole_payments import Flow, in_whole_units


def flows(text: str) -> dict[Flow, Fraction]:
    """`a-b 1/2` and so on; `-b` comes from outside."""
    found = {}
    for line in text.strip().splitlines():
        names, units = line.split()
        found[Flow(*names.split("-"))] = Fraction(units)
    return found


@pytest.mark.parametrize(
    ("exact", "whole"),
    [
        ("a-b 3\nb-a 2", (3, 2)),  # nothing to do
        ("-a 1\na-b 1/3\na-c 2/3\nb- 1/3\nc- 2/3", (1, 0, 1, 0, 1)),  # a split: the larger part gets the unit
        ("-a 1\na-b 2/3\na-c 1/3\nb- 2/3\nc- 1/3", (1, 1, 0, 1, 0)),
        ("a-b 1/4\nb-a 1/4", (0, 0)),  # around a ring the shorter way
        ("a-b 3/4\nb-a 3/4", (1, 1)),
        ("a-b 1/2\nb-a 1/2", (1, 1)),  # up on a tie
    ],
)
def test_each_goes_the_shorter_way(exact: str, whole: tuple[int, ...]) -> None:
    assert tuple(in_whole_units(flows(exact)).values()) == whole


def test_an_account_that_is_not_even_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        in_whole_units(flows("a-b 1/2"))
    with pytest.raises(ValueError, match="no whole number"):
        in_whole_units(flows("-a 1\na-b 1/2"))


def test_a_split_from_one_giver_sums_like_the_largest_remainder() -> None:
    """Not always to the same names: a ring does not know all the others. But no part is a unit away."""
    reached: Counter[bool] = Counter()

    @settings(derandomize=True, max_examples=200)
    @given(st.integers(0, 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
    def holds(total: int, weights: list[int]) -> None:
        exact = {Flow("", "pot"): Fraction(total)}
        for number, weight in enumerate(weights):
            part = Fraction(total * weight, sum(weights))
            exact |= {Flow("pot", f"{number}"): part, Flow(f"{number}", ""): part}
        whole = in_whole_units(exact)
        parts = tuple(whole[Flow("pot", f"{number}")] for number in range(len(weights)))
        assert sum(parts) == sum(allocate(total, weights)) == total
        assert all(abs(whole[flow] - units) < 1 for flow, units in exact.items())
        reached[parts == allocate(total, weights)] += 1

    holds()
    assert reached[True] > 50


def test_equations_are_solved_exactly() -> None:
    reached: Counter[str] = Counter()

    @settings(derandomize=True, max_examples=200)
    @given(st.integers(1, 4), st.data())
    def holds(size: int, drawn: st.DataObject) -> None:
        row = st.lists(st.integers(-9, 9), min_size=size, max_size=size)
        matrix = drawn.draw(st.lists(row, min_size=size, max_size=size))
        right = drawn.draw(row)
        try:
            found = solve(matrix, right)
        except ZeroDivisionError:
            reached["singular"] += 1
            return
        reached["fraction"] += any(x.denominator != 1 for x in found)
        assert [sum(a * x for a, x in zip(row, found, strict=True)) for row in matrix] == right

    holds()
    assert min(reached["singular"], reached["fraction"]) > 10
    assert solve([[0, 2], [3, 0]], [4, 9]) == [3, 2]
