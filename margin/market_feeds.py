"""What oracles said of one underlying becomes what its margin is computed at (specs/derive_margin.md §3).

Only what an account needs is asked for, so a feed that it does not depend on may be silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from margin.feeds import (
    MAINNET,
    WINDOW_S,
    FeedLimits,
    ImplausibleFeedError,
    Said,
    SaidForward,
    SaidSurface,
    fresh,
    price,
)
from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Expiry, Mark, Market, MissingMarkError, above_zero


@dataclass(frozen=True, slots=True)
class ExpiryFeeds:
    """What was said of one expiry. Standard margin needs no rate."""

    forward: SaidForward
    volatility: SaidSurface
    rate: Said | None = None


@dataclass(frozen=True, slots=True)
class MarketFeeds:
    """What was said of one underlying; expiries by the time at which they expire."""

    name: str
    spot: Said | None
    perp: Said | None = None
    expiries: Mapping[int, ExpiryFeeds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Needs:
    """What an account's margin depends on beside spot."""

    perp: bool = False
    rates: bool = False
    expiries: tuple[int, ...] = ()


def market(feeds: MarketFeeds, needs: Needs, now_s: int, limits: FeedLimits = MAINNET) -> Market:
    """The marks of one underlying. Raises StaleFeedError, ImplausibleFeedError, MissingMarkError."""
    spot = price(f"{feeds.name} spot", feeds.spot, now_s, limits.spot_s)
    expiries: dict[int, Expiry] = {}
    for expires_at_s in sorted(set(needs.expiries)):
        one = _expiry(feeds, needs, expires_at_s, spot, now_s, limits)
        if one.seconds in expiries:
            raise ImplausibleFeedError(f"more than one expiry of {feeds.name} has passed: settle the first")
        expiries[one.seconds] = one
    return Market(spot, _perp(feeds, spot, now_s, limits) if needs.perp else Mark(ZERO, ZERO), expiries)


def _perp(feeds: MarketFeeds, spot: Mark, now_s: int, limits: FeedLimits) -> Mark:
    perp = price(f"{feeds.name} perp", feeds.perp, now_s, limits.perp_s)
    if abs(perp.price - spot.price) > limits.perp_from_spot * spot.price:
        raise ImplausibleFeedError(
            f"{feeds.name} perp at {perp.price} is more than {limits.perp_from_spot} away from spot at {spot.price}"
        )
    return perp


def _expiry(feeds: MarketFeeds, needs: Needs, expires_at_s: int, spot: Mark, now_s: int, limits: FeedLimits) -> Expiry:
    name, left_s = f"{feeds.name} {expires_at_s}", expires_at_s - now_s
    if left_s > limits.farthest_expiry_s:
        raise ImplausibleFeedError(f"{name} expires in {left_s} s, at most {limits.farthest_expiry_s} s are allowed")
    if expires_at_s not in feeds.expiries:
        raise MissingMarkError(f"no forward of {name}")
    said = feeds.expiries[expires_at_s]
    fixed, variable = _forward(name, said.forward, expires_at_s, spot.price, now_s, limits)
    volatility = fresh(f"{name} volatility", said.volatility, now_s, limits.volatility_s)
    rate = fresh(f"{name} rate", said.rate, now_s, limits.rate_s) if needs.rates else Said(ZERO, ONE, now_s)
    return Expiry(
        seconds=max(0, left_s),
        forward_variable=variable,
        surface=volatility.surface,
        forward_fixed=fixed,
        rate=rate.value,
        forward_confidence=min(said.forward.confidence, spot.confidence),
        rate_confidence=rate.confidence,
        volatility_confidence=volatility.confidence,
    )


def _forward(
    name: str, said: SaidForward, expires_at_s: int, spot: Fixed, now_s: int, limits: FeedLimits
) -> tuple[Fixed, Fixed]:
    if now_s >= expires_at_s:
        return said.settlement_price(expires_at_s), ZERO
    in_window = expires_at_s - now_s < WINDOW_S
    fresh(f"{name} forward", said, now_s, limits.settlement_s if in_window else limits.forward_s)
    fixed, variable = said.parts(spot, expires_at_s)
    above_zero(fixed + variable, f"the {name} forward")
    return fixed, variable
