"""The fills of a venue as it reported them, by number: what the custodian computes and disputes from."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select

from settlement.engine import stored
from settlement.engine.tables import REFUSED_ENTRY
from settlement.mirror import Fill
from settlement.reports import Cause, EntryKind


def fills_between(reader: Connection, venue: str, first: int, last: int, parties: Sequence[str]) -> tuple[Fill, ...]:
    """Booked fills and corrections numbered `first` to `last`; `parties` are names by the venue's account numbers."""
    out = (REFUSED_ENTRY.c.venue == venue) & (REFUSED_ENTRY.c.number >= first) & (REFUSED_ENTRY.c.number <= last)
    refused = set(reader.scalars(select(REFUSED_ENTRY.c.number).where(out)))
    found = []
    for taken in stored.reports_between(reader, venue, first, last):
        entries = taken.report.entries()
        for place in np.flatnonzero(np.isin(entries["kind"], (EntryKind.FILL, EntryKind.CORRECTION))).tolist():
            number, one = taken.report.first + place, entries[place]
            if not max(first, taken.new_from) <= number <= last or number in refused:
                continue
            found.append(
                Fill(venue, number, int(one["instrument"]), parties[one["buyer"]], parties[one["seller"]],
                     int(one["lots"]), int(one["price_e6"]), int(one["occurred_at_ms"]) // 1000,
                     Cause(int(one["cause"])).name.lower())
            )  # fmt: skip
    return tuple(found)
