"""Whose hedge stands alone once a defaulter's positions are closed: its counterparties lose the leg that it hedged.

At a venue nobody trades with one party only, so what is closed with the defaulter is taken from those who hold the
other side of the same instrument in proportion to what they hold. What offset that leg is left open: positions in the
same underlying, the other way round, at whichever venue.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from margin.insolvency.distribution import pro_rata
from margin.waterfall import Layer, absorb


@dataclass(frozen=True, slots=True)
class Exposure:
    """One party's position in one instrument. `units`: signed, of the underlying's smallest unit; an option's delta."""

    party: str
    venue: str
    instrument: str
    underlying: str
    units: int


@dataclass(frozen=True, slots=True)
class OpenHedge:
    """A part of a party's position, `units` signed, that had offset some of the `lost_units` of its closed leg."""

    party: str
    underlying: str
    lost_units: int
    venue: str
    instrument: str
    units: int


def open_hedges(positions: Sequence[Exposure], client: str, venue: str) -> tuple[OpenHedge, ...]:
    """The hedges left open when all that `client` holds at `venue` is closed, party by party, in the order given.

    Nothing is listed for more than was lost, nor for more than it is. ValueError for a position given twice.
    """
    places = [(one.party, one.venue, one.instrument) for one in positions]
    if len(set(places)) < len(places):
        raise ValueError("a position is given twice")
    closed = _closed(positions, client, venue)
    lost: dict[tuple[str, str], int] = defaultdict(int)
    for one in positions:
        lost[one.party, one.underlying] += closed.get(one, 0)
    left = [replace(one, units=one.units - closed.get(one, 0)) for one in positions]
    return tuple(
        hedge
        for (party, underlying), lost_units in sorted(lost.items())
        if lost_units
        for hedge in _against(lost_units, [one for one in left if (one.party, one.underlying) == (party, underlying)])
    )


def _closed(positions: Sequence[Exposure], client: str, venue: str) -> dict[Exposure, int]:
    """The signed units of each counterparty's position that are closed together with the client's."""
    at_venue = [one for one in positions if one.venue == venue]
    closed: dict[Exposure, int] = {}
    for own in at_venue:
        if own.party != client:
            continue
        other_side = {
            one.party: one for one in at_venue if one.instrument == own.instrument and one.units * own.units < 0
        }
        shares = pro_rata(abs(own.units), {party: abs(one.units) for party, one in other_side.items()})
        closed |= {other_side[party]: units if own.units < 0 else -units for party, units in shares.items()}
    return closed


def _against(lost_units: int, positions: Sequence[Exposure]) -> Iterator[OpenHedge]:
    """Of one party's positions in one underlying those against what it lost, until that is used up."""
    against = [one for one in positions if one.units * lost_units < 0]
    drawn = absorb(abs(lost_units), [Layer(one.instrument, abs(one.units)) for one in against]).drawn
    for one, (_, units) in zip(against, drawn, strict=True):
        if units:
            signed = units if one.units > 0 else -units
            yield OpenHedge(one.party, one.underlying, lost_units, one.venue, one.instrument, signed)
