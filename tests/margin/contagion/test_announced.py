"""Margins that an exchange announces: nothing is owed before a step takes effect, and all of it is from then on."""

import calendar
from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, begun, run
from margin.contagion.path import Path
from margin.contagion.population import Population
from margin.contagion.pressure import Pressure
from margin.contagion.record import digest_of
from margin.contagion.regimes import regime_of
from margin.contagion.scenario_path import cut
from margin.scenarios.scenario import Scenario
from margin.scenarios.scenario import packaged as scenario

SILVER = 4
EFFECT_S = calendar.timegm((2026, 2, 2, 22, 0, 0))
"""15% instead of 11%, announced on Friday, 22:30."""
LAST_S = calendar.timegm((2026, 2, 6, 22, 0, 0))
"""18% instead of 15%, announced the evening before; the scenario's prices end two hours earlier."""
CRASH_S = calendar.timegm((2026, 2, 5, 0, 20, 0))


@pytest.fixture(scope="module")
def february() -> Scenario:
    return scenario("feb_2026")


def window(scenario: Scenario, a: Assumptions, start_s: int, steps: int) -> Path:
    return cut(scenario, a, 1, start_s=start_s, steps=steps)


def rates(inputs: Inputs) -> list[list[int]]:
    """The lowest tier's rates of every step, the start's first; at every venue the same."""
    made = begun(inputs)
    found = [made.prices.rate_ppm[0].tolist()]
    for _ in range(len(inputs.path.units) - 1):
        made.advance()
        assert (made.prices.rate_ppm == made.prices.rate_ppm[0]).all()
        found.append(made.prices.rate_ppm[0].tolist())
    return found


def test_a_step_is_owed_from_its_effect_and_not_from_its_notice(february: Scenario, inputs: Inputs) -> None:
    """15,000 ppm · 15 / 11, rounded up, in the very minute."""
    path = window(february, inputs.a, EFFECT_S - 600, 20)
    found = np.array(rates(replace(inputs, path=path)))
    assert found[:, SILVER].tolist() == [15_000] * 10 + [20_455] * 11


def test_from_the_scenarios_beginning_to_its_end(february: Scenario, assumptions: Assumptions) -> None:
    path = window(february, assumptions, february.start_s, 17 * 1_440)
    owed = [int(path.owed_bps(step)[1, SILVER]) for step in range(0, len(path.units), 30)]
    steps = [int(path.times_s[30 * at]) for at in range(1, len(owed)) if owed[at] != owed[at - 1]]
    assert list(dict.fromkeys(owed)) == [900, 1_100, 1_500]
    assert steps == [calendar.timegm((2026, 1, 28, 22, 0, 0)), EFFECT_S]
    assert path.owed_bps(len(path.units) - 1)[0].tolist() == [0, 0, 0, 0, 900]


def test_on_the_crash_day_the_last_step_is_known_and_not_owed(february: Scenario, inputs: Inputs) -> None:
    path = window(february, inputs.a, CRASH_S, 1_440)
    assert any(steps.known(int(at)) for _, steps in path.announced for at in path.times_s)
    assert {int(path.owed_bps(step)[1, SILVER]) for step in range(1_441)} == {1_500}


def test_a_window_that_begins_after_a_step_counts_from_there(february: Scenario, inputs: Inputs) -> None:
    path = window(february, inputs.a, CRASH_S, 4)
    path = replace(path, times_s=path.times_s - CRASH_S + LAST_S - 120)
    found = rates(replace(inputs, path=path))
    assert [one[SILVER] for one in found] == [15_000, 15_000, 18_000, 18_000, 18_000]


def test_with_the_channel_off_it_is_one_of_the_start(february: Scenario, inputs: Inputs) -> None:
    path = window(february, inputs.a, EFFECT_S - 120, 4)
    off = replace(inputs, path=path, channels=Channels.ALL & ~Channels.PROCYCLICALITY)
    assert {tuple(one) for one in rates(off)} == {tuple(one.maintenance_ppm for one in inputs.a.instruments)}


