"""The hedges that a client's default leaves open, out of a file that says who holds what."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from margin.insolvency.hedges import Exposure, OpenHedge, open_hedges
from settlement.commands.fields import InputError
from settlement.commands.json_file import fields_of, object_in
from settlement.commands.printing import printable

_FIELDS = ("party", "venue", "instrument", "underlying", "units")


def hedges_in(file: str, client: str, venue: str) -> tuple[OpenHedge, ...]:
    """What is left open when the client's positions at the venue are closed. InputError for what cannot be read."""
    fields = object_in(file, ("positions",))
    listed = fields.values.get("positions")
    if not isinstance(listed, list):
        raise fields.unexpected("positions", "a list of positions", listed)
    positions = [_exposure(f"{file}: positions {number}", one) for number, one in enumerate(listed, 1)]
    try:
        return open_hedges(positions, client, venue)
    except ValueError as error:
        raise InputError(f"{file}: positions: {error}") from error


def _exposure(place: str, value: object) -> Exposure:
    fields = fields_of(place, value, _FIELDS)
    return Exposure(
        party=fields.text("party"),
        venue=fields.text("venue"),
        instrument=fields.text("instrument"),
        underlying=fields.text("underlying"),
        units=fields.units("units"),
    )


def written_hedges(hedges: Sequence[OpenHedge]) -> list[dict[str, str]]:
    """As JSON, whose numbers are doubles: units are texts."""
    return [asdict(one) | {"lost_units": str(one.lost_units), "units": str(one.units)} for one in hedges]


def told_hedges(hedges: Sequence[OpenHedge]) -> Iterator[str]:
    """As sentences."""
    for one in hedges:
        yield printable(
            f"{one.party} loses {one.lost_units:+} {one.underlying}: its {one.units:+} of {one.instrument} at "
            f"{one.venue} hedge it no longer"
        )
