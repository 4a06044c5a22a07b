"""Expired options become cash, at one price, and their cash is booked as a settlement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.cash import Cash, CashParameters
from margin.fixed import ZERO, Fixed
from margin.option_settlement import settled, settlement_value
from margin.positions import Holdings, Option
from tests.margin.holding import DAY_S, call, fixed, put


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (call(1400, 2), "200"),
        (call(1400, "-2.5"), "-250"),
        (call(1500, 2), "0"),
        (call(1600, -2), "0"),
        (put(1600, 2), "200"),
        (put(1600, -2), "-200"),
        (put(1500, 2), "0"),
        (put(1400, -2), "0"),
    ],
)
def test_what_a_position_pays_at_1500(option: Option, value: str) -> None:
    assert settlement_value(option, fixed(1500)) == fixed(value)


def test_only_what_has_expired_is_settled() -> None:
    held = Holdings(fixed(1), base=fixed(2), options=(call(1400, 2, 0), put(1800, 1, DAY_S), put(1600, -1, 0)))
    left, cash = settled(held, fixed(1500))
    assert cash == 200 - 100
    assert left == Holdings(fixed(1), base=fixed(2), options=(put(1800, 1, DAY_S),))
    assert settled(left, fixed(1500)) == (left, ZERO)


amounts = st.integers(-50, 50).map(lambda tenths: fixed(tenths) / 10)


@given(st.lists(amounts, min_size=2, max_size=5), st.integers(0, 3000), st.booleans())
def test_what_one_side_gains_the_others_lose(sizes: list[Fixed], price: int, is_call: bool) -> None:
    """Positions of one option that sum to nothing pay nothing together, and no cash is left created."""
    sizes = [*sizes, -sum(sizes, ZERO)]
    cash = Cash(CashParameters(ZERO, ZERO, ZERO, ZERO, ZERO))
    for number, size in enumerate(sizes):
        _, value = settled(Holdings(options=(Option(0, fixed(1500), is_call, size),)), fixed(price))
        cash = cash.settled(str(number), value)
    assert cash.net == 0
    assert cash.supply == cash.borrow
