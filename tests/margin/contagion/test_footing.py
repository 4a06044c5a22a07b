"""What is held equal: collateral after its costs, margins at which as much is short, leverage that answers safety."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import MAINTENANCE_MULTIPLE, AssumptionError
from margin.contagion.engine import Inputs
from margin.contagion.footing import LEVERAGE, charged, equal_safety, responded
from margin.contagion.population import Kind
from margin.contagion.regimes import regime_of


def test_a_compartment_costs_its_fee_and_haircuts_and_a_pool_nothing(inputs: Inputs) -> None:
    a = inputs.a.changed({"cost.custody_fee_bps": 20, "cost.coin_share": 0.5, "cost.haircut_bps": 1000,
                          "cost.stable_haircut_bps": 200})  # fmt: skip
    before, kind = inputs.population.accounts.cash_units, inputs.population.clients.kind
    assert charged(inputs.population, a, regime_of("pooled_grace")) is inputs.population
    after = charged(inputs.population, a, regime_of("segregated_grace")).accounts.cash_units
    ordinary = kind[inputs.population.accounts.client] != Kind.REST
    assert np.array_equal(after[ordinary], before[ordinary] * 9380 // 10_000), "620 bp less"
    assert np.array_equal(after[~ordinary], before[~ordinary])


def test_a_locked_hedger_pays_for_netting_that_it_does_not_get(inputs: Inputs) -> None:
    accounts = inputs.population.accounts
    many = np.bincount(accounts.client)[accounts.client] > 1
    moving, locked = (
        charged(inputs.population, inputs.a, regime_of(name)).accounts.cash_units
        for name in ("segregated_grace", "segregated_static")
    )
    assert locked[many] == pytest.approx(moving[many] / 4.472, rel=1e-3)
    assert np.array_equal(locked[~many], moving[~many])


def test_the_margin_that_is_as_safe_is_found_between_its_ends() -> None:
    found = equal_safety(lambda multiple: 100.0 / multiple, 40.0, lowest=0.25, highest=4.0)
    assert found == pytest.approx(2.5, rel=0.02)
    assert equal_safety(lambda multiple: 1.0 / multiple, 40.0, lowest=0.25, highest=4.0) == 0.25, "safer already"
    assert equal_safety(lambda multiple: 1e6 / multiple, 40.0, lowest=0.25, highest=4.0) == 4.0, "never so safe"
    with pytest.raises(ValueError, match="above zero"):
        equal_safety(lambda multiple: multiple, 1.0, lowest=0.0, highest=1.0)


@pytest.mark.parametrize(("pooled", "segregated", "factor"), [
    (100.0, 60.0, 1.2), (100.0, 0.0, 1.5), (100.0, 150.0, 0.75), (100.0, 900.0, 0.5), (0.0, 10.0, 1.0),
])  # fmt: skip
def test_who_is_safer_takes_more_leverage(inputs: Inputs, pooled: float, segregated: float, factor: float) -> None:
    a = inputs.a.changed({"cost.leverage_response": 0.5})
    assert responded(a, pooled, segregated)[LEVERAGE] == pytest.approx(a[LEVERAGE] * factor)
    assert responded(inputs.a, pooled, segregated)[LEVERAGE] == inputs.a[LEVERAGE], "e = 0"


def test_all_margins_can_be_multiplied(inputs: Inputs) -> None:
    doubled = inputs.a.changed({MAINTENANCE_MULTIPLE: 2.0})
    assert [one.maintenance_ppm for one in doubled.instruments] == [
        2 * one.maintenance_ppm for one in inputs.a.instruments
    ]
    assert doubled.differences(inputs.a)["maintenance.BTC"] == (5_000, 10_000)
    assert replace(doubled.instruments[0], maintenance_ppm=5_000) == inputs.a.instruments[0]
    with pytest.raises(AssumptionError, match="more than 0"):
        inputs.a.changed({MAINTENANCE_MULTIPLE: 0.0})
