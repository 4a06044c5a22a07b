"""Marks say what they lack; nothing is taken as zero."""

import pytest

from margin.fixed import Fixed
from margin.marks import Mark, Market, MissingMarkError, Quotes, above_zero
from margin.positions import Collateral, Holdings
from tests.margin.holding import call, collateral, expiry, fixed, put


def test_a_forward_of_two_parts() -> None:
    dated = expiry(800, forward_fixed=fixed(700))
    assert dated.forward == 1500
    assert dated.shocked_forward(fixed("1.5")) == 700 + 1200
    assert (expiry(rate=fixed("-0.1")).floored_rate, expiry(rate=fixed("0.1")).floored_rate) == (0, fixed("0.1"))


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MissingMarkError, match="strike 7"):
        Quotes({}).volatility(fixed(7))
    with pytest.raises(MissingMarkError, match="expiry in 9 s"):
        Market(Mark(fixed(1))).expiry(9)
    for price in (Fixed(0), Fixed(-1)):
        with pytest.raises(MissingMarkError, match="no price above zero of spot"):
            above_zero(price, "spot")
    assert above_zero(Fixed(1), "spot") == Fixed(1)


def test_holdings_by_expiry() -> None:
    held = Holdings(options=(call(1, 1, 9), put(2, 1, 5), call(3, 1, 9)))
    assert held.by_expiry() == [(5, (put(2, 1, 5),)), (9, (call(1, 1, 9), call(3, 1, 9)))]
    assert Holdings().by_expiry() == []


@pytest.mark.parametrize(
    ("held", "depends"),
    [
        (Holdings(), False),
        (Holdings(perp_unsettled=fixed(5)), False),
        (Holdings(collaterals=(collateral(),)), False),
        (Holdings(perp=fixed(-1)), True),
        (Holdings(base=fixed(1)), True),
        (Holdings(options=(call(1, 1),)), True),
    ],
)
def test_what_depends_on_spot(held: Holdings, depends: bool) -> None:
    assert held.depends_on_spot is depends
    assert isinstance(collateral(), Collateral)


def test_what_an_option_pays() -> None:
    assert [call(100, -5).payoff(fixed(price)) for price in (90, 100, 110)] == [0, 0, 10]
    assert [put(100, -5).payoff(fixed(price)) for price in (90, 100, 110)] == [10, 0, 0]
