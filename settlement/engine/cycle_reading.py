"""What is on record of one venue's cycles, read from the database each time: nothing is remembered in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from settlement.cut_off import Late
from settlement.cycle_record import CycleRecord
from settlement.engine import cycle_store as store
from settlement.engine.advances import advanced_units
from settlement.engine.cycle_dues import History, Purse
from settlement.engine.cycle_store import Query
from settlement.engine.heard_fills import fills_between
from settlement.engine.pins import Pin, message_of, pin_of
from settlement.engine.settler import Settler
from settlement.mirror import Fill
from settlement.netting import Terms
from settlement.postings import party_account

ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Seats:
    """A venue's parties by account number, HOUSE first, and the holders of their compartments by name."""

    parties: Sequence[str]
    holders: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OnRecord:
    """One venue's cycles as the database has them. Every call is on the caller's thread."""

    settler: Settler
    venue: str
    seats: Seats
    terms: Terms

    def cycles(self) -> list[CycleRecord]:
        """All of them, the oldest first."""
        with self.settler.database.snapshot() as reader:
            return [one.one for one in store.cycles(reader, Query(venue=self.venue), 0, ALL)]

    def history(self) -> History:
        """What later dues depend on."""
        with self.settler.database.snapshot() as reader:
            found = [one.one for one in store.cycles(reader, Query(venue=self.venue), 0, ALL)]
            return History(found, advanced_units(reader, self.venue), self.settler.asset)

    def pin(self, cycle_id: str) -> Pin | None:
        """What a cycle is computed from; None before its cut-off, and where silence has cut it off."""
        with self.settler.database.snapshot() as reader:
            return pin_of(reader, cycle_id)

    def message(self, digest: str, kind: str) -> bytes | None:
        """A signed call of the outbox."""
        with self.settler.database.snapshot() as reader:
            return message_of(reader, digest, kind)

    def disputed(self, cycle_id: str) -> list[str]:
        """The clients whose dues of a cycle are, or were, in dispute."""
        with self.settler.database.snapshot() as reader:
            return sorted(one.one.party for one in store.disputes(reader, Query(cycle_id=cycle_id), 0, ALL))

    def purse(self) -> Purse:
        """What parties can spend now, all at one moment."""
        with self.settler.database.snapshot() as reader:
            units = {party: self._spendable(party, reader) for party in self.seats.parties}
        return Purse(units, self.terms)

    def balances(self, parties: Sequence[str]) -> list[int]:
        """What parties' compartments hold by the books."""
        with self.settler.database.snapshot() as reader:
            return [self.settler.books.totals(self._account(party), reader).balance for party in parties]

    def fills(self, first: int, last: int) -> tuple[Fill, ...]:
        """What the venue has reported and the mirror has booked, by numbers."""
        with self.settler.database.snapshot() as reader:
            return fills_between(reader, self.venue, first, last, self.seats.parties)

    def late(self, pin: Pin, cycles: Sequence[CycleRecord], now_s: int) -> list[Late]:
        """Fills of an earlier cycle's time that were heard of after its cut-off, and are settled with this pin."""
        with self.settler.database.snapshot() as reader:
            ended = [one for one in cycles if one.id != pin.cycle_id and one.cut_off_s]
            pins = [found for one in ended if (found := pin_of(reader, one.id)) is not None]
        if not pins:
            return []
        return [
            Late(fill, _number(belongs.cycle_id), _number(pin.cycle_id), now_s)
            for fill in self.fills(pins[-1].last + 1, pin.last)
            if (belongs := next((one for one in pins if 1000 * fill.occurred_at_s < one.cut_off_ms - 999), None))
        ]

    def _spendable(self, party: str, reader: Connection) -> int:
        return max(self.settler.books.totals(self._account(party), reader).spendable, 0)

    def _account(self, party: str) -> str:
        ground = self.settler.ground
        return party_account(ground.standing, ground.charts[self.settler.asset], self.venue, party).id


def _number(cycle_id: str) -> int:
    return int(cycle_id.rsplit("/", 1)[1])
