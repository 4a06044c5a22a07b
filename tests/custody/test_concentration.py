"""Shares are measured against what counts in the end: exactly, and whatever heap of the limited asset is brought."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.concentration import within_shares

FULL = 10_000


@pytest.mark.parametrize(
    ("values", "shares", "counted"),
    [
        ((), (), ()),
        ((100,), (FULL,), (100,)),
        ((100, 50), (FULL, FULL), (100, 50)),
        ((100, 50), (FULL, 5_000), (100, 50)),
        ((100, 100), (FULL, 5_000), (100, 100)),  # just within
        ((100, 101), (FULL, 5_000), (100, 100)),
        ((100, 10**15), (FULL, 5_000), (100, 100)),  # a larger heap does not widen its own limit
        ((100, 10**15), (FULL, 1_000), (100, 11)),  # 11.1 of 111.1
        ((0, 10**15), (FULL, 5_000), (0, 0)),  # a share of nothing
        ((100, 50), (FULL, 0), (100, 0)),
        ((0, 0), (FULL, 0), (0, 0)),
        ((60, 1_000, 1_000), (FULL, 2_500, 1_500), (60, 25, 15)),  # 60 is what two capped shares leave: C = 100
        ((100, 100, 5), (FULL, 2_000, 5_000), (100, 26, 5)),  # one capped, one not: C = 131.25
        ((10, 100), (5_000, 5_000), (10, 10)),  # no asset without a limit: the smaller carries the larger
        ((7, 7, 7), (3_333, 3_333, 3_333), (0, 0, 0)),  # shares that do not reach the whole
        ((7, 7, 7), (3_334, 3_333, 3_333), (7, 6, 6)),
    ],
)
def test_what_counts(values: tuple[int, ...], shares: tuple[int, ...], counted: tuple[int, ...]) -> None:
    names = [f"asset {number}" for number in range(len(values))]
    found = within_shares(dict(zip(names, values, strict=True)), dict(zip(names, shares, strict=True)))
    assert tuple(found[name] for name in names) == counted
    assert list(found) == names


holdings = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.integers(0, 10**15) | st.integers(0, 30), st.integers(0, FULL)), max_size=6
)


def slowly(values: dict[str, int], shares: dict[str, int]) -> Fraction:
    """C by trying every set of assets that could be over its share: the largest that solves the equation."""
    names = list(values)
    solutions = [Fraction(0)]
    for bits in range(2 ** len(names)):
        over = {name for number, name in enumerate(names) if bits >> number & 1}
        share = Fraction(sum(shares[name] for name in over), FULL)
        rest = sum(value for name, value in values.items() if name not in over)
        if share < 1:
            solutions.append(rest / (1 - share))
    return max(
        total for total in solutions
        if total == sum(min(Fraction(value), total * shares[name] / FULL) for name, value in values.items())
    )  # fmt: skip


@given(holdings)
def test_it_is_the_largest_solution_of_the_equation(drawn: dict[str, tuple[int, int]]) -> None:
    values = {name: value for name, (value, _) in drawn.items()}
    shares = {name: share for name, (_, share) in drawn.items()}
    total, found = slowly(values, shares), within_shares(values, shares)
    assert found == {name: int(min(Fraction(value), total * shares[name] / FULL)) for name, value in values.items()}
    assert total - len(values) < sum(found.values()) <= total or total == 0


@given(holdings, st.integers(1, 10**15))
def test_more_of_anything_never_counts_for_less(drawn: dict[str, tuple[int, int]], more: int) -> None:
    values = {name: value for name, (value, _) in drawn.items()}
    shares = {name: share for name, (_, share) in drawn.items()}
    before = within_shares(values, shares)
    for name, value in values.items():
        after = within_shares(values | {name: value + more}, shares)
        assert all(after[one] >= before[one] for one in values)
