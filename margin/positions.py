"""What an account holds in one underlying (specs/derive_margin.md §1): signed amounts, long above zero."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from margin.fixed import ZERO, Fixed, positive, total


class UnknownHoldingError(ValueError):
    """A holding that the margin model has no place for; it is not passed over."""


@dataclass(frozen=True, slots=True)
class Option:
    """`amount` contracts of one option."""

    seconds: int
    strike: Fixed
    is_call: bool
    amount: Fixed

    def payoff(self, price: Fixed) -> Fixed:
        """What one contract pays at a settlement price."""
        return positive(price - self.strike if self.is_call else self.strike - price)


@dataclass(frozen=True, slots=True)
class Future:
    """`amount` contracts of a dated future, each one coin at the settlement average of its expiry.

    Derive lists none, so this is a decision of ours: like a perpetual it is settled to its mark, the forward of its
    expiry, and `unsettled` is the profit that is not yet cash.
    """

    seconds: int
    amount: Fixed
    unsettled: Fixed = ZERO


@dataclass(frozen=True, slots=True)
class Collateral:
    """An asset beside cash: its own price and confidence, and the shares that maintenance and initial margin cut.

    What cancels risk moves one for one with the underlying.
    """

    name: str
    amount: Fixed
    price: Fixed
    confidence: Fixed
    risk_cancelling: bool
    mm_haircut: Fixed
    im_haircut: Fixed


@dataclass(frozen=True, slots=True)
class Holdings:
    """Positions in one underlying. `perp_unsettled` is the perpetual's profit and funding that is not yet cash.

    `base` is the underlying itself, held as collateral (≥ 0).
    """

    perp: Fixed = ZERO
    perp_unsettled: Fixed = ZERO
    base: Fixed = ZERO
    options: tuple[Option, ...] = ()
    collaterals: tuple[Collateral, ...] = ()
    futures: tuple[Future, ...] = ()

    @property
    def depends_on_spot(self) -> bool:
        """Whether anything is held of the underlying or on it."""
        return bool(self.perp or self.base or self.options or self.futures)

    @property
    def unsettled(self) -> Fixed:
        """What is unsettled counts only while there is a position."""
        dated = total([one.unsettled for one in self.futures if one.amount])
        return (self.perp_unsettled if self.perp else ZERO) + dated

    def scaled(self, share: Fixed) -> "Holdings":
        """A share of every position."""
        return Holdings(
            self.perp * share,
            self.perp_unsettled * share,
            self.base * share,
            tuple(replace(option, amount=option.amount * share) for option in self.options),
            tuple(replace(one, amount=one.amount * share) for one in self.collaterals),
            tuple(Future(one.seconds, one.amount * share, one.unsettled * share) for one in self.futures),
        )

    def later(self, seconds: int) -> "Holdings":
        """The same after a time: every option and future is so much nearer to its expiry."""
        options = (replace(option, seconds=max(0, option.seconds - seconds)) for option in self.options)
        futures = (replace(one, seconds=max(0, one.seconds - seconds)) for one in self.futures)
        return replace(self, options=tuple(options), futures=tuple(futures))

    def by_expiry(self) -> list[tuple[int, tuple[Option, ...]]]:
        """The options, expiry after expiry."""
        ordered = sorted(self.options, key=lambda option: option.seconds)
        return [(seconds, tuple(group)) for seconds, group in groupby(ordered, key=lambda option: option.seconds)]


def dated(held: Holdings) -> Fixed:
    """Σ |contracts| of dated futures."""
    return total([abs(one.amount) for one in held.futures])


def naked_shorts(options: Iterable[Option]) -> Fixed:
    """Short contracts of one expiry that nothing of the same strike covers.

    A short call and a long put of a strike offset, and the other way round; two shorts add (§5).
    """
    by_strike: dict[Fixed, Fixed] = {}
    for option in options:
        by_strike[option.strike] = by_strike.get(option.strike, ZERO) + option.amount
    return total([positive(-amount) for amount in by_strike.values()])
