"""Tiered maintenance margin and liquidation prices, against an exchange's own table and examples."""

import json
import pathlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.fixed import ZERO, Fixed
from margin.tiers import (
    Tier,
    bankruptcy_price,
    isolated_liquidation_price,
    liquidation_price,
    maintenance,
    tier_at,
    tiers_of,
)

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
EDGES = [(Fixed.of(above), Fixed.of(share)) for above, share in [("0", "0.01"), ("100", "0.02"), ("1000", "0.05")]]
TIERS = tiers_of(EDGES)


def paper(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(inputs, expected) of a published case."""
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    case = next(case for case in json.loads(PAPERS.read_text())["vectors"] if case["id"] == name)
    return case["inputs"], case["expected"]


def test_the_table_of_2021() -> None:
    inputs, expected = paper("binance_btcusdt_brackets_2021_03_18")
    tiers = tiers_of([(Fixed.of(int(above)), Fixed.of(str(share))) for above, _, share in inputs["brackets"]])
    assert [tier.amount for tier in tiers] == [Fixed.of(int(units)) for units in expected["maintenance_amounts"]]
    asked = [maintenance(tiers, Fixed.of(int(notional))) for notional in inputs["notionals"]]
    assert asked == [Fixed.of(int(units)) for units in expected["maintenance_margin"]]


def test_the_exchanges_own_examples_of_liquidation_prices() -> None:
    inputs, expected = paper("binance_liq_price_faq")
    for case, price in zip(inputs["cases"], expected["liq_price"], strict=True):
        _, balance, others, profit, amount, size, entry, share = case[:1] + [Fixed.of(str(one)) for one in case[1:]]
        found = liquidation_price(Tier(ZERO, share, amount), equity=balance - others + profit, amount=size, price=entry)
        assert float(found) == pytest.approx(price, abs=0.006)


@pytest.mark.parametrize(("notional", "asked"), [(0, "0"), (100, "1"), (101, "1.02"), (1000, "19"), (1001, "19.05")])
def test_each_part_at_its_own_share(notional: int, asked: str) -> None:
    assert maintenance(TIERS, Fixed.of(notional)) == Fixed.of(asked)


def test_the_edge_is_in_the_lower_tier() -> None:
    assert [tier_at(TIERS, Fixed.of(notional)).above for notional in (0, 100, 101, 1000, 9999)] == [
        0,
        0,
        100,
        100,
        1000,
    ]


def test_it_is_continuous_and_rises() -> None:
    @settings(derandomize=True, max_examples=100)
    @given(st.lists(st.integers(0, 10**24), min_size=2, max_size=5))
    def holds(points: list[int]) -> None:
        asked = [maintenance(TIERS, Fixed(units)) for units in sorted(points)]
        assert all(low <= high for low, high in pairwise(asked))

    holds()
    for low, high in pairwise(TIERS):
        assert high.above * low.share - low.amount == high.above * high.share - high.amount


@pytest.mark.parametrize("edges", [[], [("1", "0.1")], [("0", "0.1"), ("5", "0.2"), ("5", "0.3")]])
def test_tiers_that_do_not_rise_are_a_fault(edges: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match="rise"):
        tiers_of([(Fixed.of(above), Fixed.of(share)) for above, share in edges])


@pytest.mark.parametrize("amount", ["2", "-2"])
def test_at_the_liquidation_price_equity_is_the_requirement_and_at_the_bankruptcy_price_nothing(amount: str) -> None:
    held, price, equity = Fixed.of(amount), Fixed.of(400), Fixed.of(90)
    tier = tier_at(TIERS, Fixed.of(800))
    at = liquidation_price(tier, equity=equity, amount=held, price=price)
    left = equity + held * (at - price)
    assert abs(left - (abs(held) * at * tier.share - tier.amount)) < Fixed(10)
    broke = bankruptcy_price(equity=equity, amount=held, price=price)
    assert equity + held * (broke - price) == 0
    assert (broke < at < price) if held > 0 else (broke > at > price)


@pytest.mark.parametrize("amount", ["2", "-2"])
def test_the_form_of_the_chains_is_the_same_price(amount: str) -> None:
    held, price, equity, leverage = Fixed.of(amount), Fixed.of(400), Fixed.of(90), Fixed.of(20)
    tier = Tier(ZERO, 1 / leverage, ZERO)
    available = equity - abs(held) * price / leverage
    on_chain = isolated_liquidation_price(available=available, amount=held, price=price, maintenance_leverage=leverage)
    assert abs(on_chain - liquidation_price(tier, equity=equity, amount=held, price=price)) < Fixed(10**6)
