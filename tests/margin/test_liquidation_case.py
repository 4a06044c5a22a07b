"""An account of a case in legs: its margin is the case's own, and no lot of it is lost."""

from typing import Any

import pytest

from margin.account import margins
from margin.case_schema import Case, case_of
from margin.fixed import Fixed
from margin.liquidation_case import Books, LotError, account_of, bankruptcy_price, model_of
from margin.liquidation_plan import Ended, plan
from margin.liquidation_rule import LiquidationRule
from margin.parameter_file import read_parameters
from tests.margin.worked import as_read, bare, plain, standard

F = Fixed.of
BOOKS = Books(F("0.01"), F(1_000_000), {"perpetual": F(5_000_000)})
TESTS = read_parameters("tests")
HEDGE = {
    "name": "weETH", "amount": "0.5", "price": 1600, "confidence": 1, "risk_cancelling": True, "mm_haircut": "0.1",
    "im_haircut": "0.05",
}  # fmt: skip


def account(document: Any) -> Case:
    return case_of(as_read(document), TESTS)


@pytest.mark.parametrize(
    "document",
    [
        plain(cash=200, perp=2, perp_unsettled_cash=-30, base="0.5"),
        bare("PMRM_2", cash=200, perp=-1, perp_unsettled_cash=10, collaterals=[HEDGE]),
        standard(cash=500, perp=1, perp_unsettled_cash=7, base="0.25"),
    ],
)
def test_as_legs_an_account_has_the_margin_that_it_had(document: Any) -> None:
    case = account(document)
    assert account_of(case, BOOKS).margin(model_of(case)) == margins(case)


def test_legs_have_their_own_depth_or_that_of_all() -> None:
    legs = {leg.name: leg for leg in account_of(account(plain(perp=2)), BOOKS).legs}
    assert [leg.depth for leg in legs.values()] == [5_000_000, 1_000_000]
    assert [leg.lots for leg in legs.values()] == [200, -100]


def test_a_position_that_is_no_whole_number_of_lots_is_refused() -> None:
    with pytest.raises(LotError, match=r"perpetual: -1.005 is no whole number of lots of 0.01"):
        account_of(account(plain(perp="-1.005")), BOOKS)


@pytest.mark.parametrize("size", [2, -2])
def test_at_its_bankruptcy_price_a_perpetual_leaves_nothing(size: int) -> None:
    case = account(plain(cash=500, perp=size, options=[]))
    (leg,) = account_of(case, BOOKS).legs
    price = bankruptcy_price(leg, margins(case).mark_to_market)
    assert price == 1505 - F(500) / size
    assert 500 + size * (price - leg.price) == 0


def test_what_no_price_above_zero_takes_has_no_bankruptcy_price() -> None:
    case = account(plain(cash=5_000, perp=2, options=[]))
    (leg,) = account_of(case, BOOKS).legs
    assert bankruptcy_price(leg, margins(case).mark_to_market) is None


def test_collateral_stays_while_legs_are_closed() -> None:
    case = account(bare("PMRM_2", cash=-900, perp=5, collaterals=[HEDGE]))
    model = model_of(case)
    found = plan(account_of(case, BOOKS), model, LiquidationRule(), 0)
    assert found.ended in (Ended.HEALTHY, Ended.SHORTFALL)
    assert found.slices
    worth = margins(case).mark_to_market
    assert abs(found.left.margin(model).mark_to_market - (worth - sum((one.impact for one in found.slices), F(0)))) < 1
