"""What the venue's own compartment paid on chain for a payer whose compartment did not hold all that it owed.

The books have held the whole of it; with the advance they say what the chain says: out of the venue's collateral, into
what the debtor was taken for. It is written when the cycle is posted, and stays due: with the next cycle the debtor
owes it, and the venue receives it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Connection, Constraint, Table, insert, select
from sqlmodel import Field, SQLModel

from custody.delegation import Order, pay
from custody.tables import whole
from custody.transfers import Reason
from settlement.cycle_record import CycleRecord
from settlement.engine.cycle_tables import NAME
from settlement.engine.settler import Beside, Settler
from settlement.engine.telling import tell_of
from settlement.mirror import HOUSE
from settlement.node import ChainError
from settlement.postings import party_account
from settlement.vault_events import VaultEvent


class AdvanceRow(SQLModel, table=True):
    """Ledger units of the settlement asset that a venue has paid for a party in a cycle."""

    __tablename__ = "cycle_advance"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("cycle_advance", "units"),
        CheckConstraint("units > 0", name="cycle_advance_is_positive"),
    )

    cycle_id: str = Field(primary_key=True, foreign_key="settlement_cycle.id", sa_type=NAME)
    party: str = Field(primary_key=True, sa_type=NAME)
    units: int = Field(sa_type=BigInteger)


ADVANCE: Table = SQLModel.metadata.tables["cycle_advance"]


def advances_in(cycle: CycleRecord, events: Sequence[VaultEvent], holders: Mapping[str, str]) -> dict[str, int]:
    """By debtor what the venue paid, from the events of the transaction that made the cycle final.

    The venue's own shortage is nobody's debt. Raises ChainError for a payer that owed nothing in the cycle.
    """
    payers = {holders[row.party].lower(): row.party for row in cycle.obligations if row.units < 0}
    found = {}
    for event in events:
        party = payers.get(event.holder.lower())
        if party is None:
            raise ChainError(f"{cycle.id}: {event.amount} was paid for {event.holder}, which owed nothing")
        if party != HOUSE:
            found[party] = event.amount
    return found


def writing(cycle: CycleRecord, advances: Mapping[str, int], settler: Settler, now_s: int) -> Beside:
    """What is written in the transaction that posts the cycle: rows, transfers, an event each."""
    ground, chart = settler.ground, settler.ground.charts[settler.asset]

    def write(tx: Connection) -> None:
        for number, (party, units) in enumerate(sorted(advances.items())):
            house, debtor = (party_account(ground.standing, chart, cycle.venue, who) for who in (HOUSE, party))
            order = Order(f"cycle/{cycle.id}:advance:{number}", units, now_s, Reason.WATERFALL, cycle.id)
            (outcome,) = settler.books.post_in(tx, [pay(house, debtor, order)], now_s)
            if not outcome.ok:
                raise ChainError(f"{cycle.id}: the books refuse what the chain has paid for {party}: {outcome.refusal}")
            tx.execute(insert(ADVANCE), [{"cycle_id": cycle.id, "party": party, "units": units}])
            facts = {"cycle": cycle.id, "venue": cycle.venue, "debtor": party, "layer": "venue collateral"}
            tell_of(tx, f"advance/{cycle.id}/{party}", "waterfall.layer_used", facts | {"units": units}, (now_s, now_s))

    return write


def advanced_units(reader: Connection, venue: str) -> dict[str, int]:
    """By party what a venue has advanced for it in all its cycles, and with a minus what it has itself."""
    total: dict[str, int] = defaultdict(int)
    for row in reader.execute(select(ADVANCE).where(ADVANCE.c.cycle_id.like(f"{venue}/%"))):
        total[row.party] += row.units
        total[HOUSE] -= row.units
    return dict(total)
