"""Intervals, contours and break-even odds against numbers known otherwise."""

import math

import pytest

from margin.contagion.phase import break_even, contagion_index, contour, interval, interval_score


def test_an_interval_is_students() -> None:
    found = interval([1.0, 2.0, 3.0])
    assert (found.mean, found.high) == (2.0, pytest.approx(2.0 + 4.303 / math.sqrt(3.0)))
    assert found.covers_zero
    assert interval([5.0]).covers_zero  # one seed says nothing
    assert not interval([5.0, 5.1, 5.2]).covers_zero


def test_the_contour_of_a_plane_is_a_line() -> None:
    xs, ys = (0.0, 1.0, 2.0), (0.0, 1.0)
    pieces = contour(xs, ys, [[x + y for x in xs] for y in ys], 1.5)
    assert len(pieces) == 2
    assert all(x + y == pytest.approx(1.5) for piece in pieces for x, y in piece)
    assert contour(xs, ys, [[1.0] * 3] * 2, 1.5) == []


def test_break_even_at_ftx_s_loss() -> None:
    assert break_even(25) == pytest.approx(0.0033, abs=5e-5)  # 25 bp / 0.767 = 0.33% a year


def test_the_index_like_for_like() -> None:
    assert contagion_index(1.16e9, -0.16, 1e9) == pytest.approx(0.0725)
    assert contagion_index(1.16e9, 0.0, 1e9) == 0


def test_a_miss_costs_forty_times_what_it_is_missed_by() -> None:
    assert interval_score(1.0, 3.0, 2.0) == 2.0
    assert interval_score(1.0, 3.0, 3.5) == pytest.approx(22.0)
