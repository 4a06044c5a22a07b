"""The intake as the database has it: a checkpoint, and what was reported and batched behind it, folded again.

A checkpoint only saves time: it is taken where everything is told, names the parties and instruments that it is of, and
one that does not fit, or whose digest is wrong, is passed over for the first report.
"""

import json
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from settlement.engine import stored
from settlement.engine.book import Changes
from settlement.engine.intake import Intake
from settlement.engine.packing import funding_of, pages_of, unpack
from settlement.engine.roster import Roster
from settlement.engine.stored import Outgoing, Taken
from settlement.engine.verdicts import EntryRefusal

_SIZE_BYTES = 8


def restore(intake: Intake, tx: Connection) -> None:
    """Bring a new intake to where the database is."""
    found = stored.last_checkpoint(tx)
    if found is not None and sha256(found[1]).digest() == found[2]:
        _load(intake, found[1], found[0])
    for batch in stored.batches_after(tx, intake.sequence):
        _tell(intake, batch)
    for venue in intake.roster.members:
        for taken in stored.reports_after(tx, venue, intake.book.reached.get(venue, 0)):
            _refold(intake, tx, taken)
    last = stored.batches_after(tx, intake.sequence - 1) if intake.sequence else []
    intake.book.take_up(marks_too=not last or dict(last[0].covers) != intake.book.reached)


def checkpoint(intake: Intake, tx: Connection) -> None:
    """Keep the book as it stands behind the last batch; to be called where nothing is untold."""
    book = intake.book
    words = {
        "roster": _digest(intake.roster), "digest": intake.digest.hex(), "reached": book.reached,
        "replaced": [[venue, number, by] for (venue, number), by in book.replaced.items()],
    }  # fmt: skip
    head = json.dumps(words).encode()
    arrays = zlib.compress(b"".join(array.tobytes() for array in _arrays(intake)), 1)
    state = len(head).to_bytes(_SIZE_BYTES, "big") + head + arrays
    stored.store_checkpoint(tx, intake.sequence, state, sha256(state).digest())


def _refold(intake: Intake, tx: Connection, taken: Taken) -> None:
    report = taken.report
    entries = report.entries()[taken.new_from - report.first :]
    judged = intake.judge(report.venue, entries, taken.recorded_at_ms)
    # Who has signed what is not asked again: a venue may have shown more since.
    for number in stored.refused_as(tx, report.venue, taken.new_from, report.last, EntryRefusal.NOT_AS_SIGNED):
        judged.codes[number - taken.new_from] = EntryRefusal.NOT_AS_SIGNED.code
    originals = intake.originals(tx, report.venue, taken.new_from, entries)
    intake.book.fold(report.venue, taken.new_from, entries, judged, originals)


def _tell(intake: Intake, out: Outgoing) -> None:
    """What a batch told, read from its own bytes."""
    runs = np.frombuffer(out.batch.runs, np.uint8)
    addresses, column, lots, cash = unpack(runs, pages_of(out.batch.marks))
    changes = Changes(column, intake.roster.row_of(addresses), lots, cash)
    intake.book.hear(*funding_of(out.batch.marks), changes)
    intake.sequence, intake.digest = out.batch.sequence, out.digest


def _arrays(intake: Intake) -> tuple[NDArray[np.int64], ...]:
    book = intake.book
    return (
        book.lots, book.cash_units, book.funded_units, book.mark_e6, book.marked_at_ms, book.funding_e6, book.final_e6,
    )  # fmt: skip


def _load(intake: Intake, state: bytes, sequence: int) -> None:
    size = int.from_bytes(state[:_SIZE_BYTES], "big") + _SIZE_BYTES
    words: Mapping[str, Any] = json.loads(state[_SIZE_BYTES:size])
    if words["roster"] != _digest(intake.roster):
        return
    values, at = np.frombuffer(zlib.decompress(state[size:]), np.int64), 0
    for array in _arrays(intake):
        array[...] = values[at : at + array.size].reshape(array.shape)
        at += array.size
    book = intake.book
    book.sent_lots[...], book.sent_units[...] = book.lots, book.cash_units + book.funded_units
    book.sent_funding_e6[...] = book.funding_e6
    book.reached.update(words["reached"])
    book.replaced.update({(venue, number): by for venue, number, by in words["replaced"]})
    intake.sequence, intake.digest = sequence, bytes.fromhex(words["digest"])


def _digest(roster: Roster) -> str:
    parts: list[NDArray[Any]] = [roster.addresses, roster.lots_per_coin, roster.tick_e6, roster.expires_at_ms]
    for one in roster.numbers.values():
        parts += [one.rows, one.columns]
    return sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
