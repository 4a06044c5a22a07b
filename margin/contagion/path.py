"""The exogenous path: one price of every instrument at every step; a market that is shut takes no orders.

What else comes from outside is with it: margins that an exchange sets by notice, and not because of this run.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from margin.contagion.draws import Floats, Whole
from margin.moving_rules import Steps


class PathError(ValueError):
    """A path that cannot be cut out of a scenario, or is none; the text says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """`units[t, a]` in µ$ a lot, the start at t = 0; `is_open[t, a]` whether the market takes orders; `announced` are
    (a, the steps of the exchange that sets its margin by notice).
    """

    times_s: NDArray[np.int64]
    units: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    announced: tuple[tuple[int, Steps], ...] = ()

    def __post_init__(self) -> None:
        if len(self.units) < 2 or self.units.shape != self.is_open.shape or len(self.times_s) != len(self.units):
            raise PathError("a path has a start and at least one step, and as many times as prices")
        if self.units.min() <= 0:
            raise PathError("a price is above zero")

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
        return Path(self.times_s[: step + 1], self.units[: step + 1], self.is_open[: step + 1], self.announced)

    def owed_bps(self, step: int) -> Whole:
        """What those exchanges ask at the start, and at a step, by instrument (of notional); 0 where there is none.

        A step that is announced and not yet in effect is not owed.
        """
        owed = np.zeros((2, self.units.shape[1]), np.int64)
        for which, steps in self.announced:
            owed[:, which] = [steps.rate_bps(int(at)) for at in self.times_s[[0, step]]]
        return owed

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
        parts = (self.times_s, self.units, self.is_open)
        steps = [
            (which, [(one.from_bps, one.to_bps, one.effective_at_s) for one in every.steps])
            for which, every in self.announced
        ]
        told = repr(steps).encode() if steps else b""
        return sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts) + told).hexdigest()
