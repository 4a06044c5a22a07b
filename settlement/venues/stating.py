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
from settlement.venues.venue_books import Statement, statement

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
        told = self._told(last)
        made = {self.parties[account]: units for account, units in told.profit_units.items()}
        if self.lies_about:
            fill = self._lied_about(self._fills(told))
            more = self.simulated.registry.by_number[fill.instrument_id].value_units(fill.lots, fill.price_e6)
            made[fill.buyer] -= more
            made[fill.seller] += more
        return Stated(told.last, made, told.marks_e6, told.funding_e6)

    async def standing(self, last: int) -> tuple[Fill, ...] | None:
        if self.is_silent:
            return None
        fills = self._fills(self._told(last))
        if not self.lies_about:
            return tuple(fills)
        lie = self._lied_about(fills)
        return tuple(replace(one, price_e6=2 * one.price_e6) if one is lie else one for one in fills)

    def _told(self, last: int) -> Statement:
        entries = self.simulated.tape.entries()[:last]
        return statement(self.venue, self.simulated.registry.by_number, entries, _EVER_MS)

    def _fills(self, told: Statement) -> list[Fill]:
        return [self._fill(number, entry) for number, entry in sorted(told.fills.items())]

    def _lied_about(self, fills: list[Fill]) -> Fill:
        return next(fill for fill in fills if self.lies_about in (fill.buyer, fill.seller))

    async def sign(self, cycle: ChainCycle, digest: bytes) -> bytes | None:
        return None if self.is_silent else self.signer.sign_digest(digest)

    def _fill(self, number: int, entry: Entry) -> Fill:
        return Fill(
            self.venue, number, entry.instrument, self.parties[entry.buyer], self.parties[entry.seller], entry.lots,
            entry.price_e6, entry.occurred_at_ms // 1000, Cause(entry.cause).name.lower(),
        )  # fmt: skip
