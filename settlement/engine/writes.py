"""The engine's transactions, each fenced by its epoch: reports with their batches, confirmations, what is undone.

Money moves in the same transactions: pending with the batch that it belongs to, posted when that is confirmed, voided
if the contract refuses it for good. Ids are derived from the batch, so nothing is posted twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from custody.books import Books
from custody.transfers import Kind, Reason, Transfer, derived_id
from settlement.engine import stored
from settlement.engine.election import Leadership
from settlement.engine.intake import Intake
from settlement.engine.restoring import checkpoint, restore
from settlement.engine.stored import Outgoing, Taken
from settlement.engine.threads import on_thread
from settlement.engine.verdicts import EntryRefusal
from settlement.reports import Report

Charge = Callable[[Outgoing], Sequence[Transfer]]
"""The PENDING transfers that come with a batch and are posted when it is confirmed; one that the books refuse is owed
by nobody, for a batch does not wait for money."""


@dataclass(slots=True)
class Writes:
    """What a leader does to its database. `checkpoint_every`: reports."""

    leadership: Leadership
    intake: Intake
    now_ms: Callable[[], int]
    charge: Charge
    checkpoint_every: int
    _kept_at: int = 0

    def restore(self) -> tuple[int, list[Outgoing]]:
        with self.leadership.database.snapshot() as tx:
            restore(self.intake, tx)
            confirmed = stored.last_confirmed(tx)
            return confirmed, stored.batches_after(tx, confirmed)

    def proven(self, venue: str) -> tuple[list[Taken], frozenset[int]]:
        """All of a venue's reports so far, and the numbers that were not as signed."""
        with self.leadership.database.snapshot() as tx:
            reports = list(stored.reports_after(tx, venue, 0))
            last = reports[-1].report.last if reports else 0
            return reports, frozenset(stored.refused_as(tx, venue, 1, last, EntryRefusal.NOT_AS_SIGNED))

    def take(self, reports: Sequence[Report], cut: bool) -> list[Outgoing]:
        """Reports and the batches that they fill; with `cut` also what is not full."""
        now_ms = self.now_ms()
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            out = self.intake.take(tx, reports, now_ms)
            if cut:
                out += self.intake.cut(tx, now_ms)
            out = [self._charged(tx, one, now_ms) for one in out]
            if self.intake.taken - self._kept_at >= self.checkpoint_every and not self.intake.book.is_dirty:
                checkpoint(self.intake, tx)
                self._kept_at = self.intake.taken
        return out

    def _charged(self, tx: Connection, out: Outgoing, now_ms: int) -> Outgoing:
        transfers = self.charge(out)
        if not transfers:
            return out
        books = Books(self.leadership.database)
        answers = books.post_in(tx, transfers, now_ms // 1000)
        waiting = tuple(answer.transfer_id for answer in answers if answer.ok)
        stored.store_waiting(tx, out.batch.sequence, waiting)
        return out

    async def confirm(self, upto: int) -> None:
        await on_thread(self._end, upto, Kind.POST)

    async def refuse(self, batch: Outgoing) -> None:
        await on_thread(self._void, batch.batch.sequence)

    async def unwind(self, upto: int) -> Sequence[Outgoing]:
        return await on_thread(self._unwind, upto)

    async def digest_at(self, sequence: int) -> bytes | None:
        return await on_thread(self._digest_at, sequence)

    def _end(self, upto: int, kind: Kind) -> None:
        now_ms = self.now_ms()
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            self._resolve(tx, stored.store_confirmed(tx, upto, now_ms), kind, now_ms)

    def _void(self, sequence: int) -> None:
        now_ms = self.now_ms()
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            self._resolve(tx, stored.waiting_from(tx, sequence), Kind.VOID, now_ms)

    def _resolve(self, tx: Connection, waiting: Sequence[str], kind: Kind, now_ms: int) -> None:
        if waiting:
            word = "post" if kind is Kind.POST else "void"
            ends = [
                Transfer(derived_id(name, word), "", "", 0, Reason.TRADE_FEE, kind, pending_id=name) for name in waiting
            ]
            Books(self.leadership.database).post_in(tx, ends, now_ms // 1000)

    def _unwind(self, upto: int) -> Sequence[Outgoing]:
        with self.leadership.database.transaction() as tx:
            stored.require_epoch(tx, self.leadership.epoch)
            stored.store_unwound(tx, upto)
            return stored.batches_after(tx, upto)

    def _digest_at(self, sequence: int) -> bytes | None:
        with self.leadership.database.snapshot() as tx:
            return stored.digest_at(tx, sequence)
