"""What a regime costs a year: each part alone, their sum, who pays none, and the figures of the specification."""

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.costs import Costs, costs, grace_cost, haircut_bps, several_share, unsettled
from margin.contagion.population import Kind, Population
from margin.contagion.regimes import NAMED, regime_of


@pytest.fixture
def a(assumptions: Assumptions) -> Assumptions:
    return assumptions.changed({
        "cost.custody_fee_bps": 20, "cost.coin_share": 0.5, "cost.haircut_bps": 1500, "cost.stable_haircut_bps": 500,
        "cost.capital_bps": 900, "population.hedge_correlation": -0.9,
    })  # fmt: skip


def test_a_pool_costs_nothing_of_this(a: Assumptions) -> None:
    pooled = [name for name, regime in NAMED.items() if not regime.is_segregated]
    assert len(pooled) == 4
    assert all(costs(a, regime_of(name), 0.5) == Costs() for name in pooled)


def test_haircuts_ask_for_capital_until_as_much_is_left(a: Assumptions) -> None:
    """A tenth is taken away, so a ninth more is held, at 9% a year: 100 bp."""
    assert haircut_bps(a) == 1000
    found = costs(a, regime_of("segregated_grace"), 0.5)
    assert (found.fee_bps, found.lost_netting_bps) == (20.0, 0.0)
    assert found.haircuts_bps == pytest.approx(100.0)
    assert found.total_bps == pytest.approx(120.0)


def test_locked_legs_ask_for_the_margin_that_they_shared(a: Assumptions) -> None:
    """4.47 times as much for a hedged pair at ρ = −0.9, of the part that such clients hold."""
    found = costs(a, regime_of("segregated_static"), 0.25)
    assert found.lost_netting_bps == pytest.approx(900 * 0.25 * 3.4721, rel=1e-4)
    assert found.total_bps == pytest.approx(20 + 100 + found.lost_netting_bps)
    assert costs(a, regime_of("segregated_static"), 0.0).lost_netting_bps == 0.0


def test_the_part_of_those_with_several_accounts_is_counted_in_collateral(people: Population) -> None:
    accounts, kind = people.accounts, people.clients.kind
    number = np.bincount(accounts.client)
    held = np.bincount(accounts.client, accounts.cash_units)
    several = held[(number > 1) & (kind != Kind.REST)].sum() / held[kind != Kind.REST].sum()
    assert several_share(people) == pytest.approx(several)
    assert 0.0 < several < 1.0


def test_claims_between_settlements_are_those_of_the_specification() -> None:
    assert [round(one.ordinary * 100, 2) for one in unsettled(0.045, 0.15)] == [1.04, 1.47, 3.59]
    assert [round(one.stressed * 100, 1) for one in unsettled(0.045, 0.15)] == [3.5, 4.9, 12.0]


def test_grace_costs_what_the_specification_says(assumptions: Assumptions) -> None:
    found = [round(grace_cost(assumptions, volatility) * 1e4, 1) for volatility in (0.045, 0.15, 0.30)]
    assert found == pytest.approx([3.2, 39.0, 99.0], abs=0.6)
    assert grace_cost(assumptions.changed({"call.grace_s": 0}), 0.15) == 0.0
