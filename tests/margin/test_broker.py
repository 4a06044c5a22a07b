"""A margin account elsewhere calls exactly what is missing, whether the price fell or the rate was raised."""

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.broker import BrokerAccount

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
SILVER = BrokerAccount.opened("XAG", units=300_000, rate_bps=900, price_e6=100 * 10**6)


def test_a_new_account_holds_its_requirement_and_is_called_for_nothing() -> None:
    assert SILVER.required_units == SILVER.equity_units == 2_700_000 * 10**6  # 9% of $30m
    assert SILVER.call_units == 0


def test_a_fall_is_paid_by_the_account_and_what_is_missing_is_called() -> None:
    fallen = SILVER.at_price(95 * 10**6)
    assert fallen.equity_units == 1_200_000 * 10**6  # $1.5m of variation margin has gone out
    assert fallen.required_units == 2_565_000 * 10**6
    assert fallen.call_units == 1_365_000 * 10**6
    assert fallen.paid(fallen.call_units).call_units == 0
    assert fallen.paid(fallen.call_units - 1).call_units == 1


def test_a_raised_rate_calls_without_any_move() -> None:
    raised = SILVER.at_rate(1_100)
    assert (raised.call_units, raised.equity_units) == (600_000 * 10**6, SILVER.equity_units)
    assert SILVER.at_rate(800).call_units == 0


def test_a_gain_stays_and_stands_for_a_later_loss() -> None:
    risen = SILVER.at_price(110 * 10**6)
    assert (risen.call_units, risen.equity_units) == (0, 5_700_000 * 10**6)
    assert risen.at_price(100 * 10**6) == SILVER
    assert risen.at_rate(1_500).call_units == 0


def test_a_loss_beyond_the_account_is_called_too() -> None:
    crashed = SILVER.at_price(80 * 10**6)
    assert crashed.equity_units == -3_300_000 * 10**6
    assert crashed.call_units == 2_160_000 * 10**6 + 3_300_000 * 10**6


def test_a_part_of_a_unit_is_required_whole() -> None:
    assert BrokerAccount("XAG", 1, 900, 1, 0).required_units == 1
    assert BrokerAccount("XAG", 0, 900, 10**6, 0).required_units == 0


def test_the_published_dollars_of_percentage_margins() -> None:
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    cases = json.loads(PAPERS.read_text())["vectors"]
    case = next(case for case in cases if case["id"] == "cme_silver_margin_dollars")
    for metal, size in (("silver", 5_000), ("gold", 100)):
        rates = case["inputs"]["rate" if metal == "silver" else "gold_rate"]
        for price, rate, dollars in zip(case["inputs"][f"{metal}_price"], rates, case["expected"][metal], strict=True):
            account = BrokerAccount.opened(metal, size, round(rate * 10_000), round(price * 10**6))
            assert account.required_units == round(dollars * 10**6)


@given(
    st.integers(0, 10**7), st.integers(0, 10_000), st.lists(st.integers(1, 10**10), min_size=1, max_size=6),
    st.integers(0, 10_000),
)  # fmt: skip
def test_a_call_is_the_requirement_less_the_equity_and_variation_margin_only_looks_at_both_ends(
    units: int, rate_bps: int, path: list[int], later_bps: int
) -> None:
    opened = account = BrokerAccount.opened("XAG", units, rate_bps, path[0])
    for price_e6 in path:
        account = account.at_price(price_e6)
        assert account.call_units == max(account.required_units - account.equity_units, 0)
    assert account.equity_units - opened.equity_units == units * (path[-1] - path[0])
    account = account.at_rate(later_bps)
    assert 0 <= account.required_units * 10_000 - units * path[-1] * later_bps < 10_000
    assert account.paid(account.call_units).call_units == 0
    assert account.call_units == 0 or account.paid(account.call_units - 1).call_units == 1
