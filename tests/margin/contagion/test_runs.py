"""Who takes away what it can, and when: the hazard, its one draw a client, and where there is nothing to run from."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, begun, run
from margin.contagion.free import free_units
from margin.contagion.path import Path
from margin.contagion.population import Kind
from margin.contagion.regimes import regime_of


@pytest.fixture
def calm(inputs: Inputs, quiet: Path) -> Inputs:
    """A quiet half day on which a tenth of a venue's clients run in a day."""
    return replace(inputs, path=quiet, a=inputs.a.changed({"venue.run_per_day": 0.1, "venue.run_slope": 0.0}))


def test_as_many_run_as_the_hazard_says(calm: Inputs) -> None:
    made = run(calm, audited=True)
    kind = calm.population.clients.kind[calm.population.accounts.client]
    those = int((kind <= Kind.HEDGER).sum())
    expected = those * (1 - np.exp(-0.1 * 720 / 1440))
    assert made.runs.clients == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert made.runs.taken_units > 0


def test_who_ran_has_its_money_outside_and_nothing_free(calm: Inputs) -> None:
    still = replace(calm.path, units=np.tile(calm.path.units[0], (len(calm.path.units), 1)))
    made = begun(replace(calm, a=calm.a.changed({"venue.run_per_day": 1440 * 50.0}), path=still), audited=True)
    outside = made.books.outside.copy()
    made.advance()
    own = np.flatnonzero(calm.population.clients.kind[calm.population.accounts.client] <= Kind.HEDGER).astype(np.int32)
    left = free_units(made.books, made.prices, calm.regime, own)
    assert made.runs.clients == len(own), "everybody"
    assert (left == 0).all()
    assert int((made.books.outside - outside).sum()) == made.runs.taken_units


def test_used_up_funds_make_more_run(calm: Inputs) -> None:
    made = begun(replace(calm, a=calm.a.changed({"venue.run_slope": 4.0})))
    up = np.ones(calm.population.venues, bool)
    assert made.runs.stress(up).tolist() == [0.0] * 4
    made.books.fund[1] = made.books.capital[1] = 0
    made.runs.pass_time(60, up, made.prices, calm.regime)
    assert made.runs.hazard[1] == pytest.approx(made.runs.hazard[0] * np.exp(4.0))
    made.runs.pass_time(60, np.array([False, True, True, True]), made.prices, calm.regime)
    assert made.runs.hazard[0] > made.runs.hazard[2] * 20, "and so does a venue that lets nobody out"


@pytest.mark.parametrize(("regime", "channels"), [
    ("segregated_grace", Channels.ALL), ("pooled_instant", Channels.ALL ^ Channels.MUTUALISATION),
])  # fmt: skip
def test_nobody_runs_where_there_is_nothing_to_run_from(calm: Inputs, regime: str, channels: Channels) -> None:
    made = run(replace(calm, regime=regime_of(regime), channels=channels))
    assert made.runs.clients == made.runs.taken_units == 0
