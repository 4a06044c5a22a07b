"""The exogenous path: one price of every instrument at every step, from a scenario's stated bars and seeded bridges.

What no bar states follows what one does: OTHER moves as SOL does (an assumption). A market that is shut keeps its price
and takes no orders.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import Assumptions
from margin.contagion.draws import Floats
from margin.scenarios.bridge import build_paths
from margin.scenarios.hours import is_open
from margin.scenarios.scenario import Scenario

FOLLOWS = {"OTHER": "SOL"}


class PathError(ValueError):
    """A path that cannot be cut out of a scenario, or is none; the text says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """`units[t, a]` in µ$ a lot, the start at t = 0; `is_open[t, a]` whether the market takes orders."""

    times_s: NDArray[np.int64]
    units: NDArray[np.int64]
    is_open: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if len(self.units) < 2 or self.units.shape != self.is_open.shape or len(self.times_s) != len(self.units):
            raise PathError("a path has a start and at least one step, and as many times as prices")
        if self.units.min() <= 0:
            raise PathError("a price is above zero")

    @property
    def step_s(self) -> int:
        return int(self.times_s[1] - self.times_s[0])

    def returns(self, step: int) -> Floats:
        """Log returns from the step before."""
        return np.asarray(np.log(self.units[step] / self.units[step - 1]))

    def flipped(self) -> "Path":
        """The same moves the other way round."""
        start = self.units[0].astype(np.float64)
        return replace(self, units=np.maximum(np.rint(start * start / self.units), 1).astype(np.int64))

    def digest(self) -> str:
        parts = (self.times_s, self.units, self.is_open)
        return sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def cut(scenario: Scenario, a: Assumptions, seed: int, *, start_s: int, steps: int, step_s: int = 60) -> Path:
    """`steps` steps from a time on. Raises PathError where the scenario does not cover them or lacks an asset."""
    if not scenario.start_s <= start_s < start_s + steps * step_s < scenario.end_s:
        raise PathError(f"{scenario.name} does not cover {steps} steps of {step_s} s from {start_s}")
    drawn = build_paths(replace(scenario, step_s=step_s), seed)
    first = (start_s - scenario.start_s) // step_s
    times = np.array(drawn.times_s[first : first + steps + 1], np.int64)
    columns, flags = [], []
    for one in a.instruments:
        source = FOLLOWS.get(one.symbol, one.symbol)
        if source not in drawn.prices_e6:
            raise PathError(f"{scenario.name} has no prices of {source}, which {one.symbol} follows")
        prices = np.array(drawn.prices_e6[source][first : first + steps + 1], np.float64)
        columns.append(np.maximum(np.rint(one.lot_units * prices / prices[0]), 1).astype(np.int64))
        flags.append([is_open(one.hours, int(at)) for at in times])
    return Path(times, np.column_stack(columns), np.array(flags, bool).T)