def test_every_tier_moves_with_the_step_and_none_is_more_than_all(assumptions: Assumptions) -> None:
    pressure = Pressure(assumptions, Channels.ALL, 60)
    first = np.array([[[4_000, 600_000]] * 5], np.int64)
    owed = np.array([[0, 0, 0, 900, 900], [0, 0, 0, 1_800, 901]], np.int64)
    found = pressure.rate_ppm(first, owed)
    assert found[0, 3:].tolist() == [[8_000, 1_000_000], [4_005, 600_667]]
    pressure.variance *= 9.0
    found = pressure.rate_ppm(first, owed)
    assert found[0, :3].tolist() == [[6_000, 900_000]] * 3
    assert found[0, 3:].tolist() == [[8_000, 1_000_000], [4_005, 600_667]]


def jumped(path: Path) -> Path:
    """Silver falls by 3% in the third minute."""
    units = path.units.copy()
    units[3:, SILVER] = units[3:, SILVER] * 97 // 100
    return replace(path, units=units)


def test_prices_of_a_users_own_move_margins_by_volatility(february: Scenario, inputs: Inputs) -> None:
    path = jumped(window(february, inputs.a, CRASH_S, 6))
    told, silent = (rates(replace(inputs, path=one)) for one in (path, replace(path, announced=())))
    assert {one[SILVER] for one in told} == {15_000}
    assert max(one[SILVER] for one in silent) > 15_000


def test_who_is_not_told_of_by_an_exchange_moves_by_volatility(february: Scenario, assumptions: Assumptions) -> None:
    silver = assumptions.instruments[SILVER]
    assert [one.announced_by for one in assumptions.instruments] == ["", "", "", "", "CME"]
    for other in ("", "LME"):
        a = replace(assumptions, instruments=(*assumptions.instruments[:SILVER], replace(silver, announced_by=other)))
        assert window(february, a, CRASH_S, 2).announced == ()
    dated = replace(february, events=tuple(one for one in february.events if one.kind != "margin_step"))
    assert window(dated, assumptions, CRASH_S, 2).announced == ()


def test_steps_are_part_of_what_a_run_depends_on(february: Scenario, inputs: Inputs) -> None:
    path = window(february, inputs.a, CRASH_S, 2)
    silent = replace(path, announced=())
    sooner = replace(path, announced=tuple((3, steps) for _, steps in path.announced))
    assert len({one.digest() for one in (path, silent, sooner)}) == 3
    assert len({digest_of(replace(inputs, path=one), "feb_2026") for one in (path, silent, sooner)}) == 3
    assert path.until(1).announced == path.scaled(0.5).announced == path.flipped().announced == path.announced


def in_silver(people: Population, lot_units: int) -> Population:
    """Whoever holds silver alone, and not outright, has 1.8% of it: more than 1.5%, and less than 15 / 11 of it."""
    first, positions = people.positions.first, people.positions
    alone = np.flatnonzero(np.diff(first) == 1)
    owner = alone[positions.instrument[first[alone]] == SILVER]
    worth = np.abs(positions.lots[first[owner]]) * lot_units
    cash = people.accounts.cash_units.copy()
    levered = cash[owner] < worth
    cash[owner[levered]] = worth[levered] * 18 // 1_000
    return replace(people, accounts=replace(people.accounts, cash_units=cash))


@pytest.mark.parametrize("name", ["pooled_instant", "segregated_netted"])
def test_it_closes_who_cannot_give_it_when_the_market_opens_again(
    february: Scenario, inputs: Inputs, people: Population, name: str
) -> None:
    """Monday 22:00 is the hour in which metals are shut: orders are taken from 23:00."""
    path = window(february, inputs.a, EFFECT_S - 600, 120)
    still = replace(path, units=np.tile(path.units[0], (len(path.units), 1)))
    thin = in_silver(people, inputs.a.instruments[SILVER].lot_units)
    asked = replace(inputs, path=still, population=thin, regime=regime_of(name))
    made, plain, silent = run(asked), run(asked, plain=True), run(replace(asked, path=replace(still, announced=())))
    assert np.array_equal(made.tally.liquidated, plain.tally.liquidated)
    assert made.tally.price_units.tobytes() == plain.tally.price_units.tobytes()
    forced = np.flatnonzero(made.tally.flow_usd[:, SILVER])
    assert forced.min() == 10 + 60
    assert made.tally.liquidated.sum() > silent.tally.liquidated.sum() + 10
    assert silent.tally.liquidated_usd[SILVER] == 0
