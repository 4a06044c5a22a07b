"""Cycles and disputes carried on: each call is one transaction in which transfers, state and event are written as one.

The settler decides nothing: `cycle_steps` and `dispute_steps` do. What the books refuse undoes the whole call.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from custody.accounts import Chart
from custody.books import Books, BooksError
from custody.database import Database
from custody.transfers import Transfer
from settlement import cycle_steps, dispute_steps
from settlement.cut_off import Late
from settlement.cycle_record import CycleActRefusal, CycleRecord, Event, Refused, Said, Stepped
from settlement.cycle_states import Act, Actor, State
from settlement.cycle_steps import Ground
from settlement.dispute import Report
from settlement.dispute_steps import Dispute, DisputeGround, DisputeRefusal, DisputeSaid, DisputeTerms
from settlement.engine import cycle_store as store
from settlement.engine.cycle_tables import CYCLE, DISPUTE
from settlement.engine.telling import last_act, tell, tell_of
from settlement.gross import Gross
from settlement.mirror import HOUSE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: the cycle as it stands now and what was told, or why nothing happened.

    `repeated`: it was done before, nothing happened now.
    """

    cycle: CycleRecord | None = None
    events: tuple[Event, ...] = ()
    refusal: CycleActRefusal | DisputeRefusal | None = None
    detail: str = ""
    repeated: bool = False

    @property
    def ok(self) -> bool:
        return self.refusal is None


Beside = Callable[[Connection], None]
"""What is written in the same transaction."""


Also = Callable[[Connection, CycleRecord, Stepped, int], None]
"""What a step means beside the cycle, written in the same transaction: the cycle before, the step, UTC seconds."""


def nothing_else(_tx: Connection, _before: CycleRecord, _stepped: Stepped, _now_s: int) -> None:
    """A cycle is its own business."""


