"""How finely a step of the path is walked: whole in ordinary times, in parts of ten seconds after a burst.

A part has marks, depths and margins of its own and is brought to its own fixed point; between two prices of the path
their logarithm goes straight. What has a minute of its own (arrivals, settlement, failures) keeps it. A step in which
forced orders move a price by more than 20% is supercritical: it is told, and the run goes on with half the part
(specs/contagion.md §2, §16).
"""

from dataclasses import dataclass

import numpy as np

from margin.contagion.draws import Whole

SUPERCRITICAL = 0.2
"""A part in which forced orders move a price by more than this (log) is no longer a market."""
BURST_S = 10
FINEST_S = 5
"""Not halved beyond: prices of the path are by the minute, and venues mark by the second."""


@dataclass(slots=True)
class Pace:
    """`burst` is the log move of a price by forced orders within a step after which the next one is cut."""

    step_s: int
    burst: float
    _halvings: int = 0
    _most: float = 0.0

    def begin(self) -> int:
        """Into how many parts the step that begins now is cut."""
        parts = 1 << self._halvings
        if self._most > self.burst:
            parts = max(parts, self.step_s // BURST_S)
        self._most = 0.0
        return max(1, min(parts, self.step_s // FINEST_S))

    def moved(self, most: float) -> bool:
        """Forced orders moved a price by so much (log, without sign) in a part; whether that was supercritical."""
        self._most = max(self._most, most)
        is_supercritical = most > SUPERCRITICAL
        if is_supercritical and self.step_s >> self._halvings > FINEST_S:
            self._halvings += 1
        return is_supercritical


def between(before: Whole, after: Whole, part: int, parts: int) -> Whole:
    """Prices of the path at the end of a part of a step, µ$ a lot; at the end of the last exactly those of the path."""
    if part == parts:
        return after
    passed = np.log(after / before) * (part / parts)
    return np.asarray(np.maximum(np.rint(before * np.exp(passed)), 1).astype(np.int64))
