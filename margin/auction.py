"""Derive's Dutch auction of an account below maintenance margin (specs/derive_margin.md §9): the arithmetic.

A bidder takes a share of everything the account holds, at a discount that grows with time; the cash that earlier
bidders paid is kept apart. An account worth less than nothing is sold the other way round: bidders are paid.
"""

from dataclasses import dataclass

from margin.fixed import ONE, ZERO, Fixed
from margin.result import Margin


@dataclass(frozen=True, slots=True)
class AuctionParameters:
    """Shares as fractions, lengths in seconds; `mtm_cutoff` in USD."""

    starting_mtm_percentage: Fixed
    fast_auction_cutoff_percentage: Fixed
    fast_auction_length_sec: int
    slow_auction_length_sec: int
    insolvent_auction_length_sec: int
    liquidator_fee_rate: Fixed
    buffer_margin_percentage: Fixed
    mtm_cutoff: Fixed

    def discount(self, elapsed_s: int) -> Fixed:
        """The share of mark-to-market that a bidder pays: falling fast, then slowly, then nothing."""
        start, cutoff = self.starting_mtm_percentage, self.fast_auction_cutoff_percentage
        if elapsed_s < self.fast_auction_length_sec:
            return start - (start - cutoff) * elapsed_s / self.fast_auction_length_sec
        slow_s = elapsed_s - self.fast_auction_length_sec
        if slow_s < self.slow_auction_length_sec:
            return cutoff * (1 - Fixed.of(slow_s) / self.slow_auction_length_sec)
        return ZERO

    def buffer_margin(self, margin: Margin) -> Fixed:
        """Maintenance margin and a share of the requirement more: what has to be restored."""
        return margin.maintenance + self.buffer_margin_percentage * (margin.maintenance - margin.mark_to_market)

    def largest_share(self, margin: Margin, discount: Fixed, reserved: Fixed = ZERO) -> Fixed:
        """The most that may be sold: the share that lifts the buffer margin to zero (f_max). 0 when it is there."""
        if margin.mark_to_market < self.mtm_cutoff:
            return ONE
        buffer = min(self.buffer_margin(margin), ZERO)
        if not buffer:
            return ZERO
        return buffer / (buffer - margin.mark_to_market * discount - reserved * (1 - discount))

    def fee(self, margin: Margin) -> Fixed:
        """What the account pays the security module once, when a solvent auction starts."""
        return self.liquidator_fee_rate * margin.mark_to_market * self.largest_share(margin, ONE)


@dataclass(frozen=True, slots=True)
class Bid:
    """A share of the account, and the cash that the bidder pays for it; below zero the bidder is paid."""

    share: Fixed
    cash: Fixed
    ends_auction: bool


def solvent_bid(
    parameters: AuctionParameters, margin: Margin, wanted: Fixed, elapsed_s: int, reserved: Fixed
) -> Bid | None:
    """What a bid for a share in (0, 1] gets; None where there is nothing to sell at a price.

    `margin` is that of the stored scenario, `reserved` what earlier bidders of this auction have paid.
    """
    discount = parameters.discount(elapsed_s)
    most = parameters.largest_share(margin, discount, reserved)
    share = min(wanted, most)
    price = (margin.mark_to_market - reserved) * discount * share
    if price <= 0 or reserved > margin.mark_to_market:
        return None
    return Bid(share, price, wanted >= most)


def cash_to_hold(parameters: AuctionParameters, margin: Margin, bid: Bid, reserved: Fixed) -> Fixed:
    """What a bidder must hold, and nothing but cash."""
    return bid.cash + abs(parameters.buffer_margin(margin) - reserved) * bid.share


def cash_after(cash: Fixed, bid: Bid, reserved: Fixed) -> Fixed:
    """The account's cash once a solvent bid has taken its share of what is not reserved, and paid."""
    return cash - (cash - reserved) * bid.share + bid.cash


def insolvent_bid(parameters: AuctionParameters, margin: Margin, share: Fixed, elapsed_s: int) -> Bid:
    """What a bidder is paid for taking a share of an account that is worth less than nothing."""
    if margin.maintenance >= 0:
        return Bid(share, ZERO, True)
    worth = min(margin.mark_to_market, ZERO)
    passed = min(Fixed.of(elapsed_s) / parameters.insolvent_auction_length_sec, ONE)
    return Bid(share, (worth + (margin.maintenance - worth) * passed) * share, share == 1)
