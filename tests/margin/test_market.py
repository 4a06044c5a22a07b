"""A forced order moves the price in proportion to its size, within bounds; what it moves is split without a rest."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.contagion.market import HALF_LIFE_S, NONE, Displacement, depth_now, displace, impact_e6, relax

PRICE_E6 = 60_000 * 10**6
DEPTH = 18 * 10**12  # $18m a percent
prices = st.integers(1, 10**12)
notionals = st.integers(-(10**15), 10**15)
depths = st.integers(1, 10**14)
moves = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("notional", "expected_e6"),
    [
        (DEPTH, 600 * 10**6),  # the depth moves it by 1%
        (-DEPTH, -600 * 10**6),
        (8 * DEPTH, 4_800 * 10**6),
        (-DEPTH // 2, -300 * 10**6),
        (0, 0),
        (29_999, 0),  # 0.99997 of a price unit: toward zero,
        (-29_999, 0),  # on either side
        (30_000, 1),
        (-30_000, -1),
        (50 * DEPTH, 30_000 * 10**6),  # fifty times the depth is half the price,
        (51 * DEPTH, 30_000 * 10**6),  # and so is everything beyond
        (-(10**6) * DEPTH, -30_000 * 10**6),
    ],
)
def test_impact_is_linear_in_size_and_bounded(notional: int, expected_e6: int) -> None:
    assert impact_e6(PRICE_E6, notional, DEPTH) == expected_e6


@pytest.mark.parametrize("depth", [0, -1])
def test_without_depth_there_is_no_impact_to_speak_of(depth: int) -> None:
    with pytest.raises(ValueError, match="depth must be positive"):
        impact_e6(PRICE_E6, 1, depth)


@given(prices, notionals, depths)
def test_the_sign_is_the_orders_and_half_the_price_is_always_left(price: int, notional: int, depth: int) -> None:
    move = impact_e6(price, notional, depth)
    assert move * notional >= 0
    assert abs(move) <= price // 2
    assert impact_e6(price, -notional, depth) == -move
    assert abs(impact_e6(price, notional, 2 * depth)) <= abs(move)
    exact = Fraction(price * abs(notional), 100 * depth)
    assert abs(move) == min(int(exact), price // 2)


@given(st.integers(10**6, 10**12), st.integers(10**9, 10**13), st.integers(10**9, 10**13))
def test_two_orders_move_as_far_as_one_of_their_size(price: int, first: int, second: int) -> None:
    depth = 10**12
    together = impact_e6(price, first + second, depth)
    assert 0 <= together - impact_e6(price, first, depth) - impact_e6(price, second, depth) <= 1
    assert 0 < together < price // 2


@pytest.mark.parametrize(
    ("move", "bps", "permanent", "transient"),
    [
        (1_000, 3_000, 300, 700),
        (-1_000, 3_000, -300, -700),
        (9, 3_000, 2, 7),  # 2.7: the lasting share rounds toward zero
        (-9, 3_000, -2, -7),
        (1_000, 0, 0, 1_000),
        (1_000, 10_000, 1_000, 0),
        (0, 3_000, 0, 0),
    ],
)
def test_a_move_has_a_lasting_and_a_passing_part(move: int, bps: int, permanent: int, transient: int) -> None:
    assert displace(NONE, move, bps) == Displacement(permanent, transient)


@given(st.builds(Displacement, moves, moves), moves, st.integers(0, 10_000))
def test_the_parts_sum_to_the_whole(before: Displacement, move: int, bps: int) -> None:
    after = displace(before, move, bps)
    assert after.total_e6 == before.total_e6 + move
    lasting, passing = after.permanent_e6 - before.permanent_e6, after.transient_e6 - before.transient_e6
    assert (lasting * move >= 0, passing * move >= 0) == (True, True)
    assert 0 <= Fraction(abs(move) * bps, 10_000) - abs(lasting) < 1


@pytest.mark.parametrize(
    ("elapsed_s", "transient"),
    [(0, 1_001), (599, 1_001), (600, 500), (1_199, 500), (1_200, 250), (5_400, 1), (6_000, 0), (10**9, 0)],
)
def test_the_passing_part_halves_every_ten_minutes(elapsed_s: int, transient: int) -> None:
    assert relax(Displacement(77, 1_001), elapsed_s) == Displacement(77, transient)
    assert relax(Displacement(-77, -1_001), elapsed_s) == Displacement(-77, -transient)


@given(st.builds(Displacement, moves, moves), st.integers(0, 60), st.integers(0, 60))
def test_relaxing_twice_is_relaxing_once_for_as_long_and_ends_at_zero(
    before: Displacement, first: int, second: int
) -> None:
    once = relax(before, (first + second) * HALF_LIFE_S)
    assert relax(relax(before, first * HALF_LIFE_S), second * HALF_LIFE_S) == once
    assert once.permanent_e6 == before.permanent_e6
    assert 0 <= abs(once.transient_e6) <= abs(before.transient_e6)
    assert once.transient_e6 * before.transient_e6 >= 0
    assert relax(before, 40 * HALF_LIFE_S).transient_e6 == 0  # 10¹² < 2⁴⁰


@pytest.mark.parametrize(
    ("ordinary", "bps", "left"), [(1_000, 10_000, 1_000), (1_000, 2_500, 250), (999, 5_000, 499), (5, 0, 1), (3, 1, 1)]
)
def test_a_book_never_empties(ordinary: int, bps: int, left: int) -> None:
    assert depth_now(ordinary, bps) == left
