"""Cash: a rate with a kink, compound interest, settled cash that nobody borrows, and losses that everyone bears."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.black76 import YEAR_S
from margin.cash import Account, Cash, CashParameters
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import exp
from tests.margin.holding import DAY_S, fixed

RULES = CashParameters(fixed("0.05"), fixed("0.3"), fixed(2), fixed("0.6"), fixed("0.2"))
CLOSE = Fixed(10**6)


def opened(**balances: int) -> Cash:
    return Cash.opened(RULES, {name: fixed(balance) for name, balance in balances.items()})


LENT = {"borrower": -300, "lender": 900, "SM": 100}


@pytest.mark.parametrize(
    ("utilisation", "rate"), [("0", "0.05"), ("0.5", "0.2"), ("0.6", "0.23"), ("0.7", "0.43"), ("1", "1.03")]
)
def test_a_rate_with_a_kink(utilisation: str, rate: str) -> None:
    assert RULES.rate(fixed(utilisation)) == fixed(rate)


def test_interest_compounds_and_the_security_module_takes_its_share() -> None:
    cash = opened(**LENT)
    assert (cash.supply, cash.borrow, cash.stable, cash.utilisation) == (1000, 300, 700, fixed("0.3"))
    later = cash.accrued(73 * DAY_S)
    interest = 300 * (exp(fixed("0.14") / 5) - 1)
    assert abs(later.borrow - 300 - interest) <= CLOSE
    assert abs(later.fees - interest * fixed("0.2")) <= CLOSE
    assert abs(later.supply - 1000 - interest * fixed("0.8")) <= CLOSE
    assert abs(later.balance("borrower") + later.borrow) <= CLOSE
    assert abs(later.balance("lender") - later.supply * fixed("0.9")) <= CLOSE
    assert later.stable == 700
    assert abs(later.total - 700) <= CLOSE
    collected = later.collected("SM")
    assert collected.fees == 0
    assert abs(collected.balance("SM") - later.balance("SM") - later.fees) <= CLOSE


@pytest.mark.parametrize(("cash", "seconds"), [(opened(**LENT), 0), (opened(lender=5), YEAR_S)])
def test_no_time_or_no_borrower_is_no_interest(cash: Cash, seconds: int) -> None:
    assert cash.accrued(seconds) == cash


def test_more_is_owed_the_more_often_it_accrues() -> None:
    cash = opened(**LENT)
    once, twice = cash.accrued(2 * YEAR_S), cash.accrued(YEAR_S).accrued(YEAR_S)
    assert twice.borrow != once.borrow
    assert twice.borrow_index > ONE < twice.supply_index


@pytest.mark.parametrize(
    ("supply", "borrow", "net", "utilisation"),
    [(0, 5, 0, "0"), (5, 0, 0, "0"), (10, 5, 0, "0.5"), (10, 20, 0, "1"), (10, 5, 10, "0.5"), (10, 5, -10, "0.25")],
)
def test_utilisation(supply: int, borrow: int, net: int, utilisation: str) -> None:
    assert Cash(RULES, fixed(supply), fixed(borrow), fixed(net)).utilisation == fixed(utilisation)


def test_touching_moves_between_the_sides() -> None:
    cash = opened(**LENT).accrued(73 * DAY_S)
    before = cash.balance("borrower")
    after = cash.touched("borrower", fixed(1000))
    assert after.accounts["borrower"] == Account(before + 1000, cash.supply_index)
    assert after.supply == cash.supply + before + 1000
    assert after.borrow == cash.borrow + before
    back = after.touched("borrower", fixed(-1000))
    assert abs(back.balance("borrower") - before) <= CLOSE
    assert back.accounts["borrower"].index == cash.borrow_index
    assert abs(back.supply - cash.supply) <= CLOSE
    new = cash.touched("somebody", fixed(7))
    assert new.balance("somebody") == 7
    assert new.accrued(73 * DAY_S).balance("somebody") > 7


def test_settlement_creates_cash_and_deposits_bring_stablecoins() -> None:
    cash = opened(**LENT)
    settled = cash.settled("lender", fixed(50)).settled("SM", fixed(-60))
    assert (settled.net, settled.stable) == (-10, 700)
    assert settled.utilisation == fixed(300) / 1000
    assert settled.exchange_rate == 1
    deposited = cash.deposited("lender", fixed(-200))
    assert (deposited.stable, deposited.supply, deposited.net) == (500, 800, 0)


# -- losses ------------------------------------------------------------------------------------------------------------


def test_fees_pay_first_and_only_if_they_cover_all() -> None:
    cash = replace(opened(**LENT), fees=fixed(40), stable=fixed(740))
    small = cash.socialised(fixed(30), "lender")
    assert (small.fees, small.balance("lender"), small.exchange_rate, small.fee_before) == (10, 930, 1, None)
    all_of_it = cash.socialised(fixed(40), "lender")
    assert (all_of_it.fees, all_of_it.exchange_rate) == (0, 1)
    large = cash.socialised(fixed(100), "lender")
    assert (large.fees, large.balance("lender")) == (0, 1000)
    assert large.exchange_rate == fixed(740) / 800
    assert (large.fee_before, large.parameters.sm_fee) == (fixed("0.2"), 1)
    again = large.socialised(fixed(10), "lender")
    assert again.fee_before == fixed("0.2")


def test_withdrawals_pay_while_cash_is_worth_less() -> None:
    broken = opened(**LENT).socialised(fixed(175), "lender")
    assert broken.exchange_rate == fixed("0.8")
    paid = broken.withdrawn("lender", fixed(80))
    assert paid.stable == 620
    assert paid.balance("lender") == 975
    assert paid.exchange_rate == broken.exchange_rate
    whole = opened(**LENT).withdrawn("lender", fixed(80))
    assert (whole.stable, whole.balance("lender")) == (620, 820)


def test_the_fee_ends_when_the_gap_is_closed() -> None:
    broken = opened(**LENT).socialised(fixed(175), "lender")
    assert broken.relieved() == broken
    closed = replace(broken, stable=fixed(875))
    relieved = closed.relieved()
    assert (relieved.fee_before, relieved.parameters.sm_fee) == (None, fixed("0.2"))
    assert opened(**LENT).relieved() == opened(**LENT)


def test_all_interest_closes_the_gap() -> None:
    broken = opened(**LENT).socialised(fixed(175), "lender")
    later = broken.accrued(YEAR_S)
    assert later.supply == broken.supply
    assert later.fees == later.borrow - broken.borrow


def test_an_empty_venue_is_worth_what_it_holds() -> None:
    assert Cash(RULES).exchange_rate == 1
    assert Cash(RULES).accrued(9) == Cash(RULES)
    lone = Cash(RULES, borrow=ONE, net=-ONE, accounts={"a": Account(-ONE)})
    assert lone.accrued(YEAR_S).supply_index == 1


steps = st.lists(
    st.tuples(st.sampled_from(["trade", "settle", "deposit"]), st.integers(-400, 400), st.integers(0, 90)), max_size=8
)


@given(steps)
def test_stablecoins_stand_for_all_cash(happened: list[tuple[str, int, int]]) -> None:
    cash = opened(**LENT)
    for kind, amount, days in happened:
        cash = cash.accrued(days * DAY_S)
        if kind == "trade":
            cash = cash.touched("lender", fixed(amount)).touched("borrower", fixed(-amount))
        elif kind == "settle":
            cash = cash.settled("lender", fixed(amount))
        else:
            cash = cash.deposited("borrower", fixed(amount))
        balances = [cash.balance(name) for name in LENT]
        assert abs(cash.total - cash.stable) <= CLOSE
        assert abs(cash.supply - sum((max(one, ZERO) for one in balances), ZERO)) <= CLOSE
        assert abs(cash.borrow + sum((min(one, ZERO) for one in balances), ZERO)) <= CLOSE
