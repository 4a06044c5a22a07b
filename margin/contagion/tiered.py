"""Maintenance in tiers of notional: every part of it at its own tier's rate, in whole µ$ and parts per million.

M(N) = ⌈N r₀⌉ + Σ ⌈(N − above_k)⁺ (r_k − r_{k−1})⌉ is continuous, rising and convex; but for the roundings, which are
all up, it is what exchanges write as N · MMR(N) − amount(N) (specs/contagion.md §7; `margin.tiers` has that form).
"""

from itertools import pairwise

from margin.estimates import BPS
from margin.scenarios.prices import parse_scaled

_WHOLE_PPM = 1_000_000
PPM_A_BP = _WHOLE_PPM // BPS
EXPECTED = 'pairs like ["50000", 50]: a notional in $ in quotes, and the bp of what is above it, both rising'

Tiers = tuple[tuple[int, int], ...]
"""(notional in µ$, rate in parts per million of what is above it), both rising, beginning above the lowest tier's."""


class TierError(ValueError):
    """Tiers that are none; `found` is the first pair that is wrong, or what stands in place of them all."""

    def __init__(self, found: object) -> None:
        super().__init__(f"expected {EXPECTED}, found {found!r}")
        self.found = found


def tiers_in(value: object, lowest_ppm: int) -> Tiers:
    """From a file's [["50000", 50], …], above a lowest tier of this rate. Raises TierError."""
    if not isinstance(value, list) or not value:
        raise TierError(value)
    tiers = [(0, lowest_ppm), *map(_tier, value)]
    for number, (low, high) in enumerate(pairwise(tiers)):
        if high[0] <= low[0] or high[1] <= low[1]:
            raise TierError(value[number])
    return tuple(tiers[1:])


def _tier(pair: object) -> tuple[int, int]:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str) or type(pair[1]) is not int:
        raise TierError(pair)
    above_units = parse_scaled(pair[0], 6)
    if above_units is None or not 0 < above_units < 1 << 62 or not 0 < pair[1] <= BPS:
        raise TierError(pair)
    return above_units, pair[1] * PPM_A_BP


def needed_units(notional_units: int, lowest_ppm: int, tiers: Tiers) -> int:
    """Maintenance margin of a notional ≥ 0, µ$, each tier's part rounded up."""
    steps = pairwise([(0, 0), (0, lowest_ppm), *tiers])
    return sum(-(-max(notional_units - above, 0) * (rate - below) // _WHOLE_PPM) for (_, below), (above, rate) in steps)
