"""Where a top-up comes from: sources in a fixed order, each drawn on by its collateral value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custody.collateral import Schedule
from margin.waterfall import Layer, absorb


@dataclass(frozen=True, slots=True)
class Source:
    """Up to `units` of one asset, from what is available at the custodian ("") or from another venue of the client."""

    place: str
    asset: str
    units: int


def plan_top_up(
    needed_units: int, sources: Sequence[Source], schedule: Schedule, prices_e6: Mapping[str, int]
) -> tuple[Source, ...]:
    """The fewest ledger units from each source in turn that are worth `needed_units` (1e-6 USD, after haircuts).

    Worth less than that when the sources run out; nothing is invented.
    """
    layers = [
        Layer(str(number), schedule[source.asset].collateral_units(source.units, prices_e6[source.asset]))
        for number, source in enumerate(sources)
    ]
    drawn = absorb(max(needed_units, 0), layers).drawn
    return tuple(
        Source(
            source.place,
            source.asset,
            min(source.units, schedule[source.asset].units_worth(part, prices_e6[source.asset])),
        )
        for source, (_, part) in zip(sources, drawn, strict=True)
        if part
    )
