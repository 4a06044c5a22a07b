"""Prices and volatilities in floats against the exact ones, at the edges of the specification in its order."""

from random import Random

import numpy as np
import pytest

from margin.black76 import black76, years
from margin.fast.board import Board, Expiry, Listed
from margin.fast.kernels import svi
from margin.fast.kernels.prices import price
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import root
from margin.svi import Svi, SviError
from tests.margin.fast_draws import fixed

# forward, strike, volatility, seconds, discount
EDGES = """
0      0     0.5  86400     0.9
2000   0     0.5  86400     0.9
0      2000  0.5  86400     0.9
2000   1900  24   31536000  0.9
2000   1900  23.9 31536000  0.9
2000   1900  0    86400     0.9
2000   1900  0.5  0         0.9
2000   2000  0    0         1
1900   2000  0.5  0         1
2000   1e-18 0.5  86400     1
2000   0.4   0.5  86400     0.9
0.4    2000  0.5  86400     0.9
1e-9   2000  0.5  86400     1
2000   2000  0.5  86400     1
2000   9000  2    86400     1.1
"""


@pytest.mark.parametrize("line", EDGES.split("\n")[1:-1])
def test_prices_at_the_edges(line: str) -> None:
    forward, strike, volatility, seconds, discount = line.split()
    check(Fixed.of(forward), Fixed.of(strike), Fixed.of(volatility), int(seconds), Fixed.of(discount))


def test_prices_of_all_kinds() -> None:
    draw = Random(1)
    for _ in range(150):
        seconds = draw.choice((60, 86_400, 90 * 86_400))
        check(fixed(draw, 500, 3_000), fixed(draw, 500, 3_000), fixed(draw, 0.1, 3), seconds, fixed(draw, 0.8, 1))


def check(forward: Fixed, strike: Fixed, volatility: Fixed, seconds: int, discount: Fixed) -> None:
    exact = black76(forward, strike, volatility, seconds, discount)
    deviation = float(volatility * root(years(seconds)))
    largest = max(float(forward), float(strike))
    for is_call, want in ((True, exact.call), (False, exact.put)):
        got = price(float(forward), float(strike), deviation, is_call, float(discount))
        assert got == pytest.approx(float(want), abs=4e-15 * largest, rel=0)


def surface(**changed: str) -> Svi:
    numbers = {"a": "0.02", "b": "0.3", "rho": "-0.2", "m": "0.01", "sigma": "0.2", "fwd": "2000", "tau": "0.25"}
    return Svi(**{name: Fixed.of(one) for name, one in (numbers | changed).items()})


@pytest.mark.parametrize("changed", [{}, {"a": "0.001"}, {"rho": "0.9"}, {"b": "90"}, {"tau": "0.001"}])
def test_volatilities_of_a_surface(changed: dict[str, str]) -> None:
    strikes = [Fixed.of(one) for one in ("0", "1e-18", "0.001", "900", "2000", "2000.5", "9000", "9000000")]
    one = surface(**changed)
    got = svi.volatilities(one, np.array([float(strike) for strike in strikes]))
    assert got == pytest.approx([float(one.volatility(strike)) for strike in strikes], rel=1e-13, abs=0)


@pytest.mark.parametrize("changed", [{"fwd": "0"}, {"tau": "0"}, {"a": "-0.07"}, {"a": "-0.0595"}])
def test_what_is_no_surface_is_refused_by_both(changed: dict[str, str]) -> None:
    one = surface(**changed)
    with pytest.raises(SviError):
        one.volatility(Fixed.of(2_100))
    with pytest.raises(SviError):
        svi.volatilities(one, np.array([2_100.0]))


def test_a_board_is_sorted_and_each_option_is_on_it_once() -> None:
    eth, later, btc = Expiry("ETH", 60), Expiry("ETH", 90), Expiry("BTC", 90)
    listed = [Listed(*one) for one in ((later, ONE, True), (eth, ONE, True), (eth, ONE, False), (eth, ZERO, True),
                                       (btc, ONE, True), (eth, ONE, True))]  # fmt: skip
    board = Board.of(listed)
    assert board.rows == tuple(listed[at] for at in (4, 3, 2, 1, 0))
    assert board.expiries == (btc, eth, later)
    assert [board.rows_of(number) for number in range(3)] == [slice(0, 1), slice(1, 4), slice(4, 5)]
    assert board.strike_number.tolist() == [0, 1, 2, 2, 3]
    assert all(board.row[one] == at for at, one in enumerate(board.rows))
