"""What was posted is never edited: a correction is one more transfer, with the sides exchanged.

A correction names the transfer that it corrects in its reference, and unless the caller chooses another its id is
derived from that one's: said twice, it happens once. Whether the books still have room for it is for the ledger to
answer; what has been spent meanwhile is refused like any other overdraft.
"""

from custody.journal import Recorded
from custody.transfers import Kind, Reason, Transfer, derived_id


class CorrectionError(ValueError):
    """A transfer that has moved nothing, so that there is nothing to take back."""


def reversing(recorded: Recorded, at_s: int, transfer_id: str = "") -> Transfer:
    """The transfer that takes a recorded POSTED or POST one back in full, `occurred_at_s` being `at_s` (UTC seconds).

    `transfer_id`: "" derives it from the corrected one's. CorrectionError for a PENDING transfer, which is voided
    instead, and for a VOID: neither has moved anything.
    """
    corrected = recorded.transfer
    if corrected.kind not in {Kind.POSTED, Kind.POST}:
        advice = "void it instead" if corrected.kind is Kind.PENDING else "it only released what was reserved"
        raise CorrectionError(f"{corrected.id} at position {recorded.position} moved nothing: {advice}")
    return Transfer(
        id=transfer_id or derived_id(corrected.id, "reversed"),
        debit_account=corrected.credit_account,
        credit_account=corrected.debit_account,
        amount=corrected.amount,
        reason=Reason.CORRECTION,
        reference=corrected.id,
        occurred_at_s=at_s,
    )
