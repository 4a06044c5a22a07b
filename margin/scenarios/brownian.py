"""The price between two stated prices: a seeded Brownian bridge in the log price that hits every figure exactly.

A bridge from a to b over n steps is a + (b − a)·m/n + σ·(W_m − W_n·m/n). σ is the bar's own where a bar states a
range (Parkinson 1980: ln(high/low) / (2·√ln 2)) and the asset's daily volatility elsewhere. A value beyond a stated
low or high is folded back at it.

These are floats and estimates; each leaves through `margin.estimates` as a whole number of ticks, and the stated
prices themselves never were floats.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from margin.estimates import price_from_e6, ratio_from_bps, to_price_e6
from margin.scenarios.hours import DAY_S
from margin.scenarios.prices import Bar, PricedAsset

_PARKINSON = 2.0 * math.sqrt(math.log(2.0))


@dataclass(frozen=True, slots=True)
class Band:
    """Lowest and highest price (1e-6 dollars) a path may show."""

    low_e6: int
    high_e6: int


def bar_sigma(asset: PricedAsset, bar: Bar, open_e6: int) -> float:
    """Return the standard deviation of the log price over the bar; the asset's own where the bar states no range."""
    stated = [price for price in (open_e6, bar.high_e6, bar.low_e6, bar.close_e6) if price is not None]
    if bar.high_e6 is not None or bar.low_e6 is not None or max(stated) > min(stated):
        return math.log(max(stated) / min(stated)) / _PARKINSON
    return ratio_from_bps(asset.daily_vol_bps) * math.sqrt((bar.end_s - bar.start_s) / DAY_S)


def bar_band(bar: Bar, open_e6: int, sigma: float) -> Band:
    """Return the stated low and high; an end that is not stated lies one σ of the bar beyond open and close.

    One σ is a cap against nonsense, not a figure: the path may come near it and need not.
    """
    slack = math.exp(sigma)
    low_e6 = int(min(open_e6, bar.close_e6) / slack) if bar.low_e6 is None else bar.low_e6
    high_e6 = int(max(open_e6, bar.close_e6) * slack) if bar.high_e6 is None else bar.high_e6
    return Band(low_e6, high_e6)


def bridged(
    anchors: dict[int, int], shocks: Sequence[float], *, step_sigma: float, band: Band, tick_e6: int
) -> list[int]:
    """Return one price (1e-6 dollars) per shock.

    `anchors` are prices by step in order, the first step 0 and the last that of the last shock; they are hit
    exactly. `shocks` are draws of unit variance, one per step; that of an anchor's own step moves the walk to it.
    """
    path = [anchors[0]]
    for (here, from_e6), (there, to_e6) in pairwise(anchors.items()):
        steps = there - here
        walk = _walk(shocks[here + 1 : there + 1])
        log_from, log_to = math.log(price_from_e6(from_e6)), math.log(price_from_e6(to_e6))
        for step in range(1, steps):
            share = step / steps
            noise = step_sigma * (walk[step - 1] - share * walk[-1])
            log_price = _folded(log_from + (log_to - log_from) * share + noise, band)
            price_e6 = to_price_e6(math.exp(log_price), tick_e6)
            # Rounding to the tick may step over a bound that the float respected.
            path.append(min(max(price_e6, band.low_e6), band.high_e6))
        path.append(to_e6)
    return path


def _walk(shocks: Sequence[float]) -> list[float]:
    position = 0.0
    walk = []
    for shock in shocks:
        position += shock
        walk.append(position)
    return walk


def _folded(log_price: float, band: Band) -> float:
    """Reflect a log price once at the bound it crossed; what is still outside is clipped by the caller."""
    low, high = math.log(price_from_e6(band.low_e6)), math.log(price_from_e6(band.high_e6))
    if log_price < low:
        return 2.0 * low - log_price
    if log_price > high:
        return 2.0 * high - log_price
    return log_price
