"""What the engine keeps: reports as they came, what was refused of them, batches before they are sent, checkpoints.

One row a report, not one a fill: the body is the venue's own signed bytes, and the book is their fold. Nothing here is
ever changed but a batch's confirmation and the epoch of who leads.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Table
from sqlmodel import Field, SQLModel

from custody.tables import whole

TO_BE_SENT, CONFIRMED = 1, 2
"""States of a batch. There is no "sent": whoever wants to know asks the chain."""

_GIVEN: dict[str, bool] = {"autoincrement": False}
"""The numbers are the venues' and the contract's: no database counts them up."""


class ReportRow(SQLModel, table=True):
    """A report that was taken in: its entries from `new_from` on were news, up to `last`."""

    __tablename__ = "report"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("report", "last", "first", "new_from", "recorded_at_ms"),
        CheckConstraint("0 < first AND first <= new_from AND new_from <= last", name="report_has_news"),
        CheckConstraint("length(digest) = 32", name="report_digest_is_keccak256"),
    )

    venue: str = Field(primary_key=True)
    last: int = Field(primary_key=True, sa_type=BigInteger)
    first: int = Field(sa_type=BigInteger)
    new_from: int = Field(sa_type=BigInteger)
    body: bytes
    digest: bytes
    signature: bytes
    recorded_at_ms: int = Field(sa_type=BigInteger)


class RefusedEntryRow(SQLModel, table=True):
    """An entry of a report that was taken, which itself could not be booked: a break, until the venue explains."""

    __tablename__ = "refused_entry"
    __table_args__: ClassVar[tuple[Constraint, ...]] = whole("refused_entry", "number", "recorded_at_ms")

    venue: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    refusal: str
    recorded_at_ms: int = Field(sa_type=BigInteger)


class RefusedReportRow(SQLModel, table=True):
    """A report that was not taken, whole: where the venue has signed it, it is evidence."""

    __tablename__ = "refused_report"
    __table_args__: ClassVar[tuple[Constraint, ...]] = whole("refused_report", "first", "recorded_at_ms")

    digest: bytes = Field(primary_key=True)
    refusal: str = Field(primary_key=True)
    venue: str
    first: int = Field(sa_type=BigInteger)
    body: bytes
    signature: bytes
    recorded_at_ms: int = Field(sa_type=BigInteger)


class BatchRow(SQLModel, table=True):
    """A batch of the mirror as it is sent: written, with its digest, before that. `covers`: JSON, venue → number up to
    which its entries are told; `waiting`: JSON, ids of pending transfers that its confirmation posts.
    """

    __tablename__ = "mirror_batch"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("mirror_batch", "sequence", "as_of_s", "positions", "state", "created_at_ms", "confirmed_at_ms"),
        CheckConstraint("length(digest) = 32 AND length(previous_digest) = 32", name="mirror_batch_has_digests"),
        CheckConstraint("state BETWEEN 1 AND 2", name="mirror_batch_state_is_known"),
    )

    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_GIVEN)
    digest: bytes = Field(unique=True)
    previous_digest: bytes
    as_of_s: int = Field(sa_type=BigInteger)
    marks: bytes
    runs: bytes
    covers: str
    waiting: str
    positions: int = Field(sa_type=BigInteger)
    state: int = Field(sa_type=BigInteger)
    created_at_ms: int = Field(sa_type=BigInteger)
    confirmed_at_ms: int = Field(sa_type=BigInteger)


class CheckpointRow(SQLModel, table=True):
    """The book behind a batch, so that a start need not fold everything anew; `digest` is SHA-256 of `state`."""

    __tablename__ = "mirror_checkpoint"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("mirror_checkpoint", "sequence"),
        CheckConstraint("length(digest) = 32", name="mirror_checkpoint_digest_is_sha256"),
    )

    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_GIVEN)
    state: bytes
    digest: bytes


class LeaderRow(SQLModel, table=True):
    """Who leads: every write of a leader checks that the epoch is still its own."""

    __tablename__ = "mirror_leader"
    __table_args__: ClassVar[tuple[Constraint, ...]] = (
        *whole("mirror_leader", "id", "epoch", "since_ms"),
        CheckConstraint("id = 1", name="mirror_leader_is_one"),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_GIVEN)
    epoch: int = Field(sa_type=BigInteger)
    holder: str
    since_ms: int = Field(sa_type=BigInteger)


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


REPORT, REFUSED_ENTRY, REFUSED_REPORT = map(_table, ("report", "refused_entry", "refused_report"))
BATCH, CHECKPOINT, LEADER = map(_table, ("mirror_batch", "mirror_checkpoint", "mirror_leader"))
