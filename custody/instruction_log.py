"""The log of accepted instructions: from it comes the state by which the next one is judged, and nothing else.

Every call is part of somebody else's write transaction, so an instruction is in the log if, and only if, what it asked
for was done. The state is folded once and then carried on from the last instruction that is in it, which is looked at
again each time: whoever else has written to the log has only added to it, and where it is another log (a copy that was
put back), the fold begins anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from custody.approvals import UNASKED, Approval, Seen, decide
from custody.custodian_tables import ACCEPTED, GOVERNS
from custody.database import Database
from custody.declined import Declined
from custody.governance import Accepted, ApprovalState, fold
from custody.instructions import Instruction
from custody.signatories import Question
from custody.signed import SignedInstruction

_KEPT = "approvals"
_Entry = Row[Any, Any, Any, Any]
"""Position, digest, signed instruction, and when it was accepted (UTC seconds)."""


@dataclass(frozen=True, slots=True)
class _Folded:
    """The state after the log up to a position (0: none of it), where the instruction with this digest stands."""

    genesis: ApprovalState
    state: ApprovalState
    position: int = 0
    digest: bytes = b""


class InstructionLog:
    """Accepted instructions in a database, behind a genesis that is not in it."""

    def __init__(self, database: Database, genesis: ApprovalState) -> None:
        self._database = database
        self._genesis = genesis

    def state(self, tx: Connection) -> ApprovalState:
        """Who may instruct what by now: the genesis and every governing instruction since."""
        kept = self._database.kept_of_logs.get(_KEPT)
        if isinstance(kept, _Folded) and kept.genesis is self._genesis:
            rows = _governing(tx, kept.position)
            if rows and (rows[0].position, bytes(rows[0].digest)) == (kept.position, kept.digest):
                return self._carried_on(tx, kept, rows[1:])
        return self._carried_on(tx, _Folded(self._genesis, self._genesis), _governing(tx, 0))

    def _carried_on(self, tx: Connection, folded: _Folded, rows: Sequence[_Entry]) -> ApprovalState:
        if not rows:
            return folded.state
        log = (Accepted(SignedInstruction.from_json(row.signed).instruction, row.accepted_at_s) for row in rows)
        state = fold(folded.state, log)
        # Forgotten where this transaction fails. After a savepoint within it the last row is gone, and nothing is
        # appended before it has been looked for.
        last = rows[-1]
        self._database.kept_of_logs[_KEPT] = _Folded(self._genesis, state, last.position, bytes(last.digest))
        return state

    def judge(
        self, tx: Connection, signed: SignedInstruction, now_s: int, answers: Mapping[Question, bool] = UNASKED
    ) -> Approval | Declined:
        """Accept or decline by the state as it is; nothing is written. `now_s`: UTC seconds."""
        return decide(self.state(tx), signed, now_s, self._seen(tx, signed.instruction), answers)

    def append(self, tx: Connection, approval: Approval) -> None:
        """Write down what was accepted; the database refuses a second one with its id or its party's nonce."""
        instruction = approval.signed.instruction
        row = {
            "id": instruction.id,
            "digest": approval.digest,
            "authority": instruction.authority,
            "nonce": instruction.nonce,
            "operation": instruction.operation.value,
            "governs": int(instruction.operation.governs),
            "signed": approval.signed.to_json(),
            "accepted_at_s": approval.accepted_at_s,
        }
        tx.execute(insert(ACCEPTED), [row])

    def _seen(self, tx: Connection, instruction: Instruction) -> Seen:
        digest = tx.scalar(select(ACCEPTED.c.digest).where(ACCEPTED.c.id == instruction.id))
        nonce = select(ACCEPTED.c.position).where(
            ACCEPTED.c.authority == instruction.authority, ACCEPTED.c.nonce == instruction.nonce
        )
        return Seen(None if digest is None else bytes(digest), tx.scalar(nonce) is not None)


def _governing(tx: Connection, position: int) -> Sequence[_Entry]:
    """The governing instructions from a position on, in the log's order."""
    wanted = select(ACCEPTED.c.position, ACCEPTED.c.digest, ACCEPTED.c.signed, ACCEPTED.c.accepted_at_s)
    from_there = wanted.where(text(GOVERNS), ACCEPTED.c.position >= position)
    return tx.execute(from_there.order_by(ACCEPTED.c.position)).all()
