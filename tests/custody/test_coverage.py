"""The bound against double delegation: exact figures, and that what it lets through never breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.collateral import BPS
from custody.coverage import Coverage

UNITS = st.integers(0, 10**15)
COVERAGES = st.builds(Coverage, UNITS, UNITS, st.integers(0, BPS))

# available delegated haircut | ceiling excess delegable withdrawable
FIGURES = """
100  0    0      100  0   100  100
100  0    1000   90   0   90   100
40   60   1000   90   0   30   33
40   60   4000   60   0   0    0
40   60   4001   59   1   0    0
10   90   2000   80   10  0    0
100  0    10000  0    0   0    100
100  1    10000  0    1   0    0
0    0    500    0    0   0    0
1    2    3333   2    0   0    0
"""


@pytest.mark.parametrize("row", FIGURES.strip().splitlines(), ids=lambda row: "-".join(row.split()[:3]))
def test_figures(row: str) -> None:
    available, delegated, haircut, *expected = map(int, row.split())
    found = Coverage(available, delegated, haircut)
    figures = [found.ceiling_units, found.excess_units, found.delegable_units, found.withdrawable_units]
    assert figures == expected


@given(COVERAGES)
def test_what_is_delegable_stays_covered_and_one_more_does_not(before: Coverage) -> None:
    units = before.delegable_units
    after = Coverage(before.available_units - units, before.delegated_units + units, before.haircut_bps)
    assert after.excess_units == (0 if units else before.excess_units)
    if before.available_units > units:
        more = Coverage(after.available_units - 1, after.delegated_units + 1, before.haircut_bps)
        assert more.excess_units > 0


@given(COVERAGES)
def test_what_is_withdrawable_leaves_delegations_covered_and_one_more_does_not(before: Coverage) -> None:
    units = before.withdrawable_units
    after = Coverage(before.available_units - units, before.delegated_units, before.haircut_bps)
    assert after.excess_units == (0 if units else before.excess_units)
    if after.available_units:
        assert Coverage(after.available_units - 1, after.delegated_units, after.haircut_bps).excess_units > 0


@given(COVERAGES, UNITS)
def test_a_settled_loss_never_makes_an_excess(before: Coverage, loss_units: int) -> None:
    loss_units = min(loss_units, before.delegated_units)
    after = Coverage(before.available_units, before.delegated_units - loss_units, before.haircut_bps)
    assert after.excess_units <= before.excess_units


def test_a_settled_gain_can_make_one_where_there_is_a_haircut() -> None:
    assert Coverage(10, 90, 1000).excess_units == 0
    assert Coverage(10, 190, 1000).excess_units == 10
    assert Coverage(10, 190, 0).excess_units == 0
