"""The custodian: what is told from outside is judged by pure rules, and written with its transfers as one.

Every call reads the record, asks `steps.step`, posts the linked transfers and writes state and event in the same
transaction: nothing is lost or half done, whenever the machine stops. The same call again has the same answer, so
whoever did not hear one repeats it. Whoever writes more than a movement passes his own transaction on.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from custody import custodian_store as store
from custody import liens
from custody.answers import Agreement, Answer
from custody.approvals import UNASKED, Approval
from custody.books import Books
from custody.carrying import Carrier, CustodianError, UndoneError
from custody.database import Database
from custody.declined import Declined, Refusal
from custody.governance import ApprovalState
from custody.instruction_log import InstructionLog
from custody.intents import Intent, difference, flaw, intent_of, is_plain_id
from custody.liens import Place
from custody.movements import Block, Movement, Refused, Said
from custody.refusals import MovementRefusal
from custody.signatories import Question
from custody.signed import SignedInstruction
from custody.speaking import not_theirs
from custody.states import Act, Lifecycle, State

_DONE_BEFORE = frozenset({MovementRefusal.ACT_IS_NOT_LISTED, MovementRefusal.CONFIRMATIONS_ARE_NOT_MORE})
"""Refusals behind which there may be an act that was told twice."""


class Custodian:
    """The custodian over a database with the ledger's and the custodian's tables. Times are UTC seconds.

    That whoever speaks is who it says is for the caller to check: by a signed request, or because it is himself.
    """

    def __init__(self, database: Database, books: Books, agreement: Agreement, genesis: ApprovalState) -> None:
        self._database = database
        self._agreement = agreement
        self._carrier = Carrier(books, agreement)
        self._assets = frozenset(asset.symbol for asset in genesis.terms.assets)
        self.log = InstructionLog(database, genesis)

    # -- told from outside -----------------------------------------------------------------------------------------

    def observe(
        self,
        deposit_id: str,
        party: str,
        asset: str,
        units: int,
        reference: str,
        now_s: int,
        tx: Connection | None = None,
    ) -> Answer:
        """A deposit of ledger units was seen on chain. Its id is derived from the fact: transaction, log and block."""
        intent = Intent(Lifecycle.DEPOSIT, party, asset, units, standing=self._agreement.standing)
        said = Said(Act.OBSERVE, reference)
        return self._in_one(tx, partial(self._observed, Movement(deposit_id, intent), said, now_s))

    def observe_exit(
        self,
        exit_id: str,
        party: str,
        venue: str,
        asset: str,
        units: int,
        reference: str,
        now_s: int,
        tx: Connection | None = None,
    ) -> Answer:
        """A compartment was seen to be left on chain, with ledger units in it, by its holder alone; it has happened.

        Its id is derived from the fact, as a deposit's. Available again once the chain tells that its claims are gone.
        """
        intent = Intent(Lifecycle.EXIT, party, asset, units, venue, standing=self._agreement.standing)
        return self._in_one(tx, partial(self._observed, Movement(exit_id, intent), Said(Act.OBSERVE, reference), now_s))

    def submit(
        self,
        signed: SignedInstruction,
        now_s: int,
        answers: Mapping[Question, bool] = UNASKED,
        tx: Connection | None = None,
    ) -> Answer:
        """An instruction was handed in. Without a quorum a movement waits in `requested` for more signatures.

        `answers`: what contracts said to `signatories.questions`, asked before, for no chain is asked in a transaction.
        """
        return self._in_one(tx, partial(self._submitted, signed, now_s, answers))

    def tell(self, movement_id: str, said: Said, now_s: int, tx: Connection | None = None) -> Answer:
        """A venue, the chain or the custodian's own desk, `said.by`, did something about a movement."""
        return self._in_one(tx, partial(self._told, movement_id, said, now_s))

    def tick(self, now_s: int) -> list[Answer]:
        """Let time pass: silence decides where a deadline has come, and what was blocked is looked at again.

        Each movement in a transaction of its own. Calling it late or twice changes no outcome.
        """
        with self._database.snapshot() as reader:
            waiting = dict.fromkeys([*store.overdue(reader, now_s), *store.blocked(reader)])
        woken = [self._in_one(None, partial(self._woken, name, now_s)) for name in waiting]
        return [answer for answer in woken if answer.events]

    def keep(self, place: Place, reason: Block, units: int, now_s: int, tx: Connection | None = None) -> None:
        """Have ledger units stay in a compartment for a reason, in the place of what the reason kept before; 0 frees.

        What was proven to be owed blocks a recall or a move; VENUE_HALTED is no lien, see `halt`.
        """
        with self._within(tx) as own:
            liens.keep(own, {(place, reason): units}, now_s)

    def halt(self, venue: str, halted: bool, now_s: int, tx: Connection | None = None) -> None:
        """Let a venue take nothing, or take again: what others delegate to it is blocked meanwhile.

        Recalls are not, nor what it delegates itself.
        """
        with self._within(tx) as own:
            liens.set_halted(own, venue, halted, now_s)

    # -- in one transaction ----------------------------------------------------------------------------------------

    def _observed(self, fresh: Movement, said: Said, now_s: int, tx: Connection) -> Answer:
        stored = store.find(tx, fresh.id)
        refused = self._objection(tx, stored, fresh, said)
        if refused is not None:
            return _refused(stored, refused)
        return Answer(stored, repeated=True) if stored else self._carrier.acted(tx, fresh, [said], now_s)

    def _submitted(
        self, signed: SignedInstruction, now_s: int, answers: Mapping[Question, bool], tx: Connection
    ) -> Answer:
        intent = intent_of(signed.instruction, self._agreement.standing)
        if intent is None:
            return self._governed(signed, now_s, answers, tx)
        evidence = signed.digest().hex()
        fresh = Movement(signed.instruction.id, intent)
        stored = store.find(tx, fresh.id)
        refused = self._objection(tx, stored, fresh, Said(Act.REQUEST, evidence))
        if refused is not None:
            return _refused(stored, refused)
        movement, late = self._carrier.timed_out(tx, stored or fresh, now_s)
        if movement.state not in {State.NEW, State.REQUESTED}:
            return Answer(movement, late, repeated=not late)
        verdict = self.log.judge(tx, signed, now_s, answers)
        asked = [Said(Act.REQUEST, evidence)] if stored is None else []
        if isinstance(verdict, Approval):
            self.log.append(tx, verdict)
            return self._carrier.acted(tx, movement, [*asked, Said(Act.APPROVE, evidence), Said(Act.RESERVE)], now_s)
        if verdict.refusal is not Refusal.QUORUM_IS_NOT_REACHED:
            return _declined(stored, verdict)
        return replace(self._carrier.acted(tx, movement, asked, now_s), declined=verdict, repeated=stored is not None)

    def _governed(
        self, signed: SignedInstruction, now_s: int, answers: Mapping[Question, bool], tx: Connection
    ) -> Answer:
        verdict = self.log.judge(tx, signed, now_s, answers)
        if isinstance(verdict, Approval):
            self.log.append(tx, verdict)
            return Answer()
        return Answer(repeated=True) if verdict.refusal is Refusal.ALREADY_ACCEPTED else _declined(None, verdict)

    def _told(self, movement_id: str, said: Said, now_s: int, tx: Connection) -> Answer:
        stored = store.find(tx, movement_id)
        if stored is None:
            return _refused(None, Refused(MovementRefusal.MOVEMENT_NOT_FOUND, movement_id))
        if (strangers := not_theirs(stored.intent, said)) is not None:
            return _refused(None, strangers)
        movement, late = self._carrier.timed_out(tx, stored, now_s)
        answer = self._carrier.acted(tx, movement, [said], now_s)
        if answer.refusal in _DONE_BEFORE and (before := store.references(tx, movement_id, said.act)):
            if said.evidence in before:
                return Answer(movement, late, repeated=True)
            if said.act is not Act.CONFIRM:
                refusal = MovementRefusal.SAID_BEFORE_WITH_DIFFERENT_REFERENCE
                return Answer(movement, late, refusal, f"{said.act} was said with {before[-1]!r}")
        return replace(answer, events=(*late, *answer.events))

    def _woken(self, movement_id: str, now_s: int, tx: Connection) -> Answer:
        stored = store.find(tx, movement_id)
        if stored is None:
            raise CustodianError(f"movement {movement_id} is gone")
        movement, late = self._carrier.timed_out(tx, stored, now_s)
        if late or movement.state is not State.BLOCKED:
            return Answer(movement, late)
        return self._carrier.acted(tx, movement, [Said(Act.RESERVE)], now_s)

    def _objection(self, tx: Connection, stored: Movement | None, fresh: Movement, said: Said) -> Refused | None:
        """What stands against beginning a movement, or against beginning it again."""
        if not is_plain_id(fresh.id):
            return Refused(MovementRefusal.ID_IS_MALFORMED, fresh.id[:80])
        if stored is None:
            wrong = flaw(fresh.intent, self._assets, self._agreement.venues)
            return None if wrong is None else Refused(wrong)
        other = difference(stored.intent, fresh.intent)
        if other is not None:
            return Refused(other, fresh.id)
        if said.evidence not in store.references(tx, fresh.id, said.act):
            return Refused(MovementRefusal.SAID_BEFORE_WITH_DIFFERENT_REFERENCE, fresh.id)
        return None

    def _in_one(self, tx: Connection | None, work: Callable[[Connection], Answer]) -> Answer:
        """Do the work in the caller's transaction, or in one of its own, which is undone where the books refuse."""
        try:
            with self._within(tx) as own:
                return work(own)
        except UndoneError as undone:
            if tx is not None:
                raise CustodianError(undone.answer.detail) from undone
            return undone.answer

    @contextmanager
    def _within(self, tx: Connection | None) -> Iterator[Connection]:
        if tx is not None:
            yield tx
        else:
            with self._database.transaction() as own:
                yield own


def _refused(movement: Movement | None, refused: Refused) -> Answer:
    return Answer(movement, refusal=refused.refusal, detail=refused.detail)


def _declined(movement: Movement | None, verdict: Declined) -> Answer:
    detail = f"{verdict.refusal}: {verdict.detail}"
    return Answer(movement, refusal=MovementRefusal.APPROVAL_WAS_DECLINED, detail=detail, declined=verdict)
