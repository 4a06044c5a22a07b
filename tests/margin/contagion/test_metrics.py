"""Metrics against the books they are read off, and what is told of whom."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.figures import by_client, figures, gini, largest, paid_usd
from margin.contagion.losses import absorb
from margin.contagion.metrics import BY_ACCOUNT, FROM_FIRST_ROUND, METRICS
from margin.contagion.path import Path
from margin.contagion.payers import INNOCENT, Losses, Payer
from margin.contagion.population import Kind, Population
from margin.contagion.regimes import regime_of
from margin.contagion.reproduction import forked
from margin.contagion.trial import steepest
from margin.default_waterfall import Means


@pytest.fixture(scope="module")
def grace(assumptions: Assumptions, people: Population, crash: Path) -> Run:
    """Thin books, and a venue that fails at the end."""
    assumptions = assumptions.changed({"market.depth_multiple": 0.2, "venue.default_at": 0.95})
    return run(Inputs(assumptions, people, crash, regime_of("pooled_grace"), Channels.ALL, 1))


def test_every_metric_is_measured_and_has_a_definition(grace: Run) -> None:
    names = {one.name for one in METRICS}
    assert figures(grace).keys() == names - {*FROM_FIRST_ROUND, "reproduction", "reproduction_small"}
    assert all(one.definition and one.unit for one in METRICS)
    assert len(names) == len(METRICS)


def test_sums_over_clients_are_the_whole(grace: Run) -> None:
    parts, found = by_client(grace), figures(grace)
    assert parts.keys() == set(BY_ACCOUNT)
    for name in BY_ACCOUNT:
        assert found[name] > 0.0, name
        assert parts[name].sum() == pytest.approx(found[name]), name
    paid = sum(grace.losses.paid[payer] for payer in INNOCENT)
    assert grace.losses.borne_units.sum() == paid + grace.losses.rehedging_units


def test_who_breached_at_any_time_is_not_innocent(grace: Run) -> None:
    borne = np.append(grace.losses.borne_units, np.zeros(len(grace.tally.breached) - len(grace.losses.borne_units)))
    guilty = float(borne[grace.tally.breached].sum())
    assert guilty > 0.0, "some who bore losses of others had breached before"
    whole = (borne.sum() - guilty) / 1e6 * grace.inputs.population.weight
    assert figures(grace)["innocent_loss_usd"] == pytest.approx(whole)
    assert (grace.tally.breached[grace.tally.liquidated]).all(), "nobody is closed by a venue who has not breached"


def test_what_went_first_is_what_was_put_into_accounts_that_ended_below_zero(inputs: Inputs) -> None:
    """Two brought 100 and 50, one took away 30; a third is spared."""
    made = begun(inputs)
    books, first, second = made.books, np.array([3]), np.array([3, 4])
    had = inputs.population.accounts.cash_units[second]
    books.put(second, np.array([100, 50]))
    books.take(first, np.array([30]))
    books.rows.realised[second] -= books.rows.principal[second] + np.array([7, 5])
    losses = Losses()
    absorb(books, made.prices, second.astype(np.int32), (Means.INSURANCE_FUND,), losses, sponsored=False)
    assert losses.own_margin_units == had.sum() + 120
    assert losses.paid == {Payer.INSURANCE_FUND: 12}
    assert books.forfeited(second) == 0, "once"


def test_own_margin_comes_first_among_payers_and_is_no_part_of_what_was_short(grace: Run) -> None:
    paid, found = paid_usd(grace), figures(grace)
    assert next(iter(paid)) is Payer.OWN_MARGIN
    assert min(paid[Payer.OWN_MARGIN], found["shortfall_usd"]) > 0.0
    assert found["shortfall_usd"] == pytest.approx(sum(paid.values()) - paid[Payer.OWN_MARGIN])
    assert found["paid_own_margin_usd"] <= found["loss_usd"]


def test_what_was_brought_and_lost_is_lost(grace: Run) -> None:
    """Nobody loses more than it had in all, and answering a call is no loss by itself."""
    clients, accounts = grace.inputs.population.clients, grace.inputs.population.accounts
    had = np.bincount(accounts.client, accounts.cash_units, len(clients)) + clients.outside_units
    lost = by_client(grace)["loss_usd"] / grace.inputs.population.weight * 1e6
    spared = np.flatnonzero(clients.kind <= Kind.HEDGER)
    assert (lost[spared] <= had[spared] * (1 + 1e-9) + 1).mean() > 0.999
    assert (grace.books.outside < clients.outside_units).any(), "somebody brought something"
    start = begun(grace.inputs)
    start.books.outside[spared[0]] -= 5
    start.books.rows.principal[np.flatnonzero(accounts.client == spared[0])[0]] += 5
    assert by_client(start)["loss_usd"][spared[0]] == 0.0
    start.books.outside[spared[0]] -= 5
    assert by_client(start)["loss_usd"][spared[0]] == pytest.approx(5e-6 * grace.inputs.population.weight)


def test_recovery_and_half_life_are_counted_from_the_deepest(grace: Run) -> None:
    grace = forked(grace)
    tally = grace.tally
    tally.displacement[:, 0] = tally.passing[:, 0] = 0.0
    assert (figures(grace)["half_life_s"], figures(grace)["recovery_s"]) == (0.0, 0.0)
    tally.displacement[10:14, 0] = tally.passing[10:14, 0] = (-0.4, -0.3, -0.2, -0.03)
    found = figures(grace)
    assert (found["overshoot_bps"], found["half_life_s"], found["recovery_s"]) == (-4000.0, 120.0, 180.0)


def test_the_largest_thousandth_are_the_richest_that_are_no_holder_of_the_rest(inputs: Inputs) -> None:
    population = inputs.population
    chosen = np.flatnonzero(largest(population))
    wealth = np.bincount(population.accounts.client, population.accounts.cash_units)
    ordinary = population.clients.kind != Kind.REST
    assert len(chosen) == ordinary.sum() // 1000
    assert wealth[chosen].min() >= np.sort(wealth[ordinary])[-len(chosen)]
    assert ordinary[chosen].all()


def test_gini_of_equals_is_none_and_of_one_alone_is_nearly_all() -> None:
    assert gini(np.ones(50)) == pytest.approx(0.0)
    assert gini(np.array([0.0] * 99 + [1.0])) == pytest.approx(0.99)
    assert gini(np.zeros(3)) == 0.0


def test_the_steepest_steps_are_falls_to_new_lows(inputs: Inputs) -> None:
    units = inputs.path.units[:, 0]
    found = steepest(inputs.path)
    assert found == sorted(found)
    assert len(found) == 8
    assert all(units[step] == units[: step + 1].min() < units[step - 1] for step in found)
    flat = replace(inputs.path, units=np.ones_like(inputs.path.units))
    assert steepest(flat) == []
