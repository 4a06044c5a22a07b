"""What a Dutch auction of an account would offer as time passes, if no mark moved and nobody had bid before.

The arithmetic is `margin.auction`'s (specs/derive_margin.md §9); this is its table, for people and for bidders.
"""

from dataclasses import dataclass

from margin.auction import AuctionParameters, insolvent_bid
from margin.fixed import ONE, ZERO, Fixed
from margin.result import Margin

_PARTS = 4
"""Prices are shown at both ends of a phase, and at its quarters."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bidder could have `elapsed_s` after the start.

    `share` of the account for `cash` USD, which he pays; below zero he is paid. `discount` is the share of
    mark-to-market that is asked; None in an insolvent auction.
    """

    elapsed_s: int
    discount: Fixed | None
    share: Fixed
    cash: Fixed


@dataclass(frozen=True, slots=True)
class Schedule:
    """`fee` USD goes to the security module at the start, where the account is solvent."""

    is_solvent: bool
    fee: Fixed
    offers: tuple[Offer, ...]


def schedule(parameters: AuctionParameters, margin: Margin) -> Schedule | None:
    """The offers to an account with this margin when its auction starts; None where maintenance margin is met."""
    if margin.maintenance >= 0:
        return None
    if margin.mark_to_market <= 0:
        ends = _quarters(0, parameters.insolvent_auction_length_sec)
        bids = ((at, insolvent_bid(parameters, margin, ONE, at)) for at in ends)
        return Schedule(False, ZERO, tuple(Offer(at, None, bid.share, bid.cash) for at, bid in bids))
    fee = parameters.fee(margin)
    left = Margin(margin.initial - fee, margin.maintenance - fee, margin.mark_to_market - fee)
    fast, slow = parameters.fast_auction_length_sec, parameters.slow_auction_length_sec
    moments = sorted({*_quarters(0, fast), *_quarters(fast, slow)})
    # At a price of zero a bid is refused.
    offers = (_offer(parameters, left, at) for at in moments)
    return Schedule(True, fee, tuple(one for one in offers if one.cash > 0))


def _offer(parameters: AuctionParameters, margin: Margin, elapsed_s: int) -> Offer:
    discount = parameters.discount(elapsed_s)
    share = parameters.largest_share(margin, discount)
    return Offer(elapsed_s, discount, share, margin.mark_to_market * discount * share)


def _quarters(from_s: int, length_s: int) -> list[int]:
    return sorted({from_s + length_s * part // _PARTS for part in range(_PARTS + 1)})
