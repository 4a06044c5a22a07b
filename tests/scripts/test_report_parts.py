"""Parts of the report: the answer whichever way it falls, figures at their borders, and the marks of the pictures."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.walkthrough.report.answer import answer
from scripts.walkthrough.report.drawing import Scale, lanes, runs, spread, ticks
from scripts.walkthrough.report.figures import short
from scripts.walkthrough.report.waterfall import steps

KEPT, LEFT = "Segregation kept $2 … against $1 pooled", "Segregation left only $1 … against $2 pooled"
EITHER = "Pooled or segregated, clients could reach $1 of collateral at the low"


@pytest.mark.parametrize(
    ("reach", "loss", "expected"),
    [
        ((1, 2), (0, 5), f"{KEPT}, but left others to bear $5 of losses, against $0."),
        ((1, 2), (5, 4), f"{KEPT}, and left others only $4 of losses to bear, against $5."),
        ((2, 1), (5, 4), f"{LEFT}, but left others only $4 of losses to bear, against $5."),
        ((2, 1), (4, 5), f"{LEFT}, and left others to bear $5 of losses, against $4."),
        ((1, 2), (0, 0), f"{KEPT}, and under neither did anyone bear another’s loss."),
        ((1, 1), (3, 3), f"{EITHER}, and others had $3 of losses to bear either way."),
    ],
)  # fmt: skip
def test_answer_falls_either_way(reach: tuple[int, int], loss: tuple[int, int], expected: str) -> None:
    # What a client draws from its own reserve is not borne by others.
    regimes: dict[str, dict[str, Any]] = {
        regime: {
            "totals": {"reachable_at_low_units": reach[n] * 10**6},
            "borne_units": {"paid: fund": loss[n] * 10**6, "paid: own reserve": 9 * 10**6},
        }
        for n, regime in enumerate(("pooled", "segregated"))
    }
    assert answer({"regimes": regimes}).replace("of collateral within clients’ reach at the low,", "…") == expected


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (0, "$0"), (499_999, "$0"), (500_000, "$1"), (999_499_999, "$999"), (999_500_000, "$1.0k"),
        (9_949_999_999, "$9.9k"),
        (9_950_000_000, "$10k"), (506_400_000_000, "$506k"), (999_499_999_999, "$999k"), (999_500_000_000, "$1.0m"),
        ("192465467333571", "$192.5m"), (999_950_000 * 10**6, "$1.0bn"), (-4_845_000_000_000, "−$4.8m"),
    ],
)  # fmt: skip
def test_short_figures_at_their_borders(units: int | str, expected: str) -> None:
    assert short(units) == expected


def test_waterfall_order_is_seniority_then_manner_then_size() -> None:
    told = {"odd": 9, "unpaid to: b": 3, "unpaid to: a": 2, "paid: venue capital": 1, "auto-deleveraged: x": 4}
    told |= {"paid: new payer": 8, "paid: own reserve": 1}
    assert [who for who, *_ in steps(told)] == [
        "paid: own reserve", "paid: venue capital", "paid: new payer",
        "auto-deleveraged: x", "unpaid to: b", "unpaid to: a", "odd",
    ]  # fmt: skip


@given(st.floats(-1e12, 1e12), st.floats(0, 1e12), st.integers(1, 8))
def test_ticks_enclose_their_values(low: float, span: float, about: int) -> None:
    found = ticks(low, low + span, about)
    slack = 1e-6 * max(abs(low), span, 1)
    assert found[0] <= low + slack
    assert found[-1] >= low + span - slack
    assert 2 <= len(found) <= 2.6 * about + 3


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_labels_keep_apart_within_their_room(wanted: list[float]) -> None:
    placed = sorted(spread(wanted, 10, 0, 100))
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(placed))
    assert placed[0] >= -1e-9
    assert placed[-1] <= 100 + 1e-9


@given(st.lists(st.floats(0, 100), max_size=20).map(sorted), st.floats(1, 20))
def test_marks_in_a_lane_do_not_touch(positions: list[float], width: float) -> None:
    placed = list(zip(lanes(positions, width), positions, strict=True))
    for lane in {lane for lane, _ in placed}:
        inside = [position for other, position in placed if other == lane]
        assert all(b - a >= width - 1e-9 for a, b in pairwise(inside))


def test_runs_begin_at_the_point_before() -> None:
    xs = [0.0, 1.0, 2.0, 3.0, 4.0]
    assert runs(xs, xs, [True, False, False, True, True]) == "M0,0 0,0M2,2 3,3 4,4"
    assert runs(xs, xs, [False] * 5) == ""


def test_scale_of_a_single_value_is_its_middle() -> None:
    assert Scale(5, 5, 0, 10).at(5) == 5
    assert math.isclose(Scale(0, 10, 100, 0).at(2.5), 75)