class _UndoneError(Exception):
    """What was begun has to be undone as a whole; the answer says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.detail)
        self.answer = answer


@dataclass(slots=True)
class Settler:
    """Whoever writes cycles. Times are UTC seconds. `fence` raises where somebody else writes by now."""

    database: Database
    books: Books
    ground: Ground
    asset: str
    dispute_terms: DisputeTerms = field(default_factory=DisputeTerms)
    fence: Beside = field(default=lambda _: None)
    also: Also = nothing_else

    def open(self, venue: str, now_s: int) -> CycleRecord:
        """The venue's open cycle; its first one where it has none."""
        with self.database.transaction() as tx:
            self.fence(tx)
            last = store.last_cycle(tx, venue)
            return last if last is not None and last.state is State.OPEN else self._open(tx, venue, last, now_s)

    def act(
        self, cycle_id: str, said: Said, now_s: int, gross: Iterable[Gross] = (), beside: Beside | None = None
    ) -> Answer:
        """Carry a cycle on by one act; `gross` is kept with it, and what `beside` writes, if it is not refused."""

        def work(tx: Connection) -> Answer:
            found = store.find_cycle(tx, cycle_id)
            if found is None:
                return Answer(refusal=CycleActRefusal.CYCLE_NOT_FOUND, detail=cycle_id)
            if cycle_steps.is_repeated(found, said, last_act(tx, cycle_id)):
                return Answer(found, repeated=True)
            answer = self._carried(tx, found, said, now_s)
            if answer.ok:
                store.write_gross(tx, cycle_id, gross)
                if beside is not None:
                    beside(tx)
            return answer

        return self._done(work)

    def dispute(self, cycle_id: str, report: Report, now_s: int) -> Answer:
        """The custodian does not sign: for each client whose due differs a dispute is opened, and its amount held."""

        def work(tx: Connection) -> Answer:
            found = store.find_cycle(tx, cycle_id)
            if found is None:
                return Answer(refusal=CycleActRefusal.CYCLE_NOT_FOUND, detail=cycle_id)
            answer = Answer(found)
            if found.state is not State.DISPUTED:  # on chain it may have been disputed before the report was written
                first = next((f"{one.kind} {one.reference}" for one in report.differences), "")
                answer = self._carried(tx, found, Said(Act.DISPUTE, Actor.CUSTODIAN, first), now_s)
            if not answer.ok:
                return answer
            told = list(answer.events)
            for dispute in dispute_steps.disputes_of(report, cycle_id, found.venue, as_json(report)):
                if store.find_dispute(tx, dispute.id) is None:
                    told += self._ruled(tx, dispute, self._opening(tx, dispute), now_s)
            return Answer(answer.cycle, tuple(told))

        return self._done(work)

    def late_fill(self, late: Late, now_s: int) -> Answer:
        """Record the break of a fill that came after its cycle was cut off: which cycle settles it now."""
        fill = late.fill
        facts = {
            "type": "timing", "venue": fill.venue, "fill": fill.id, "sequence": fill.sequence,
            "belongs_to": f"{fill.venue}/{late.belongs_to}", "settles_in": f"{fill.venue}/{late.settles_in}",
        }  # fmt: skip
        with self.database.transaction() as tx:
            name = f"break/late/{fill.id}"
            if last_act(tx, name) is None:
                tell_of(tx, name, "reconciliation.break_opened", facts, (late.heard_at_s, now_s))
                return Answer()
        return Answer(repeated=True)

    def act_on_dispute(self, dispute_id: str, said: DisputeSaid, now_s: int) -> Answer:
        """Carry a dispute on by one act."""

        def work(tx: Connection) -> Answer:
            found = store.find_dispute(tx, dispute_id)
            if found is None:
                return Answer(refusal=DisputeRefusal.DISPUTE_NOT_FOUND, detail=dispute_id)
            return Answer(events=self._ruled(tx, found, said, now_s))

        return self._done(work)

    def tick(self, now_s: int) -> list[Answer]:
        """Let silence decide wherever a deadline has come: what it comes to, the longest overdue first."""
        with self.database.snapshot() as reader:
            cycles, disputes = store.overdue(reader, CYCLE, now_s), store.overdue(reader, DISPUTE, now_s)
        silence = Said(Act.TIME_OUT, Actor.CLOCK)
        answers = [self.act(one, silence, now_s) for one in cycles]
        said = DisputeSaid(Act.TIME_OUT, str(Actor.CLOCK))
        return answers + [self.act_on_dispute(one, said, now_s) for one in disputes]

    # -- within a transaction --------------------------------------------------------------------------------------

    def _done(self, work: Any) -> Answer:
        try:
            with self.database.transaction() as tx:
                self.fence(tx)
                answer: Answer = work(tx)
                return answer
        except _UndoneError as undone:
            return undone.answer

    def _open(self, tx: Connection, venue: str, last: CycleRecord | None, at_s: int) -> CycleRecord:
        number = 1 if last is None else last.number + 1
        deadline_s = (at_s // self.ground.terms.schedule_s + 1) * self.ground.terms.schedule_s
        cycle = CycleRecord(f"{venue}/{number}", venue, number, entered_at_s=at_s, deadline_s=deadline_s)
        store.write_cycle(tx, None, cycle, (at_s, at_s))
        return cycle

    def _carried(self, tx: Connection, cycle: CycleRecord, said: Said, now_s: int) -> Answer:
        found = cycle_steps.step(cycle, said, now_s, self.ground)
        if isinstance(found, Refused):
            return Answer(cycle, refusal=found.refusal, detail=found.detail)
        told: list[Event] = []
        if said.act is Act.AGREE:
            # What a ruling has held is free first: this cycle holds what the ruling makes of it.
            for dispute in store.to_settle_in(tx, cycle.id, cycle.venue):
                settles = DisputeSaid(Act.SETTLE, str(Actor.CUSTODIAN), settles_in=cycle.id)
                told += self._ruled(tx, dispute, settles, now_s)
        if cycle.holds < found.cycle.holds:
            self._open_accounts(tx, found.cycle)
        self._post(tx, found.transfers, now_s, cycle)
        store.write_cycle(tx, cycle, found.cycle, (found.event.occurred_at_s, now_s))
        tell(tx, found.event, now_s)
        self.also(tx, cycle, found, now_s)
        if cycle.state is State.OPEN:
            self._open(tx, cycle.venue, cycle, found.cycle.cut_off_s)
        return Answer(found.cycle, (*told, found.event))

    def _ruled(self, tx: Connection, dispute: Dispute, said: DisputeSaid, now_s: int) -> tuple[Event, ...]:
        ground = DisputeGround(self.ground.standing, self.ground.charts[self.asset], self.dispute_terms)
        found = dispute_steps.step(dispute, said, now_s, ground)
        if isinstance(found, dispute_steps.Refused):
            raise _UndoneError(Answer(refusal=found.refusal, detail=found.detail))
        self._post(tx, found.transfers, now_s, None)
        at_s = found.event.occurred_at_s, now_s
        store.write_dispute(tx, found.dispute, at_s, is_new=said.act is Act.OPEN)
        tell(tx, found.event, now_s)
        return (found.event,)

    def _opening(self, tx: Connection, dispute: Dispute) -> DisputeSaid:
        chart: Chart = self.ground.charts[self.asset]
        held = dispute_steps.account_held(dispute, self.ground.standing, chart)
        spendable = self.books.totals(held.id, tx).spendable
        return DisputeSaid(Act.OPEN, dispute.opener, spendable_units=spendable)

    def _open_accounts(self, tx: Connection, cycle: CycleRecord) -> None:
        try:
            self.books.open_accounts(cycle_steps.accounts_of(cycle, self.ground), tx)
        except BooksError as why:  # one of them was closed for good
            raise _UndoneError(Answer(cycle, refusal=CycleActRefusal.BOOKS_REFUSED, detail=str(why))) from why

    def _post(self, tx: Connection, transfers: tuple[Transfer, ...], now_s: int, cycle: CycleRecord | None) -> None:
        outcomes = self.books.post_in(tx, transfers, now_s) if transfers else []
        wrong = [f"{one.transfer_id}: {one.refusal or 'posted before'}" for one in outcomes
                 if not one.ok or one.repeated]  # fmt: skip
        if wrong:
            raise _UndoneError(Answer(cycle, refusal=CycleActRefusal.BOOKS_REFUSED, detail="; ".join(wrong)))


def as_json(report: Report) -> str:
    """A report as it is kept and sent: both computations and every difference; amounts as texts."""
    told = {
        "differences": [
            {**asdict(one), "effect_units": {party: str(units) for party, units in one.effect_units.items()}}
            for one in report.differences
        ],
        "stated_dues": {party: str(units) for party, units in sorted(report.stated_dues.items())},
        "expected_dues": {party: str(units) for party, units in sorted(report.expected_dues.items())},
        "house": HOUSE,
    }
    return json.dumps(told, separators=(",", ":"))
