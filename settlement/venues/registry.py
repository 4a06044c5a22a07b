"""Derive's names and numbers of instruments, and ours: `ETH-20270625-6000-C`, an asset contract with a 96-bit sub-id,
and the number that entries and batches carry.

An instrument has one asset contract and one sub-id of it at a venue (specs/derive_actions.md §5); perpetuals and
options of one underlying have different contracts, so that the sub-id 0 of a perpetual is nobody else's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from margin.derive_names import LinearName, NamingError, parse, text
from margin.instruments import Instrument, InstrumentError, Kind

FROM_E18_TO_E6 = 10**12


class ListingError(ValueError):
    """Instruments that cannot be listed beside one another, or a name or number that none has."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a venue lists a name: our number for it, its asset contract (0x and 40 hex digits), lots and tick."""

    number: int
    name: str
    asset: str
    lots_per_coin: int
    tick_e6: int


@dataclass(frozen=True, slots=True)
class Registry:
    """What one venue lists. By number, by name, and by (asset contract in lower case, sub-id)."""

    venue: str
    by_number: Mapping[int, Instrument]
    by_name: Mapping[str, Instrument]
    by_sub_id: Mapping[tuple[str, int], Instrument]
    assets: Mapping[int, str]
    """The asset contract of each number, in lower case."""

    @classmethod
    def of(cls, venue: str, listed: Iterable[Terms]) -> "Registry":
        """Raises ListingError for a name that has no number, or for a number, name or sub-id that is there twice."""
        all_terms = tuple(listed)
        instruments = [instrument_of(venue, terms) for terms in all_terms]
        by_number = {one.id: one for one in instruments}
        by_name = {one.symbol: one for one in instruments}
        pairs = zip(all_terms, instruments, strict=True)
        by_sub_id = {(terms.asset.lower(), one.sub_id): one for terms, one in pairs}
        if not len(by_number) == len(by_name) == len(by_sub_id) == len(instruments):
            raise ListingError(f"{venue} lists a number, a name or a sub-id twice")
        return cls(venue, by_number, by_name, by_sub_id, {terms.number: terms.asset.lower() for terms in all_terms})

    def named(self, name: str) -> Instrument:
        """Raises ListingError for a name that is not listed."""
        if name not in self.by_name:
            raise ListingError(f"{self.venue} lists no {name!r}")
        return self.by_name[name]

    def numbered(self, number: int) -> Instrument:
        """Raises ListingError for a number that is not listed."""
        if number not in self.by_number:
            raise ListingError(f"{self.venue} lists no instrument {number}")
        return self.by_number[number]


def instrument_of(venue: str, terms: Terms) -> Instrument:
    """The instrument that a name stands for. Raises ListingError: coins against USDC are none of ours."""
    try:
        name = parse(terms.name)
        if text(name) != terms.name:
            raise ListingError(f"{terms.name} is written {text(name)}")
        if isinstance(name, LinearName):
            if not name.is_perp:
                raise ListingError(f"{terms.name} is spot: no position in it is mirrored")
            kind, strike_e6, expires_at_s = Kind.PERP, 0, 0
        else:
            kind, expires_at_s = Kind.CALL if name.is_call else Kind.PUT, name.expires_at_s
            strike_e6, below = divmod(name.strike.units, FROM_E18_TO_E6)
            if below:
                raise ListingError(f"{terms.name}: a strike is a whole number of 1e-6 USD here")
        return Instrument(terms.number, venue, terms.name, kind, name.asset, terms.lots_per_coin, terms.tick_e6,
                          strike_e6, expires_at_s)  # fmt: skip
    except (NamingError, InstrumentError) as why:
        raise ListingError(str(why)) from why
