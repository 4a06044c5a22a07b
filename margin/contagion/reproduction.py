"""R_t: how many dollars of forced sales the next step makes of one more dollar sold in this one, by trying it.

A run is taken at the end of a step, a little more is sold, and both go one step on: R_t = (L(Q + ε) − L(Q)) / ε, for ε
of 1% and of 0.1% of what was sold, which agree where the response is linear. A branching process fitted to the flow is
a cross-check from outside (specs/contagion.md §10).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from margin.contagion.draws import Floats
from margin.contagion.engine import Run

PARTS = (0.01, 0.001)


@dataclass(frozen=True, slots=True)
class Reproduction:
    """At one step: forced sales in it ($), and R by 1% and by 0.1% of them."""

    step: int
    forced_usd: float
    ratio: float
    ratio_small: float


def forked(run: Run) -> Run:
    """The same run, to be gone on with apart; its inputs are shared."""
    return copy.deepcopy(run)


def reproduction(run: Run) -> Reproduction:
    """R at the step that the run has just made; it goes on unchanged. Zeros where nothing was sold, or at the end."""
    forced = float(run.tally.flow_usd[run.step].sum())
    if forced == 0.0 or run.step >= len(run.inputs.path.units) - 1:
        return Reproduction(run.step, forced, 0.0, 0.0)
    plain = _next_forced(forked(run), 0.0)
    ratios = [(_next_forced(forked(run), part) - plain) / (part * forced) for part in PARTS]
    return Reproduction(run.step, forced, ratios[0], ratios[1])


def _next_forced(run: Run, part: float) -> float:
    """Forced sales in the next step if this one's flow had been larger by a part of it, in each market."""
    flow, depth = run.tally.flow_usd[run.step], run.tally.depth_usd[run.step]
    if part:
        run.press(-part * flow, depth)
    run.advance()
    return float(run.tally.flow_usd[run.step].sum())


def branching_ratio(flow: Floats | Sequence[float]) -> float:
    """Of a process in which each makes R more in the next step and others come from outside: L_{t+1} on L_t, its slope.

    0 where the flow does not vary.
    """
    flow = np.asarray(flow, np.float64)
    before, after = flow[:-1], flow[1:]
    spread = float(((before - before.mean()) ** 2).sum())
    return float(((before - before.mean()) * (after - after.mean())).sum() / spread) if spread else 0.0
