"""A movement carried on within one transaction: what the rule answers is written, transfers, state and event as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from custody import custodian_store as store
from custody.answers import Agreement, Answer
from custody.books import Books, BooksError
from custody.custodian_facts import facts_of
from custody.holds import accounts_of
from custody.lifecycles import allows
from custody.movements import Event, Movement, Refused, Said, Stepped
from custody.refusals import MovementRefusal
from custody.states import Act
from custody.steps import step


class CustodianError(BooksError):
    """The custodian's records contradict themselves, or the books refused in a transaction that is somebody else's."""


class UndoneError(Exception):
    """The books refused: what was begun has to be undone as a whole, and this is the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.detail)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Carrier:
    """Whoever writes movements; every call is part of a write transaction. Times are UTC seconds."""

    books: Books
    agreement: Agreement

    def timed_out(self, tx: Connection, movement: Movement, now_s: int) -> tuple[Movement, tuple[Event, ...]]:
        """The movement after silence has decided, where its deadline has come."""
        if not 0 < movement.deadline_s <= now_s:
            return movement, ()
        answer = self.acted(tx, movement, [Said(Act.TIME_OUT)], now_s)
        if answer.movement is None or answer.refusal is not None:
            raise CustodianError(f"movement {movement.id}: {answer.refusal} at its deadline")
        return answer.movement, answer.events

    def acted(self, tx: Connection, movement: Movement, acts: Sequence[Said], now_s: int) -> Answer:
        """Carry a movement on act by act. What it begins with may end it, so RESERVE comes only where it is listed."""
        events: list[Event] = []
        for said in acts:
            if said.act is Act.RESERVE and not allows(movement.intent.lifecycle, movement.state, Act.RESERVE):
                break
            facts = facts_of(tx, movement.intent, self.agreement.schedule)
            found = step(movement, said, now_s, facts, self.agreement.terms)
            if isinstance(found, Refused):
                return Answer(movement, tuple(events), found.refusal, found.detail)
            self._write(tx, movement, found, now_s)
            movement = found.movement
            events.append(found.event)
        return Answer(movement, tuple(events))

    def _write(self, tx: Connection, before: Movement, found: Stepped, now_s: int) -> None:
        """Transfers, state and event as one; a refusal by the books undoes all of it."""
        if found.transfers:
            if before.holds < found.movement.holds:
                self._open_accounts(tx, before)
            outcomes = self.books.post_in(tx, found.transfers, now_s)
            wrong = [
                f"{one.transfer_id}: {one.refusal or 'posted before'}" for one in outcomes if not one.ok or one.repeated
            ]
            if wrong:
                raise _undone(before, "; ".join(wrong))
        store.write(tx, found.movement, found.event, now_s)

    def _open_accounts(self, tx: Connection, movement: Movement) -> None:
        try:
            self.books.open_accounts(accounts_of(movement.intent), tx)
        except BooksError as why:  # one of them was closed for good
            raise _undone(movement, str(why)) from why


def _undone(movement: Movement, why: str) -> UndoneError:
    return UndoneError(Answer(movement, refusal=MovementRefusal.BOOKS_REFUSED, detail=why))
