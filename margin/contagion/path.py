"""The exogenous path: one price of every instrument at every step; a market that is shut takes no orders.

What else comes from outside is with it: margins that an exchange sets by notice, and not because of this run.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from margin.contagion.draws import Floats


class PathError(ValueError):
    """A path that cannot be cut out of a scenario, or is none; the text says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """`units[t, a]` in µ$ a lot, the start at t = 0; `is_open[t, a]` whether the market takes orders; `owed_bps[t, a]`
    what an exchange that announces its margins asks then, 0 where none does, and nothing where none does of any.
    """

    times_s: NDArray[np.int64]
    units: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    owed_bps: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if len(self.units) < 2 or self.units.shape != self.is_open.shape or len(self.times_s) != len(self.units):
            raise PathError("a path has a start and at least one step, and as many times as prices")
        if self.units.min() <= 0:
            raise PathError("a price is above zero")
        if self.owed_bps is not None and self.owed_bps.shape != self.units.shape:
            raise PathError("there are as many announced margins as prices")

    def __deepcopy__(self, _memo: object) -> "Path":
        return self  # nothing of it ever changes

    @property
    def step_s(self) -> int:
        return int(self.times_s[1] - self.times_s[0])

    def returns(self, step: int) -> Floats:
        """Log returns from the step before."""
        return np.asarray(np.log(self.units[step] / self.units[step - 1]))

    def until(self, step: int) -> "Path":
        """Its beginning, up to a step."""
        owed = None if self.owed_bps is None else self.owed_bps[: step + 1]
        return Path(self.times_s[: step + 1], self.units[: step + 1], self.is_open[: step + 1], owed)

    def announced(self, step: int) -> NDArray[np.int64] | None:
        """What is owed at the start, and at a step, by instrument (basis points of notional)."""
        return None if self.owed_bps is None else self.owed_bps[[0, step]]

    def flipped(self) -> "Path":
        """The same moves the other way round."""
        start = self.units[0].astype(np.float64)
        return replace(self, units=np.maximum(np.rint(start * start / self.units), 1).astype(np.int64))

    def scaled(self, factor: float) -> "Path":
        """The same moves, each log return times `factor`; the path itself where that is 1."""
        if factor == 1.0:
            return self
        start = self.units[0].astype(np.float64)
        moved = np.rint(start * (self.units / start) ** factor)
        return replace(self, units=np.maximum(moved, 1).astype(np.int64))

    def digest(self) -> str:
        parts = [self.times_s, self.units, self.is_open, *([] if self.owed_bps is None else [self.owed_bps])]
        return sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()
