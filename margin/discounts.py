"""What the portfolio models scale by: factors on the loss, interest, static discounts (specs/derive_margin.md §5)."""

from typing import NamedTuple

from margin.black76 import years
from margin.fixed import ONE, Fixed, positive
from margin.functions import exp
from margin.marks import Expiry
from margin.portfolio_parameters import CollateralPortfolio, MarginFactors, PlainPortfolio


def factors(parameters: PlainPortfolio | CollateralPortfolio, stable_price: Fixed) -> tuple[Fixed, Fixed]:
    """On the worst loss, for initial margin (more where the stablecoin has fallen) and for maintenance."""
    numbers, margin = parameters.other_contingency, _general(parameters)
    fallen = positive(numbers.peg_loss_threshold - stable_price)
    return margin.im_factor + fallen * numbers.peg_loss_factor, margin.mm_factor


class Discounts(NamedTuple):
    """Of an expiry: by interest, inside Black-76; and static ones on its value, when long and when short."""

    interest: Fixed
    long: Fixed
    short: Fixed


def discounts(parameters: PlainPortfolio | CollateralPortfolio, expiry: Expiry) -> Discounts:
    time, rate, numbers = years(expiry.seconds), expiry.floored_rate, _general(parameters)
    interest = ONE if isinstance(parameters, PlainPortfolio) else exp(-rate * time)
    long_rate = rate * numbers.long_rate_mult_scale + numbers.long_rate_add_scale
    short_rate = rate * numbers.short_rate_mult_scale + numbers.short_rate_add_scale
    return Discounts(
        interest,
        numbers.long_base_static_discount * exp(-time * long_rate),
        min(ONE / interest, numbers.short_base_static_discount * exp(time * short_rate)),
    )


def _general(parameters: PlainPortfolio | CollateralPortfolio) -> MarginFactors:
    return parameters.margin.general() if isinstance(parameters, PlainPortfolio) else parameters.margin
