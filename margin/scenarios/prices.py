"""Prices as they are stated: exact ints of 1e-6 dollars read from decimal text, with the source beside each.

A bar states some of open, high, low and close for an interval; a point states one price at one instant. What the
price did in between is not stated anywhere: `bridge` draws it.
"""

import re
from dataclasses import dataclass
from typing import Literal

from margin.estimates import PRICE_SCALE
from margin.scenarios.hours import Calendar

_MOST_PRICE_E6 = 10**18  # any sum of two prices still fits 64 bits
_DECIMAL = re.compile(r"(-?)(\d{1,18})(?:\.(\d+))?", re.ASCII)

Extreme = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class PricedAsset:
    """Something with a price. `tick_e6` is the smallest price step; an index counts points instead of dollars.

    `correlation_to_btc_bps` ties its draws to bitcoin's; `daily_vol_bps` is the standard deviation of the log price
    over one full session, used where no bar gives a range. `beta_to_btc_bps` is recorded, not used: the size of a
    bar's moves comes from the bar.
    """

    symbol: str
    title: str
    tick_e6: int
    hours: Calendar
    correlation_to_btc_bps: int
    beta_to_btc_bps: int | None
    daily_vol_bps: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Stated prices of [start_s, end_s), 1e-6 dollars. None means: not stated.

    A bar without an open goes on from the close of the bar before it. `low_at_s` is the instant of the low where
    that is known.
    """

    asset: str
    start_s: int
    end_s: int
    open_e6: int | None
    high_e6: int | None
    low_e6: int | None
    close_e6: int
    low_at_s: int | None
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Point:
    """One stated price, 1e-6 dollars, at one instant. `extreme` says that the asset never went beyond it."""

    asset: str
    at_s: int
    price_e6: int
    extreme: Extreme | None
    source: str
    confidence: str
    time_confidence: str


def parse_scaled(text: str, decimals: int) -> int | None:
    """Return the decimal number in `text` times ten to the `decimals`, exactly; None if it is no such number.

    No exponent, no sign but a minus, no spaces, no more decimals than asked for: "72.12", "-20", "60000.00".
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > decimals:
        return None
    scaled = int(whole + fraction.ljust(decimals, "0"))
    return -scaled if sign else scaled


def parse_price_e6(text: str) -> int | None:
    """Return the price in `text` (dollars) in units of 1e-6 dollars, exactly; None unless above zero and below 1e12."""
    price_e6 = parse_scaled(text, decimals=len(str(PRICE_SCALE)) - 1)
    return price_e6 if price_e6 is not None and 0 < price_e6 < _MOST_PRICE_E6 else None


def opens_e6(bars: tuple[Bar, ...]) -> tuple[int, ...]:
    """Return the price each of one asset's consecutive bars opens at: as stated, else the close before.

    The first bar must state its open (`consistency` sees to it); without one its own close stands in.
    """
    found = []
    before_e6 = bars[0].close_e6 if bars else 0
    for bar in bars:
        found.append(before_e6 if bar.open_e6 is None else bar.open_e6)
        before_e6 = bar.close_e6
    return tuple(found)


def steps_needed(bar: Bar, open_e6: int) -> int:
    """Return how many grid steps the bar must have so that each of its stated prices has one."""
    ends = {open_e6, bar.close_e6}
    own_low = bar.low_e6 is not None and (bar.low_e6 not in ends or bar.low_at_s is not None)
    own_high = bar.high_e6 is not None and bar.high_e6 not in ends
    inside = int(own_low) + int(own_high)
    return inside + (2 if inside else len(ends))
