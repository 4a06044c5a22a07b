"""Who holds what: books that close, laws that come out as they are stated, draws that have names."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import AssumptionError, Assumptions
from margin.contagion.draws import normals, uniforms
from margin.contagion.laws import draw_population, lot_units_of
from margin.contagion.population import Kind, Population, PopulationError, checked

SOME = np.arange(100_000, dtype=np.int64)


def test_every_instrument_nets_to_zero_at_every_venue(people: Population) -> None:
    assert not people.net_lots().any()
    assert people.gross_lots().all()


def test_one_lot_too_many_is_no_population(people: Population) -> None:
    lots = people.positions.lots.copy()
    lots[0] += 1
    with pytest.raises(PopulationError, match="sum to zero"):
        checked(replace(people, positions=replace(people.positions, lots=lots)))


def test_the_same_seed_draws_the_same_people_and_another_others(assumptions: Assumptions, people: Population) -> None:
    assert draw_population(assumptions, 1, 5_000).digest() == people.digest()
    assert draw_population(assumptions, 2, 5_000).digest() != people.digest()


def test_the_first_of_many_are_the_few(assumptions: Assumptions, people: Population) -> None:
    more = draw_population(assumptions, 1, 6_000)
    directional = np.flatnonzero(people.clients.kind[:5_000] < Kind.HEDGER)
    assert np.array_equal(more.clients.kind[directional], people.clients.kind[directional])
    assert np.array_equal(more.clients.stop_ppm[directional], people.clients.stop_ppm[directional])


def test_the_hedged_share_of_open_interest_is_as_stated(assumptions: Assumptions) -> None:
    for share in (0.05, 0.25, 0.6):
        changed = assumptions.changed({"population.hedged_share": share})
        people = draw_population(changed, 3, 20_000)
        positions, owner = people.positions, people.positions.owner()
        notional = positions.lots * lot_units_of(changed)[positions.instrument]
        kind = people.clients.kind[people.accounts.client[owner]]
        longs = (notional > 0) & (kind != Kind.REST)
        hedged = notional[longs & (kind == Kind.HEDGER)].sum() / notional[longs].sum()
        assert hedged == pytest.approx(share, abs=0.002)


def test_leverage_falls_with_size(people: Population) -> None:
    """Negative dependence: without it a naive population loses five times too much (specs/contagion.md §1.5)."""
    own = np.flatnonzero(people.clients.kind[people.accounts.client] < Kind.HEDGER)
    owner = people.positions.owner()
    worth = np.abs(people.positions.lots) * 1.0
    assert len(own) > 4_000
    size = np.bincount(owner, weights=worth, minlength=len(people.accounts))[own]
    cash = people.accounts.cash_units[own]
    assert np.corrcoef(np.log(cash), np.log(size / cash))[0, 1] < -0.2


def test_too_few_are_refused(assumptions: Assumptions) -> None:
    with pytest.raises(ValueError, match="at least 100"):
        draw_population(assumptions, 1, 99)


def test_an_unknown_assumption_is_named(assumptions: Assumptions) -> None:
    with pytest.raises(AssumptionError, match=r"market\.nothing"):
        assumptions.changed({"market.nothing": 1.0})


def test_what_was_changed_is_told(assumptions: Assumptions) -> None:
    changed = assumptions.changed({"market.depth_multiple": 0.5, "call.grace_s": 60})
    told = changed.differences(assumptions)
    assert told["call.grace_s"] == (900.0, 60.0)
    depth = assumptions.instruments[0].depth_usd
    assert told["depth.BTC"] == (depth, depth / 2.0)


def test_draws_are_uniform_and_normal_and_have_names() -> None:
    drawn = uniforms(1, "a", SOME)
    assert drawn.mean() == pytest.approx(0.5, abs=0.005)
    assert drawn.var() == pytest.approx(1 / 12, abs=0.002)
    normal = normals(1, "a", SOME)
    assert normal.mean() == pytest.approx(0.0, abs=0.02)
    assert normal.std() == pytest.approx(1.0, abs=0.02)
    for other in (uniforms(2, "a", SOME), uniforms(1, "b", SOME), uniforms(1, "a", SOME, 1)):
        assert abs(np.corrcoef(drawn, other)[0, 1]) < 0.02
    assert np.array_equal(uniforms(1, "a", SOME[500:600]), drawn[500:600])
