"""How option values move: the derivatives of Black's formula, for people; no rule of margin asks them.

In fixed point like the prices, so that they need no second formula for the edges. J. Hull, "Options, Futures, and Other
Derivatives", chapter on the Greek letters, for options on futures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from margin.black76 import TOTAL_VOLATILITY_CAP, black76, years
from margin.fixed import ONE, ZERO, Fixed, total
from margin.functions import exp, ln, root
from margin.marks import Expiry, Market
from margin.positions import Holdings, Option

_ROOT_OF_TWO_PI = Fixed.of("2.506628274631000502")


@dataclass(frozen=True, slots=True)
class Greeks:
    """USD by 1 USD of the price that moves (`delta`), the change of that (`gamma`), USD by 1.00 of volatility (`vega`).

    `theta`: USD by a day that passes with forward, volatility and discount as they are.
    """

    delta: Fixed = ZERO
    gamma: Fixed = ZERO
    vega: Fixed = ZERO
    theta: Fixed = ZERO

    def __add__(self, other: "Greeks") -> "Greeks":
        return Greeks(
            self.delta + other.delta, self.gamma + other.gamma, self.vega + other.vega, self.theta + other.theta
        )

    def times(self, amount: Fixed) -> "Greeks":
        """Of a position."""
        return Greeks(self.delta * amount, self.gamma * amount, self.vega * amount, self.theta * amount)

    def of_spot(self, by_spot: Fixed) -> "Greeks":
        """By spot, where the forward moves `by_spot` USD when spot moves 1 USD."""
        return Greeks(self.delta * by_spot, self.gamma * by_spot * by_spot, self.vega, self.theta)


@dataclass(frozen=True, slots=True)
class AccountGreeks:
    """By spot: of options expiry by expiry, and what moves with it alone (perpetual, futures and base; in coins)."""

    by_expiry: Mapping[int, Greeks]
    linear_delta: Fixed

    @property
    def whole(self) -> Greeks:
        return sum(self.by_expiry.values(), Greeks(delta=self.linear_delta))


def option_greeks(
    forward: Fixed, strike: Fixed, volatility: Fixed, seconds: int, is_call: bool, discount: Fixed = ONE
) -> Greeks:
    """Of one contract, by its forward. Where the price has an edge, it has a delta and nothing else."""
    call_delta = black76(forward, strike, volatility, seconds, discount).call_delta
    delta = discount * (call_delta if is_call else call_delta - 1)
    time = root(years(seconds))
    deviation = volatility * time
    if not strike or not forward or not deviation or deviation >= TOTAL_VOLATILITY_CAP:
        return Greeks(delta)
    d1 = deviation / 2 - ln(max(strike / forward, Fixed(1))) / deviation
    density = discount * exp(-d1 * d1 / 2) / _ROOT_OF_TWO_PI
    vega = forward * density * time
    return Greeks(
        delta=delta,
        gamma=density / (forward * deviation),
        vega=vega,
        theta=-vega * volatility / (2 * years(seconds)) / 365,
    )


def expiry_greeks(expiry: Expiry, options: Sequence[Option], spot: Fixed, discount: Fixed = ONE) -> Greeks:
    """Of positions of one expiry, by spot: what has gone into the settlement average moves no more."""
    by_spot = expiry.forward_variable / spot
    each = [
        option_greeks(
            expiry.forward,
            option.strike,
            expiry.surface.volatility(option.strike),
            expiry.seconds,
            option.is_call,
            discount,
        ).times(option.amount)
        for option in options
    ]
    return sum(each, Greeks()).of_spot(by_spot)


def account_greeks(market: Market, held: Holdings) -> AccountGreeks:
    """Of all that is held, undiscounted, as standard margin and PMRM value it. Raises MissingMarkError."""
    spot = market.spot.price
    linear = [held.base, held.perp * market.perp.price / spot if held.perp else ZERO]
    linear += [one.amount * market.expiry(one.seconds).forward_variable / spot for one in held.futures]
    by_expiry = {seconds: expiry_greeks(market.expiry(seconds), options, spot) for seconds, options in held.by_expiry()}
    return AccountGreeks(by_expiry, total(linear))
