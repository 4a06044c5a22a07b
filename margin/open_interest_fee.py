"""What raising open interest costs a caller who is not exempt (specs/derive_margin.md §8): a fee on notional, in USD.

The contracts call the rate basis points; it is a fraction, and its 10% is meant to keep such callers out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from margin.fixed import ZERO, Fixed, total


@dataclass(frozen=True, slots=True)
class OpenInterestFee:
    """`rate` of notional, and the least that an account pays where it pays at all, in USD."""

    rate: Fixed
    minimum: Fixed

    def of(self, raised: "Iterable[Raised]") -> Fixed:
        """The fee of one account for a batch; 0 where no open interest rises."""
        asked = total([abs(one.amount) * one.price * self.rate for one in raised])
        return max(asked, self.minimum) if asked else ZERO


@dataclass(frozen=True, slots=True)
class Raised:
    """A change of an option or a perpetual whose open interest the batch raised.

    `price`: the forward of the option's expiry, or the mark of the perpetual, in USD.
    """

    amount: Fixed
    price: Fixed


MAINNET = OpenInterestFee(Fixed.of("0.1"), Fixed.of(50))
TESTS = OpenInterestFee(Fixed.of("0.7"), Fixed.of(800))
