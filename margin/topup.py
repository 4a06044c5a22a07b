"""Where a top-up comes from: sources in a fixed order, each drawn on by what it adds to the collateral there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custody.collateral import Schedule
from custody.valuation import value


@dataclass(frozen=True, slots=True)
class Source:
    """Up to `units` of one asset, from what is available at the custodian ("") or from another venue of the client."""

    place: str
    asset: str
    units: int


def plan_top_up(
    needed_units: int,
    sources: Sequence[Source],
    schedule: Schedule,
    prices_e6: Mapping[str, int],
    held: Mapping[str, int] | None = None,
) -> tuple[Source, ...]:
    """The fewest ledger units from each source in turn that add `needed_units` (1e-6 USD) to what `held` counts for.

    Less than that when the sources run out; nothing is invented. What is over a limit of the schedule adds nothing, and
    is not sent. `held` are the ledger units by asset that the top-up joins; None for none.
    """
    there, missing, plan = dict(held or {}), max(needed_units, 0), []
    for source in sources:
        part = min(_adds(source, schedule, prices_e6, there), missing)
        if not part:
            continue
        # Up to its limit an asset adds all that it counts for, and beyond it nothing: what is worth `part` adds `part`.
        units = min(source.units, schedule[source.asset].units_worth(part, prices_e6[source.asset]))
        plan.append(Source(source.place, source.asset, units))
        there[source.asset] = there.get(source.asset, 0) + units
        missing -= part
    return tuple(plan)


def _adds(source: Source, schedule: Schedule, prices_e6: Mapping[str, int], there: Mapping[str, int]) -> int:
    """What a whole source adds to what is there, in 1e-6 USD: never more than it counts for alone.

    So the share of another asset that it frees is not counted on, nor the unit that two roundings may bring.
    """
    alone = schedule[source.asset].collateral_units(source.units, prices_e6[source.asset])
    joined = {**there, source.asset: there.get(source.asset, 0) + source.units}
    before, after = (value(schedule, held, prices_e6).collateral_units for held in (there, joined))
    return min(after - before, alone)
