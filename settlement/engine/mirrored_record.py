"""The engine's side of a reconciliation, read from its own tables: the fold of its outbox, and of a venue's reports."""

from collections import defaultdict

from sqlalchemy import Connection, inspect, select

from settlement.engine.stored import batches_after, reports_between
from settlement.engine.tables import BATCH, REFUSED_ENTRY
from settlement.reconciling.amounts import InFlight
from settlement.reconciling.mirrored import Mirrored
from settlement.replica import Key, Replica
from settlement.reports import EntryKind
from settlement.venues.entry import Entry, unpacked


def mirrored(reader: Connection, venue: str, first: int, last: int) -> Mirrored | None:
    """What the engine has mirrored; `venue`: whose fills are wanted, from entry `first` to `last`, "" for nobody's.

    None where this database has told no chain of anything. Raises ReplicaError where its batches do not follow on one
    another, ReportError for a report that is none.
    """
    if not inspect(reader).has_table(BATCH.name):
        return None
    batches = batches_after(reader, 0)
    if not batches:
        return None
    replica, confirmed, covers = Replica({}), {}, {}
    in_flight: dict[Key, list[InFlight]] = defaultdict(list)
    for out in batches:
        before = dict(replica.positions)
        replica.apply(out.batch)
        if out.is_confirmed:
            confirmed, covers = dict(replica.positions), dict(out.covers)
            continue
        for key, lots in replica.positions.items():
            if lots != before.get(key, 0):
                in_flight[key].append(InFlight(f"batch {out.batch.sequence}", lots - before.get(key, 0)))
    waiting = {key: tuple(changes) for key, changes in in_flight.items()}
    return Mirrored(confirmed, waiting, covers, _standing(reader, venue, first, last) if venue else {})


def _standing(reader: Connection, venue: str, first: int, last: int) -> dict[int, Entry]:
    """Fills and corrections behind the last entry: less what was refused, busted, or corrected since."""
    asked = select(REFUSED_ENTRY.c.number).where(REFUSED_ENTRY.c.venue == venue)
    refused = set(reader.scalars(asked))
    standing: dict[int, Entry] = {}
    for taken in reports_between(reader, venue, first, last):
        for number, entry in enumerate(unpacked(taken.report.body), taken.report.first):
            if not first <= number <= last or number < taken.new_from or number in refused:
                continue
            if entry.kind in (EntryKind.BUST, EntryKind.CORRECTION):
                standing.pop(entry.about, None)
            if entry.kind in (EntryKind.FILL, EntryKind.CORRECTION):
                standing[number] = entry
    return standing
