"""A finer step and more accounts: figures settle, and what chance makes of them falls as it must."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, run
from margin.contagion.laws import draw_population, lot_units_of
from margin.contagion.path import Path
from margin.contagion.population import Population
from margin.contagion.regimes import regime_of

FALL_S = 4 * 3600
SEEDS = 8
THIN = {"market.depth_multiple": 0.5}
"""So that impact is seen in the figures: a fall goes a percent further."""


def smooth(a: Assumptions, step_s: int) -> Path:
    """A fall by a fifth within four hours, half of it made good in the next two: the same curve at any step."""
    times = np.arange(0, FALL_S * 3 // 2 + 1, step_s, dtype=np.int64)
    down = np.minimum(times / FALL_S, 1.0)
    up = np.maximum(times / FALL_S - 1.0, 0.0) * 2.0
    logs = np.log(0.8) * (1.0 - np.cos(np.pi * down)) / 2.0 - np.log(0.8) / 2.0 * (1.0 - np.cos(np.pi * up)) / 2.0
    units = np.rint(lot_units_of(a) * np.exp(logs)[:, None]).astype(np.int64)
    return Path(times, units, np.ones(units.shape, bool))


def settled(a: Assumptions, people: Population, step_s: int) -> tuple[float, float]:
    """Part of accounts that is liquidated, and the lowest price over the first, with impact alone."""
    tally = run(Inputs(a, people, smooth(a, step_s), regime_of("pooled_instant"), Channels.IMPACT, 1)).tally
    return float(tally.liquidated.mean()), float(tally.price_units[:, 0].min() / tally.price_units[0, 0])


def test_halving_the_step_halves_what_is_left_to_change(assumptions: Assumptions) -> None:
    """In the mean of eight crowds: in one of them a single large account, closed a step later, is seen."""
    thin = assumptions.changed(THIN)
    crowds = [draw_population(assumptions, seed, 2_500) for seed in range(1, SEEDS + 1)]
    made = [np.mean([settled(thin, one, step_s) for one in crowds], axis=0) for step_s in (240, 120, 60, 30, 15)]
    closed, low = np.abs(np.diff(made, axis=0)).T
    assert (closed[1:] < 0.75 * closed[:-1]).all()
    assert closed[-1] < 0.25 * closed[0]
    assert low[-1] < 1e-4
    assert low[:2].sum() > low[2:].sum()


def shares(a: Assumptions, path: Path, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Part of accounts that is liquidated, by seed."""
    return np.array([
        run(Inputs(a, draw_population(a, seed, count), path, regime_of("pooled_instant"), Channels.NONE, 1))
        .tally.liquidated.mean() for seed in range(1, SEEDS + 1)
    ])  # fmt: skip


def test_with_more_accounts_of_the_same_law_the_spread_falls_with_the_root(assumptions: Assumptions) -> None:
    """Sixteen times as many: a quarter of the spread, as eight seeds can tell it, around the same share."""
    path = smooth(assumptions, 240)
    few, many = shares(assumptions, path, 2_500), shares(assumptions, path, 40_000)
    assert 2.0 < few.std(ddof=1) / many.std(ddof=1) < 8.0
    binomial = np.sqrt(many.mean() * (1.0 - many.mean()))
    assert few.std(ddof=1) == pytest.approx(binomial / 50, rel=0.7)
    assert few.mean() == pytest.approx(many.mean(), abs=3.0 * binomial / np.sqrt(2_500 * SEEDS))


def test_where_nothing_falls_nothing_is_to_converge(assumptions: Assumptions, people: Population) -> None:
    flat = smooth(assumptions, 240)
    still = replace(flat, units=np.tile(flat.units[0], (len(flat.units), 1)))
    made = run(Inputs(assumptions, people, still, regime_of("pooled_instant"), Channels.ALL, 1))
    assert made.tally.liquidated.mean() < 0.01
