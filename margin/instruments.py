"""What is traded: perpetuals, dated futures and options, each listed at one venue, in whole lots and whole ticks.

Lot and tick are chosen so that every product of the two is a whole number of ledger units: profit and loss is exact.
"""

import re
from calendar import monthrange, timegm
from dataclasses import dataclass
from enum import Enum

E18 = 10**18

PERP_NAME = re.compile(r"[A-Z0-9]+-PERP")
DATED_NAME = re.compile(r"[A-Z0-9]+-(\d{4})(\d\d)(\d\d)(?:-(\d+(?:\.\d+)?)-([CP]))?")
EXPIRY_HOUR = 8
"""UTC, of the day in the name."""


class InstrumentError(ValueError):
    """An instrument that could not be settled exactly, or a price that is off its tick."""


class Kind(Enum):
    """What a position pays."""

    PERP = "perp"
    FUTURE = "future"
    CALL = "call"
    PUT = "put"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A contract as one venue lists it.

    `lots_per_coin` lots make one coin of the underlying. Prices are ints of 1e-6 USD per whole coin, on multiples of
    `tick_e6`. All are settled in USD of the settlement asset (scale 6); options too are marked to market each cycle.
    Raises InstrumentError unless a tick on one lot is a whole number of 1e-6 USD, options have a strike and an expiry,
    futures an expiry, and perpetuals neither.
    """

    id: int
    venue: str
    symbol: str
    kind: Kind
    underlying: str
    lots_per_coin: int
    tick_e6: int
    strike_e6: int = 0
    expires_at_s: int = 0

    def __post_init__(self) -> None:
        if self.lots_per_coin <= 0 or self.tick_e6 <= 0 or self.tick_e6 % self.lots_per_coin:
            raise InstrumentError(f"{self.symbol}: a tick of {self.tick_e6}e-6 USD on one of {self.lots_per_coin} lots "
                                  "per coin is no whole number of 1e-6 USD")  # fmt: skip
        if (self.strike_e6 > 0) != self.is_option or (self.expires_at_s > 0) != (self.kind is not Kind.PERP):
            raise InstrumentError(
                f"{self.symbol}: options have a strike and an expiry, futures an expiry, nothing else"
            )
        if min(self.strike_e6, self.expires_at_s) < 0:
            raise InstrumentError(f"{self.symbol}: neither a strike nor an expiry is below zero")

    @property
    def is_option(self) -> bool:
        return self.kind in (Kind.CALL, Kind.PUT)

    @property
    def sub_id(self) -> int:
        """Which instrument of its asset this is, in Derive's 96 bits: 0 for a perpetual; for an option its kind,
        strike and expiry (specs/derive_actions.md §5); for a dated future, which Derive lists none of, its expiry.
        Raises InstrumentError where they do not fit.
        """
        return 0 if self.kind is Kind.PERP else option_sub_id(self.kind, self.strike_e6 * 100, self.expires_at_s)

    @property
    def lot_size_e18(self) -> int:
        """Coins per lot times 10^18. Raises InstrumentError where that is no whole number."""
        if E18 % self.lots_per_coin:
            raise InstrumentError(f"{self.symbol}: a lot of 1/{self.lots_per_coin} coin has more than 18 decimals")
        return E18 // self.lots_per_coin

    def value_units(self, lots: int, price_e6: int) -> int:
        """Signed worth of `lots` at a price, in 1e-6 USD; exact. Raises InstrumentError for a price off the tick."""
        if price_e6 % self.tick_e6:
            raise InstrumentError(f"{self.symbol}: {price_e6}e-6 USD is not on the tick of {self.tick_e6}e-6")
        return lots * (price_e6 // self.lots_per_coin)

    def on_tick(self, price_e6: int) -> int:
        """The nearest tick at or below a positive price, at least one tick."""
        return max(price_e6 // self.tick_e6, 1) * self.tick_e6


def option_sub_id(kind: Kind, strike_e8: int, expires_at_s: int) -> int:
    """isCall · 2^95 + strike · 10^8 · 2^32 + expiry. Raises InstrumentError for what does not fit, or expires at 0."""
    if not (0 <= strike_e8 < 1 << 63 and 0 < expires_at_s < 1 << 32):
        raise InstrumentError(f"a strike of {strike_e8}e-8 that expires at {expires_at_s} has no sub-id")
    return (kind is Kind.CALL) << 95 | strike_e8 << 32 | expires_at_s


def sub_id_of(name: str) -> int:
    """The sub-id of `ETH-20270625-6000-P`, of the future `ETH-20270625` or, 0, of `ETH-PERP`.

    Derive's names and sub-ids: specs/derive_actions.md §5. Raises InstrumentError for any other form, a day that is
    none, more than 8 decimals, and what 96 bits cannot hold.
    """
    if PERP_NAME.fullmatch(name):
        return 0
    found = DATED_NAME.fullmatch(name)
    if found is None:
        raise InstrumentError(f"{name!r} is no name such as ETH-20270625-6000-P or ETH-PERP")
    year, month, day, strike, letter = found.groups()
    date = int(year), int(month), int(day)
    if not (date[0] >= 1970 and 1 <= date[1] <= 12 and 1 <= date[2] <= monthrange(*date[:2])[1]):
        raise InstrumentError(f"{name}: {year}{month}{day} is no day")
    if strike is None:
        return option_sub_id(Kind.FUTURE, 0, timegm((*date, EXPIRY_HOUR, 0, 0)))
    whole, _, decimals = strike.partition(".")
    if len(decimals) > 8:
        raise InstrumentError(f"{name}: a strike has at most 8 decimals")
    kind, strike_e8 = Kind.CALL if letter == "C" else Kind.PUT, int(whole + decimals.ljust(8, "0"))
    return option_sub_id(kind, strike_e8, timegm((*date, EXPIRY_HOUR, 0, 0)))
