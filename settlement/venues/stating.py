"""A simulated venue's side of a cycle: it states what its own books have, and signs with its own key.

It may be told to lie: the price of one party's first fill is then twice what it was, in its statement alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from custody.signers import Signer
from settlement.chain_cycle import ChainCycle
from settlement.mirror import Fill
from settlement.reports import Cause
from settlement.stated import Stated
from settlement.venues.entry import Entry
from settlement.venues.simulated import SimulatedVenue
from settlement.venues.venue_books import statement

_EVER_MS = 1 << 62


@dataclass(slots=True)
class SimulatedEdge:
    """`parties` are names by account number; `lies_about`: a party to a fill that it states otherwise, "" nobody."""

    simulated: SimulatedVenue
    signer: Signer
    parties: Sequence[str]
    lies_about: str = ""
    is_silent: bool = False

    @property
    def venue(self) -> str:
        return self.simulated.venue

    @property
    def address(self) -> str:
        return self.signer.address

    async def stated(self, last: int) -> Stated | None:
        if self.is_silent:
            return None
        told = statement(self.venue, self.simulated.registry.by_number, self.simulated.tape.entries()[:last], _EVER_MS)
        fills = [self._fill(number, entry) for number, entry in sorted(told.fills.items())]
        made = {self.parties[account]: units for account, units in told.profit_units.items()}
        if self.lies_about:
            at = next(at for at, fill in enumerate(fills) if self.lies_about in (fill.buyer, fill.seller))
            fill = fills[at]
            more = self.simulated.registry.by_number[fill.instrument_id].value_units(fill.lots, fill.price_e6)
            fills[at] = replace(fill, price_e6=2 * fill.price_e6)
            made[fill.buyer] -= more
            made[fill.seller] += more
        return Stated(told.last, made, tuple(fills), told.marks_e6, told.funding_e6)

    async def sign(self, cycle: ChainCycle, digest: bytes) -> bytes | None:
        return None if self.is_silent else self.signer.sign_digest(digest)

    def _fill(self, number: int, entry: Entry) -> Fill:
        return Fill(
            self.venue, number, entry.instrument, self.parties[entry.buyer], self.parties[entry.seller], entry.lots,
            entry.price_e6, entry.occurred_at_ms // 1000, Cause(entry.cause).name.lower(),
        )  # fmt: skip
