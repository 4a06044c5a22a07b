"""What a cycle's step means beside it, written in its transaction: liens on compartments, a venue's halt, and events.

While a cycle is pending the vault releases nothing at its venue, so all that stands in a compartment has to stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from custody import liens
from custody.books import Books
from custody.liens import Place
from custody.movements import Block
from settlement.cycle_record import CycleRecord, Stepped
from settlement.engine.cycle_tidings import HALTED, PENDING, SETTLED, tidings
from settlement.engine.telling import last_name, tell_of


@dataclass(frozen=True, slots=True)
class Consequences:
    """One venue's; `accounts`: by compartment, where its units are written. The custodian's tables have to be there."""

    books: Books
    accounts: Mapping[Place, str]

    def of(self, tx: Connection, before: CycleRecord, stepped: Stepped, now_s: int) -> None:
        """Write what follows from a step; part of its transaction."""
        after, event = stepped.cycle, stepped.event
        if (before.state in PENDING) is not (after.state in PENDING):
            self._keep(tx, is_pending=after.state in PENDING, now_s=now_s)
        for one in tidings(before, after, event.act):
            if not one.ends or last_name(tx, one.object_id) in one.ends:
                tell_of(tx, one.object_id, one.name, one.facts, (event.occurred_at_s, now_s))
            if one.name == HALTED:
                liens.set_halted(tx, after.venue, True, now_s)
        if after.state in SETTLED:
            liens.set_halted(tx, after.venue, False, now_s)

    def _keep(self, tx: Connection, *, is_pending: bool, now_s: int) -> None:
        kept = {
            (place, Block.SETTLEMENT_PENDING): self.books.totals(account, tx).balance if is_pending else 0
            for place, account in self.accounts.items()
        }
        liens.keep(tx, kept, now_s)
