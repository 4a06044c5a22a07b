"""A fund that may not fall too fast stops paying at its lowest permitted balance."""

import pytest

from margin.insurance_fund import Balance, FallRule, contribution_units, payable_units, peak_units

RULE = FallRule(fall_bps=3_000, window_s=100)

HISTORIES = """
history            now payable  why
0:1000             50  300      a_fall_of_30_percent
0:1000,10:800      50  100      part_of_it_is_gone
0:1000,10:700      50  0        all_of_it_is_gone
0:1000,10:600      50  0        and_more
0:1000,10:800      109 100      the_peak_stood_until_second_10
0:1000,10:800      110 240      and_has_left_the_window
0:1000,200:900     299 200      a_balance_stands_until_the_next
0:800,10:1000      50  300      the_peak_may_be_the_last
0:1001             50  300      what_is_kept_is_rounded_up
"""


@pytest.mark.parametrize("row", HISTORIES.strip().splitlines()[1:], ids=lambda row: row.split()[-1])
def test_what_it_may_pay(row: str) -> None:
    text, now, payable, _ = row.split()
    history = [Balance(*map(int, part.split(":"))) for part in text.split(",")]
    assert payable_units(history, int(now), RULE) == int(payable)
    assert payable_units(history, int(now)) == history[-1].units


def test_no_history_is_no_fund() -> None:
    assert payable_units([], 5, RULE) == payable_units([], 5) == peak_units([], 5, 100) == 0


def test_a_share_of_fees_is_rounded_up() -> None:
    assert [contribution_units(units, 2_000) for units in (0, 1, 5, 6)] == [0, 1, 1, 2]
