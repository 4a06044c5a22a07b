"""What happened, as typed facts: each event says when, how much, who says so and how far to believe it.

Every kind but `news` has an effect on the day, and carries the numbers of that effect as exact ints.
"""

from dataclasses import dataclass
from typing import ClassVar

CONFIDENCES = {
    "P": "official or primary document",
    "C": "computed for this project from hourly bars",
    "S": "secondary press",
    "W": "weak: automatic text, repost, unverifiable",
    "A": "assumption",
}
EXCHANGES = ("CME", "LME")
"""Whose steps and openings an event can be."""


@dataclass(frozen=True, slots=True)
class Event:
    """What every event states. `confidence` judges the figure, `time_confidence` the instant it is placed at."""

    at_s: int  # seconds since 1970-01-01 UTC, on the scenario's grid
    title: str
    text: str
    figure: str
    source: str
    confidence: str  # a key of CONFIDENCES
    time_confidence: str  # the same; where the TOML is silent, equal to `confidence`


@dataclass(frozen=True, slots=True)
class News(Event):
    """Something the story tells and nothing reacts to by itself."""

    kind: ClassVar[str] = "news"


@dataclass(frozen=True, slots=True)
class RatesMoved(Event):
    """A government bond market and its currency moved: what carry positions are funded in."""

    kind: ClassVar[str] = "rates"
    market: str
    yield_change_bps_e3: int  # thousandths of a basis point; 19.5 bp is 19_500
    yen_change_bps_e3: int  # value of the yen in dollars; below zero means that the yen weakened


@dataclass(frozen=True, slots=True)
class MarginStepped(Event):
    """An exchange changes the margin it asks: announced at `at_s`, owed from `effective_at_s`.

    `effective_at_s` may lie beyond the scenario's end: such a step is known in the window and never bites in it.
    """

    kind: ClassVar[str] = "margin_step"
    exchange: str
    asset: str
    from_bps: int  # of notional
    to_bps: int
    effective_at_s: int


@dataclass(frozen=True, slots=True)
class OpeningDelayed(Event):
    """An exchange opens `delay_s` seconds after the scheduled `opens_at_s`; until then it sets no price."""

    kind: ClassVar[str] = "opening_delay"
    exchange: str
    opens_at_s: int
    delay_s: int


@dataclass(frozen=True, slots=True)
class DepthChanged(Event):
    """From `at_s` on the order books hold `depth_bps` of their ordinary depth (10,000), until the next such event."""

    kind: ClassVar[str] = "depth"
    depth_bps: int


@dataclass(frozen=True, slots=True)
class SharesMoved(Event):
    """News that moves an equity book elsewhere; the size of the move is in the price points of `asset`."""

    kind: ClassVar[str] = "shares"
    asset: str


AnyEvent = News | RatesMoved | MarginStepped | OpeningDelayed | DepthChanged | SharesMoved
