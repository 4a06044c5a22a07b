"""Randomness without memory: a draw depends on the seed, its purpose and its place, never on what was drawn before.

Only `Random.random()` is used, the one method whose sequence Python promises to keep between versions; `sum()` of
floats is avoided for the same reason (it rounds differently from 3.12 on).
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from random import Random

from margin.scenarios.hours import HOUR_S


def pick(seed: int, purpose: str, asset: str, place_s: int, options: Sequence[int]) -> int:
    """Return one of `options`, each as likely as the others."""
    draw = Random(f"{seed}/{purpose}/{asset}/{place_s}").random()
    return options[int(draw * len(options))]


def normals(seed: int, asset: str, times_s: Iterable[int]) -> tuple[float, ...]:
    """Return a standard normal draw for every instant, in order. The draws of an hour hang on that hour alone."""
    drawn: list[float] = []
    for hour, hour_times_s in groupby(times_s, key=lambda at_s: at_s // HOUR_S):
        source = Random(f"{seed}/normal/{asset}/{hour}")
        drawn += [_normal(source) for _ in hour_times_s]
    return tuple(drawn)


def _normal(source: Random) -> float:
    """Box and Muller 1958; 1 − random() lies in (0, 1], where the logarithm exists."""
    radius = math.sqrt(-2.0 * math.log(1.0 - source.random()))
    return radius * math.cos(2.0 * math.pi * source.random())
