"""The log of accepted instructions: from it comes the state by which the next one is judged, and nothing else.

Every call is part of somebody else's write transaction, so an instruction is in the log if, and only if, what it asked
for was done.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select, text

from custody.approvals import UNASKED, Approval, Seen, decide
from custody.custodian_tables import ACCEPTED, GOVERNS
from custody.database import Database
from custody.declined import Declined
from custody.governance import Accepted, ApprovalState, fold
from custody.instructions import Instruction
from custody.signatories import Question
from custody.signed import SignedInstruction

_KEPT = "approvals"


class InstructionLog:
    """Accepted instructions in a database, behind a genesis that is not in it."""

    def __init__(self, database: Database, genesis: ApprovalState) -> None:
        self._database = database
        self._genesis = genesis

    def state(self, tx: Connection) -> ApprovalState:
        """Who may instruct what by now: the genesis and every governing instruction since."""
        position, state = 0, self._genesis
        kept = self._database.kept.get(_KEPT)
        if isinstance(kept, tuple):
            position, state = kept
        rows = tx.execute(
            select(ACCEPTED.c.position, ACCEPTED.c.signed, ACCEPTED.c.accepted_at_s)
            .where(text(GOVERNS), ACCEPTED.c.position > position)
            .order_by(ACCEPTED.c.position)
        ).all()
        if rows:
            log = (Accepted(SignedInstruction.from_json(row.signed).instruction, row.accepted_at_s) for row in rows)
            position, state = rows[-1].position, fold(state, log)
            # The database forgets it where this transaction fails, or where somebody else may have written.
            self._database.kept[_KEPT] = (position, state)
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
