"""What oracles said, and whether it may still be used (specs/derive_margin.md §3).

A value that is older than its feed allows is as good as none: an error names the feed, and nothing is computed with it.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from margin.fixed import ZERO, Fixed
from margin.marks import Mark, MissingMarkError, Surface, above_zero

WINDOW_S = 1_800
"""Options settle at the average of spot over this long before they expire."""
DAY_S = 86_400


class StaleFeedError(MissingMarkError):
    """A value that is too old. The text names feed, age and limit."""

    def __init__(self, feed: str, age_s: int, limit_s: int) -> None:
        super().__init__(f"{feed} is {age_s} s old, at most {limit_s} s are allowed")
        self.feed, self.age_s, self.limit_s = feed, age_s, limit_s


class ImplausibleFeedError(MissingMarkError):
    """A value that cannot be one: from the future, too far from another, of an expiry too far away."""


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How old values may be, in seconds, and how far away; the defaults are those of Derive's mainnet script.

    In the settlement window forwards are held to `settlement_s`. `impact_s` is for whoever updates funding.
    """

    spot_s: int = 180
    perp_s: int = 900
    impact_s: int = 1_200
    volatility_s: int = 1_200
    forward_s: int = 3_600
    settlement_s: int = 180
    stable_s: int = 3_600
    rate_s: int = 12 * 3_600
    perp_from_spot: Fixed = field(default_factory=lambda: Fixed.of("0.06"))
    farthest_expiry_s: int = 400 * DAY_S


MAINNET = FeedLimits()


@dataclass(frozen=True, slots=True)
class Said:
    """A value, the confidence in it from 0 to 1, and when it was observed."""

    value: Fixed
    confidence: Fixed
    observed_at_s: int


@dataclass(frozen=True, slots=True)
class SaidSurface:
    """Volatilities of one expiry."""

    surface: Surface
    confidence: Fixed
    observed_at_s: int


@dataclass(frozen=True, slots=True)
class SaidForward:
    """Forward less spot, and the time-integral of spot (USD·s) at the window's start and now; zeros before it."""

    difference: Fixed
    confidence: Fixed
    observed_at_s: int
    integral_start: Fixed = ZERO
    integral_now: Fixed = ZERO

    def parts(self, spot: Fixed, expires_at_s: int) -> tuple[Fixed, Fixed]:
        """The part that has gone into the average, and the part that moves with spot. By the time of the datum."""
        left_s = expires_at_s - self.observed_at_s
        if left_s >= WINDOW_S:
            return ZERO, spot + self.difference
        return self._averaged(), (spot + self.difference) * left_s / WINDOW_S

    def settlement_price(self, expires_at_s: int) -> Fixed:
        """The average over the window. Raises MissingMarkError unless it was observed just at the expiry."""
        if self.observed_at_s != expires_at_s:
            raise MissingMarkError(
                f"no average at the expiry of {expires_at_s} s: the last is of {self.observed_at_s} s"
            )
        return above_zero(self._averaged(), f"the average at the expiry of {expires_at_s} s")

    def _averaged(self) -> Fixed:
        return (self.integral_now - self.integral_start) / WINDOW_S


AnySaid = TypeVar("AnySaid", Said, SaidSurface, SaidForward)


def fresh(feed: str, said: AnySaid | None, now_s: int, limit_s: int) -> AnySaid:
    """What was said, fresh enough and with a confidence that is one."""
    if said is None:
        raise MissingMarkError(f"no value of {feed}")
    age_s = now_s - said.observed_at_s
    if age_s < 0:
        raise ImplausibleFeedError(f"{feed} was observed {-age_s} s from now")
    if age_s > limit_s:
        raise StaleFeedError(feed, age_s, limit_s)
    if not 0 <= said.confidence <= 1:
        raise ImplausibleFeedError(f"{feed} has a confidence of {said.confidence}")
    return said


def price(feed: str, said: Said | None, now_s: int, limit_s: int) -> Mark:
    """One price above zero that is fresh enough."""
    there = fresh(feed, said, now_s, limit_s)
    return Mark(above_zero(there.value, feed), there.confidence)
