"""The engine's own step on a population for which mean-field theory is exact: a million longs, thresholds even.

N accounts hold one lot each and are closed at falls spread evenly over a range, so that liquidation notional per unit
of log return is D. After a shock s the step ends where x = s + G(D x). What is sold is worth up to a factor of e^{-x}
less than at the start, which is the only thing that theory leaves out; it bounds the difference on one side.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumption_file import packaged
from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, begun, run
from margin.contagion.path import Path
from margin.contagion.population import Accounts, Clients, Kind, Population, Positions, closed
from margin.contagion.regimes import regime_of
from margin.contagion.reproduction import reproduction
from margin.contagion.theory.cascades import linear_fixed_point, square_root_fixed_point

COUNT = 1_000_000
LOT_UNITS = 100_000_000
RANGE = 0.02
"""Thresholds lie evenly between no fall and this one (log)."""
RATE_PPM = 1_000
DENSITY_USD = COUNT * LOT_UNITS / 1e6 / RANGE


@pytest.fixture(scope="module")
def longs() -> Population:
    """One lot each, and as much collateral as a fall of its own uses up but for maintenance margin."""
    falls = RANGE * (np.arange(COUNT) + 0.5) / COUNT
    closes_at = LOT_UNITS * np.exp(-falls)
    cash = np.ceil(LOT_UNITS - closes_at * (1.0 - RATE_PPM / 1e6)).astype(np.int64)
    nothing = np.zeros(COUNT, np.int64)
    clients = Clients(nothing.astype(np.int8) + Kind.RETAIL, nothing, np.zeros(COUNT), nothing.astype(np.int32),
                      np.zeros(COUNT), np.arange(COUNT))  # fmt: skip
    accounts = Accounts(np.arange(COUNT, dtype=np.int32), nothing.astype(np.int8), cash)
    positions = Positions(np.arange(COUNT + 1, dtype=np.int32), nothing.astype(np.int8), nothing + 1)
    return closed(("BTC",), np.array([LOT_UNITS]), 1, 1.0, clients, accounts, positions)


def world(**numbers: float) -> Assumptions:
    base = packaged()
    one = replace(
        base.instruments[0], lot_units=LOT_UNITS, maintenance_ppm=RATE_PPM, depth_usd=numbers.pop("depth", 1e12),
        volume_usd=numbers.pop("volume", 1e12), daily_volatility=0.045,
    )  # fmt: skip
    changes = {"market.permanent_share": 1.0} | {f"market.{name}": value for name, value in numbers.items()}
    return replace(base.changed(changes), instruments=(one,))


def fallen(population: Population, a: Assumptions, shock: float) -> float:
    """The log fall that one step ends in."""
    units = np.array([[LOT_UNITS], [round(LOT_UNITS * math.exp(-shock))]], np.int64)
    path = Path(np.array([0, 60]), units, np.ones((2, 1), bool))
    made = run(Inputs(a, population, path, regime_of("pooled_instant"), Channels.IMPACT, 1))
    return -math.log(made.prices.current[0] / LOT_UNITS)


@pytest.mark.parametrize("r0", [0.0, 0.3, 0.5, 0.8])
def test_linear_impact_ends_where_theory_does(longs: Population, r0: float) -> None:
    shock = 0.002
    depth = 0.01 * DENSITY_USD / r0 if r0 else 1e30
    found = fallen(longs, world(depth=depth), shock)
    expected = linear_fixed_point(shock, r0)
    least = shock / (1.0 - r0 * math.exp(-expected))
    assert least - 1e-7 <= found <= expected + 1e-7
    assert found / shock == pytest.approx(1.0 / (1.0 - r0), rel=0.05)


@pytest.mark.parametrize(("shock", "impact"), [(0.001, 0.001), (0.001, 0.003), (0.004, 0.002)])
def test_square_root_impact_ends_where_theory_does(longs: Population, shock: float, impact: float) -> None:
    """c² D = (Y σ)² D / V; here as the impact of selling all that is within one unit of return."""
    volume = (0.045**2) * DENSITY_USD / impact**2
    found = fallen(longs, world(volume=volume, impact_law=1.0), shock)
    expected = square_root_fixed_point(shock, impact, 1.0)
    least = square_root_fixed_point(shock, impact * math.exp(-expected / 2.0), 1.0)
    assert least - 1e-7 <= found <= expected + 1e-7
    assert found > shock * 1.01, "a control: somebody sold"


def test_a_dollar_sold_makes_what_theory_says_in_the_next_step(longs: Population) -> None:
    """R0 at once, R0² of that, and so on to the step's fixed point: R0 / (1 − R0)."""
    r0, shock = 0.5, 0.002
    units = np.round(LOT_UNITS * np.exp([[0.0], [-shock], [-shock]])).astype(np.int64)
    path = Path(np.array([0, 60, 120]), units, np.ones((3, 1), bool))
    a = world(depth=0.01 * DENSITY_USD / r0)
    made = begun(Inputs(a, longs, path, regime_of("pooled_instant"), Channels.IMPACT, 1))
    made.advance()
    found = reproduction(made)
    assert found.forced_usd == pytest.approx(DENSITY_USD * shock / (1.0 - r0), rel=0.02)
    assert found.ratio == pytest.approx(r0 / (1.0 - r0), rel=0.03)
    assert found.ratio_small == pytest.approx(found.ratio, rel=0.05), "linear"


def test_beyond_one_everybody_goes(longs: Population) -> None:
    found = fallen(longs, world(depth=0.01 * DENSITY_USD / 1.2), 0.001)
    assert found > RANGE
