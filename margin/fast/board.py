"""All options that are listed, in the order in which the fast path keeps them: one row each, priced once for all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from margin.fast.kernels import svi
from margin.fast.kernels.prices import Flags, Floats, Numbers
from margin.fixed import Fixed
from margin.marks import Surface
from margin.positions import Option
from margin.svi import Svi


class Expiry(NamedTuple):
    """Options of one underlying that expire together."""

    market: str
    seconds: int


class Listed(NamedTuple):
    """One option. Their order is the board's: options of an expiry, and of a strike, are neighbours."""

    expiry: Expiry
    strike: Fixed
    is_call: bool

    @classmethod
    def of(cls, option: Option, market: str = "") -> "Listed":
        return cls(Expiry(market, option.seconds), option.strike, option.is_call)


@dataclass(frozen=True, slots=True)
class Board:
    """Rows in order, and the row of each; by row numbers of its expiry and its strike, the strike, the kind."""

    rows: tuple[Listed, ...]
    row: Mapping[Listed, int]
    expiries: tuple[Expiry, ...]
    expiry: Numbers
    strike_number: Numbers
    strike: Floats
    is_call: Flags

    @classmethod
    def of(cls, listed: Iterable[Listed]) -> "Board":
        """What is listed twice is one row."""
        rows = sorted(set(listed), key=lambda one: (one.expiry, one.strike.units, one.is_call))
        expiries = tuple(dict.fromkeys(one.expiry for one in rows))
        strikes = {key: number for number, key in enumerate(dict.fromkeys(one[:2] for one in rows))}
        number = {expiry: at for at, expiry in enumerate(expiries)}
        return cls(
            tuple(rows),
            {one: at for at, one in enumerate(rows)},
            expiries,
            np.array([number[one.expiry] for one in rows], np.int32),
            np.array([strikes[one[:2]] for one in rows], np.int32),
            np.array([float(one.strike) for one in rows], np.float64),
            np.array([one.is_call for one in rows], np.bool_),
        )

    def rows_of(self, expiry: int) -> slice:
        """The rows of an expiry, by its number."""
        first, behind = np.searchsorted(self.expiry, (expiry, expiry + 1))
        return slice(int(first), int(behind))

    def __len__(self) -> int:
        return len(self.rows)

    def volatilities(self, expiry: int, surface: Surface) -> Floats:
        """The volatility of each row of an expiry. Raises MissingMarkError, SviError."""
        if isinstance(surface, Svi):
            return svi.volatilities(surface, self.strike[self.rows_of(expiry)])
        return np.array([float(surface.volatility(one.strike)) for one in self.rows[self.rows_of(expiry)]], np.float64)
