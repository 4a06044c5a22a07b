"""Derive's names and 96-bit numbers of instruments (specs/derive_actions.md §5, specs/derive_margin.md §12)."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from margin.fixed import SCALE, Fixed

STRIKE_SCALE = 10**8
EXPIRY_BITS, STRIKE_BITS = 32, 63
CALL_BIT = 1 << (EXPIRY_BITS + STRIKE_BITS)
DAY_S, SETTLEMENT_S = 86_400, 8 * 3_600
"""Options expire at 08:00 UTC."""

_EPOCH = date(1970, 1, 1)

_OPTION = re.compile(r"([A-Z0-9]+)-(\d{4})(\d\d)(\d\d)-(\d+(?:\.\d+)?)-([CP])", re.ASCII)
_FUTURE = re.compile(r"([A-Z0-9]+)-(\d{4})(\d\d)(\d\d)", re.ASCII)
_PERP = re.compile(r"([A-Z0-9]+)-PERP", re.ASCII)
_SPOT = re.compile(r"([A-Z0-9]+)-USDC", re.ASCII)


class NamingError(ValueError):
    """A name or number that no instrument has; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class OptionName:
    """What an option's name says. Raises NamingError for a strike or an expiry that no number can hold."""

    asset: str
    expires_at_s: int
    strike: Fixed
    is_call: bool

    def __post_init__(self) -> None:
        if not 0 < self.expires_at_s < 1 << EXPIRY_BITS:
            raise NamingError(f"an expiry of {self.expires_at_s} s is not above 0 and below 2^{EXPIRY_BITS}")
        granules, below = divmod(self.strike.units * STRIKE_SCALE, SCALE)
        if below:
            raise NamingError(f"a strike of {self.strike} has more than 8 decimals")
        if not 0 <= granules < 1 << STRIKE_BITS:
            raise NamingError(f"a strike of {self.strike} is not at least 0 and below 2^{STRIKE_BITS}·1e-8")

    @property
    def sub_id(self) -> int:
        """96 bits: the call bit, the strike with 8 decimals, the expiry in seconds."""
        granules = self.strike.units * STRIKE_SCALE // SCALE
        return (CALL_BIT if self.is_call else 0) + (granules << EXPIRY_BITS) + self.expires_at_s

    @classmethod
    def of_sub_id(cls, asset: str, sub_id: int) -> "OptionName":
        """Raises NamingError for a number beyond 96 bits, or of no expiry."""
        if not 0 < sub_id < CALL_BIT << 1:
            raise NamingError(f"{sub_id} is no number of an option: it has 96 bits and is not 0")
        granules = (sub_id >> EXPIRY_BITS) % (1 << STRIKE_BITS)
        strike = Fixed(granules * SCALE // STRIKE_SCALE)
        return cls(asset, sub_id % (1 << EXPIRY_BITS), strike, bool(sub_id & CALL_BIT))


@dataclass(frozen=True, slots=True)
class LinearName:
    """A perpetual, or coins against USDC; its number is 0."""

    asset: str
    is_perp: bool

    sub_id = 0


@dataclass(frozen=True, slots=True)
class FutureName:
    """A dated future, `ETH-20270625`: Derive lists none; the number is the expiry, which no option's is."""

    asset: str
    expires_at_s: int

    @property
    def sub_id(self) -> int:
        return self.expires_at_s


def parse_dated(name: str) -> FutureName | None:
    """`ETH-20270625`; None for any other form. NamingError for a day that is none."""
    found = _FUTURE.fullmatch(name)
    if found is None:
        return None
    asset, year, month, day = found.groups()
    return FutureName(asset, _settlement_s(name, int(year), int(month), int(day)))


def parse(name: str) -> OptionName | LinearName:
    """`ETH-20270625-6000-P`, `ETH-PERP` or `ETH-USDC`. Raises NamingError."""
    if perp := _PERP.fullmatch(name):
        return LinearName(perp[1], is_perp=True)
    if spot := _SPOT.fullmatch(name):
        return LinearName(spot[1], is_perp=False)
    option = _OPTION.fullmatch(name)
    if not option:
        raise NamingError(f"{name!r} is no ASSET-YYYYMMDD-STRIKE-C, …-P, ASSET-PERP or ASSET-USDC")
    asset, year, month, day, strike, side = option.groups()
    return OptionName(asset, _settlement_s(name, int(year), int(month), int(day)), Fixed.of(strike), side == "C")


def text(name: OptionName | LinearName) -> str:
    """The name again. NamingError for an expiry at another hour, which names cannot say."""
    if isinstance(name, LinearName):
        return f"{name.asset}-{'PERP' if name.is_perp else 'USDC'}"
    days, past_s = divmod(name.expires_at_s, DAY_S)
    if past_s != SETTLEMENT_S:
        raise NamingError(f"an option that expires at {name.expires_at_s} s has no name: it is not 08:00 UTC")
    day = _EPOCH + timedelta(days)
    return f"{name.asset}-{day:%Y%m%d}-{name.strike}-{'C' if name.is_call else 'P'}"


def _settlement_s(name: str, year: int, month: int, day: int) -> int:
    try:
        days = (date(year, month, day) - _EPOCH).days
    except ValueError:
        raise NamingError(f"{name!r}: {year:04d}-{month:02d}-{day:02d} is no date") from None
    return days * DAY_S + SETTLEMENT_S
