"""Contrasts find what was put in, whatever else there is; labels that mean nothing make nothing."""

import numpy as np
import pytest

from margin.contagion.effects import applied, contrasts
from margin.contagion.regimes import Call, Custody, LossRule, Netting, Regime, factorial

CELLS = [cell for cell in factorial() if cell.is_feasible]


def test_each_effect_is_found_beside_the_others() -> None:
    """A sum of main effects and one interaction, made by hand."""

    def made(cell: Regime) -> float:
        moved, grace = cell.custody is Custody.SEGREGATED_MULTI_VENUE, cell.call is Call.GRACE
        across, fence = cell.netting is Netting.ACROSS_VENUES, cell.loss_rule is LossRule.RING_FENCE
        static = cell.custody is Custody.SEGREGATED_STATIC
        return 100.0 + 7.0 * moved + 40.0 * static + 3.0 * grace + 2.0 * across - 5.0 * fence + 8.0 * moved * grace

    values = np.array([made(cell) for cell in CELLS])
    found = {name: float(applied(weights, CELLS, values)) for name, weights in contrasts(CELLS).items()}
    assert found.pop("custody") == pytest.approx(7.0 + 8.0 / 2)
    assert found.pop("custody_static") == pytest.approx(40.0)
    assert found.pop("call") == pytest.approx(3.0 + 8.0 / 2)
    assert found.pop("netting") == pytest.approx(2.0)
    assert found.pop("loss_ring_fence") == pytest.approx(-5.0)
    assert found.pop("custody x call") == pytest.approx(8.0)
    assert found == pytest.approx(dict.fromkeys(found, 0.0))
    assert len(found) == 1 + 8


def test_weights_sum_to_zero_and_the_mean_has_every_matched_cell_once() -> None:
    for weights in contrasts(CELLS).values():
        assert sum(weights.values()) == pytest.approx(0.0)
    assert sorted(contrasts(CELLS)["custody"].values()) == pytest.approx([-1 / 12] * 12 + [1 / 12] * 12)
    assert sorted(contrasts(CELLS)["custody_static"].values()) == pytest.approx([-1 / 6] * 6 + [1 / 6] * 6)


def test_cells_that_cannot_tell_an_effect_tell_none() -> None:
    pair = [cell for cell in CELLS if (cell.call, cell.netting, cell.loss_rule) == (
        Call.INSTANT, Netting.PER_VENUE, LossRule.PRO_RATA)]  # fmt: skip
    assert contrasts(pair).keys() == {"custody", "custody_static"}
