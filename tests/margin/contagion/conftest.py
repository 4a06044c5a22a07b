"""A small population on the crash day, and runs over it."""

import calendar

import numba
import pytest

from margin.contagion.assumption_file import packaged
from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs
from margin.contagion.laws import draw_population
from margin.contagion.path import Path
from margin.contagion.population import Population
from margin.contagion.regimes import regime_of
from margin.contagion.scenario_path import cut
from margin.scenarios.scenario import packaged as scenario

CRASH_S = calendar.timegm((2026, 2, 5, 12, 0, 0))
QUIET_S = calendar.timegm((2026, 1, 24, 0, 0, 0))


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Several test processes share the cores: threads that wait for each other would take most of the time."""
    numba.set_num_threads(1)


@pytest.fixture(scope="session")
def assumptions() -> Assumptions:
    return packaged()


@pytest.fixture(scope="session")
def crash(assumptions: Assumptions) -> Path:
    """From noon of 5 February over the low, fourteen hours."""
    return cut(scenario("feb_2026"), assumptions, 1, start_s=CRASH_S, steps=840)


@pytest.fixture(scope="session")
def quiet(assumptions: Assumptions) -> Path:
    """24 January, on which nothing happened."""
    return cut(scenario("feb_2026"), assumptions, 1, start_s=QUIET_S, steps=720)


@pytest.fixture(scope="session")
def people(assumptions: Assumptions) -> Population:
    return draw_population(assumptions, 1, 5_000)


@pytest.fixture
def inputs(assumptions: Assumptions, people: Population, crash: Path) -> Inputs:
    """The usual exchange on the crash day, everything on."""
    return Inputs(assumptions, people, crash, regime_of("pooled_instant"), Channels.ALL, 1)
