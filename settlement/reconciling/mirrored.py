"""What the engine itself has on record of a mirror: positions that it told the chain, and fills that it has booked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from settlement.reconciling.amounts import InFlight
from settlement.replica import Key
from settlement.venues.entry import Entry


@dataclass(frozen=True, slots=True)
class Mirrored:
    """`positions`: lots behind the batches that are confirmed; `in_flight`: what each later batch adds, in order.

    `covers`: by venue, the last entry that the confirmed batches tell. `fills`: those of the statement's venue that
    stand, by number, within what the statement is over.
    """

    positions: Mapping[Key, int]
    in_flight: Mapping[Key, tuple[InFlight, ...]] = field(default_factory=dict)
    covers: Mapping[str, int] = field(default_factory=dict)
    fills: Mapping[int, Entry] = field(default_factory=dict)
