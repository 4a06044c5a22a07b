"""The engine's rows, read and written inside the caller's transaction."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from settlement.batch import GENESIS, MirrorBatch
from settlement.engine.tables import (
    BATCH,
    CHECKPOINT,
    CONFIRMED,
    LEADER,
    REFUSED_ENTRY,
    REFUSED_REPORT,
    REPORT,
    TO_BE_SENT,
)
from settlement.engine.verdicts import EntryRefusal, ReportRefusal
from settlement.reports import EntryKind, Report


class LeadershipLostError(Exception):
    """Another process leads by now: whatever this one was about to write is not written."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A report as it was taken in; `new_from` is its first number that was news."""

    report: Report
    new_from: int
    recorded_at_ms: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A batch of the outbox. `covers`: venue → last number told; `waiting`: pending transfers that it will post."""

    batch: MirrorBatch
    digest: bytes
    covers: Mapping[str, int]
    positions: int
    created_at_ms: int
    waiting: tuple[str, ...] = ()
    is_confirmed: bool = False


# -- who leads ---------------------------------------------------------------------------------------------------------


def new_epoch(tx: Connection, holder: str, now_ms: int) -> int:
    """Begin to lead: the epoch of whoever led before is over."""
    last = tx.scalar(select(LEADER.c.epoch))
    if last is None:
        tx.execute(insert(LEADER), [{"id": 1, "epoch": 1, "holder": holder, "since_ms": now_ms}])
        return 1
    tx.execute(update(LEADER).values(epoch=last + 1, holder=holder, since_ms=now_ms))
    return int(last) + 1


def require_epoch(tx: Connection, epoch: int) -> None:
    """Raises LeadershipLostError unless this epoch is still running."""
    found = tx.scalar(select(LEADER.c.epoch))
    if found != epoch:
        raise LeadershipLostError(f"epoch {epoch} is over, {found} leads")


# -- reports -----------------------------------------------------------------------------------------------------------


def store_reports(tx: Connection, taken: Sequence[Taken], digests: Sequence[bytes]) -> None:
    """Keep reports; one that is there already violates its key, and raises."""
    if taken:
        rows = [
            {"venue": one.report.venue, "last": one.report.last, "first": one.report.first, "new_from": one.new_from,
             "body": one.report.body, "digest": digest, "signature": one.report.signature,
             "recorded_at_ms": one.recorded_at_ms}
            for one, digest in zip(taken, digests, strict=True)
        ]  # fmt: skip
        tx.execute(insert(REPORT), rows)


def store_refused_entries(tx: Connection, venue: str, refused: Mapping[int, EntryRefusal], at_ms: int) -> None:
    rows = [
        {"venue": venue, "number": number, "refusal": str(why), "recorded_at_ms": at_ms}
        for number, why in refused.items()
    ]
    if rows:
        tx.execute(insert(REFUSED_ENTRY), rows)


def refused_as(tx: Connection, venue: str, first: int, last: int, why: EntryRefusal) -> list[int]:
    """The entries of these numbers that were refused for a reason."""
    known = (REFUSED_ENTRY.c.venue == venue) & (REFUSED_ENTRY.c.refusal == str(why))
    return list(tx.scalars(select(REFUSED_ENTRY.c.number).where(known, REFUSED_ENTRY.c.number.between(first, last))))


def store_refused_report(tx: Connection, report: Report, digest: bytes, why: ReportRefusal, at_ms: int) -> None:
    """Keep a report that was not taken, once."""
    known = select(REFUSED_REPORT.c.digest).where(
        REFUSED_REPORT.c.digest == digest, REFUSED_REPORT.c.refusal == str(why)
    )
    if tx.scalar(known) is None:
        row = {"digest": digest, "refusal": str(why), "venue": report.venue, "first": report.first,
               "body": report.body, "signature": report.signature, "recorded_at_ms": at_ms}  # fmt: skip
        tx.execute(insert(REFUSED_REPORT), [row])


def reports_after(tx: Connection, venue: str, number: int) -> Iterator[Taken]:
    """The reports with news behind a number, in order."""
    rows = tx.execute(select(REPORT).where(REPORT.c.venue == venue, REPORT.c.last > number).order_by(REPORT.c.last))
    return map(_taken, rows)


def reports_between(tx: Connection, venue: str, first: int, last: int) -> list[Taken]:
    """The reports whose news cover these numbers."""
    wanted = (REPORT.c.venue == venue) & (REPORT.c.last >= first) & (REPORT.c.new_from <= last)
    return [_taken(row) for row in tx.execute(select(REPORT).where(wanted).order_by(REPORT.c.last))]


def booked_fills(tx: Connection, venue: str, numbers: Sequence[int]) -> dict[int, Any]:
    """Of these numbers, the fills and corrections that were booked, as records of type ENTRY."""
    found = {}
    for number in numbers:
        refused = select(REFUSED_ENTRY.c.number).where(REFUSED_ENTRY.c.venue == venue, REFUSED_ENTRY.c.number == number)
        for taken in reports_between(tx, venue, number, number):
            entry = taken.report.entries()[number - taken.report.first]
            if entry["kind"] in (EntryKind.FILL, EntryKind.CORRECTION) and tx.scalar(refused) is None:
                found[number] = entry
    return found


def _taken(row: Row[Any]) -> Taken:

    return Taken(Report(row.venue, row.first, bytes(row.body), bytes(row.signature)), row.new_from, row.recorded_at_ms)


# -- batches -----------------------------------------------------------------------------------------------------------


def store_batch(tx: Connection, out: Outgoing) -> None:
    """Put a batch into the outbox."""
    batch = out.batch
    row = {"sequence": batch.sequence, "digest": out.digest, "previous_digest": batch.previous_digest,
           "as_of_s": batch.as_of_s, "marks": batch.marks, "runs": batch.runs, "covers": json.dumps(dict(out.covers)),
           "waiting": json.dumps(out.waiting), "positions": out.positions, "state": TO_BE_SENT,
           "created_at_ms": out.created_at_ms, "confirmed_at_ms": 0}  # fmt: skip
    tx.execute(insert(BATCH), [row])


def batches_after(tx: Connection, sequence: int) -> list[Outgoing]:
    """The batches behind a sequence, in order."""
    return [
        _outgoing(row)
        for row in tx.execute(select(BATCH).where(BATCH.c.sequence > sequence).order_by(BATCH.c.sequence))
    ]


def last_confirmed(tx: Connection) -> int:
    """The sequence up to which every batch is confirmed."""
    waiting = tx.scalar(select(func.min(BATCH.c.sequence)).where(BATCH.c.state == TO_BE_SENT))
    return (int(waiting) if waiting is not None else head(tx)[0] + 1) - 1


def head(tx: Connection) -> tuple[int, bytes]:
    """Sequence and digest of the last batch of the outbox; those before the first if there is none."""
    row = tx.execute(select(BATCH.c.sequence, BATCH.c.digest).order_by(BATCH.c.sequence.desc()).limit(1)).first()
    return (0, GENESIS) if row is None else (row.sequence, bytes(row.digest))


def digest_at(tx: Connection, sequence: int) -> bytes | None:
    """The digest of the batch with this sequence: GENESIS of 0, None of one that was never written."""
    found = tx.scalar(select(BATCH.c.digest).where(BATCH.c.sequence == sequence))
    return GENESIS if sequence == 0 else None if found is None else bytes(found)


def store_confirmed(tx: Connection, upto: int, now_ms: int) -> list[str]:
    """Mark the batches up to a sequence as confirmed; the pending transfers that waited for them."""
    due = (BATCH.c.sequence <= upto) & (BATCH.c.state == TO_BE_SENT)
    waiting = [name for text in tx.scalars(select(BATCH.c.waiting).where(due)) for name in json.loads(text)]
    tx.execute(update(BATCH).where(due).values(state=CONFIRMED, confirmed_at_ms=now_ms))
    return waiting


def store_unwound(tx: Connection, upto: int) -> None:
    """The chain has gone back to a sequence: what it told behind that is to be sent again."""
    gone = (BATCH.c.sequence > upto) & (BATCH.c.state == CONFIRMED)
    tx.execute(update(BATCH).where(gone).values(state=TO_BE_SENT, confirmed_at_ms=0))


def _outgoing(row: Row[Any]) -> Outgoing:
    batch = MirrorBatch(row.sequence, bytes(row.previous_digest), row.as_of_s, bytes(row.marks), bytes(row.runs))
    return Outgoing(
        batch, bytes(row.digest), json.loads(row.covers), row.positions, row.created_at_ms,
        tuple(json.loads(row.waiting)), row.state == CONFIRMED,
    )  # fmt: skip


# -- checkpoints -------------------------------------------------------------------------------------------------------


def store_checkpoint(tx: Connection, sequence: int, state: bytes, digest: bytes) -> None:
    """Keep a checkpoint, and the one before it."""
    before = tx.scalar(select(func.max(CHECKPOINT.c.sequence)))
    if before == sequence:
        return
    tx.execute(insert(CHECKPOINT), [{"sequence": sequence, "state": state, "digest": digest}])
    tx.execute(delete(CHECKPOINT).where(CHECKPOINT.c.sequence < (before or 0)))


def last_checkpoint(tx: Connection) -> tuple[int, bytes, bytes] | None:
    """Sequence, state and digest of the newest checkpoint."""
    row = tx.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.sequence.desc()).limit(1)).first()
    return None if row is None else (row.sequence, bytes(row.state), bytes(row.digest))


def store_waiting(tx: Connection, sequence: int, waiting: Sequence[str]) -> None:
    """Note the pending transfers that a batch's confirmation will post."""
    tx.execute(update(BATCH).where(BATCH.c.sequence == sequence).values(waiting=json.dumps(waiting)))


def waiting_from(tx: Connection, sequence: int) -> list[str]:
    """The pending transfers that wait for a batch or a later one."""
    texts = tx.scalars(select(BATCH.c.waiting).where(BATCH.c.sequence >= sequence, BATCH.c.state == TO_BE_SENT))
    return [name for text in texts for name in json.loads(text)]
