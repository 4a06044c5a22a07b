"""What a venue states of itself at a cut-off, and who may be asked for it: the other side of every cycle.

A statement is up to a numbered entry, so both sides speak of the same ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from settlement.chain_cycle import ChainCycle
from settlement.mirror import Fill


@dataclass(frozen=True, slots=True)
class Stated:
    """A venue's own computation up to its entry `last`: by party what it has made since its first fill (1e-6 USD).

    Marks by instrument in 1e-6 USD per whole coin; funding by instrument is what one lot has paid since its listing
    (1e-6 USD).
    """

    last: int
    profit_units: Mapping[str, int]
    marks_e6: Mapping[int, int]
    funding_units: Mapping[int, int]


class VenueEdge(Protocol):
    """A venue as settlement speaks with it. None: it does not answer, or will not."""

    @property
    def venue(self) -> str: ...

    @property
    def address(self) -> str:
        """Under which the settlement book knows it."""
        ...

    async def stated(self, last: int) -> Stated | None: ...

    async def standing(self, last: int) -> tuple[Fill, ...] | None:
        """The fills up to its entry `last` that nothing has undone: asked for where there is a dispute."""
        ...

    async def sign(self, cycle: ChainCycle, digest: bytes) -> bytes | None:
        """Its signature of a cycle's digest."""
        ...
