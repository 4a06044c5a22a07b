"""What options become when they expire: cash, at the average of spot (specs/derive_margin.md §12)."""

from dataclasses import replace

from margin.fixed import Fixed, total
from margin.positions import Holdings, Option


def settlement_value(option: Option, price: Fixed) -> Fixed:
    """What a position pays at a settlement price, in USD; below zero it is owed."""
    return option.amount * option.payoff(price)


def settled(held: Holdings, price: Fixed) -> tuple[Holdings, Fixed]:
    """The holdings without the options that have expired, and the cash that is booked for them as a settlement.

    `price` is that of `SaidForward.settlement_price`; `Cash.settled` books what is answered.
    """
    expired = [option for option in held.options if not option.seconds]
    live = tuple(option for option in held.options if option.seconds)
    return replace(held, options=live), total([settlement_value(option, price) for option in expired])
