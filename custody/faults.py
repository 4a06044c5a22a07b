"""What an audit of the books comes to: faults, each with what was expected and what was found, and balances."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What is wrong with the books."""

    ROW_MISSING = "row_missing"
    ROW_CHANGED = "row_changed"
    ROW_OUT_OF_ORDER = "row_out_of_order"
    ROW_NOT_SEALED = "row_not_sealed"
    SEAL_BROKEN = "seal_broken"
    RESOLVES_NOTHING = "resolves_nothing"
    ACCOUNT_MISSING = "account_missing"
    ACCOUNT_CHANGED = "account_changed"
    COUNTER_CHANGED = "counter_changed"
    HISTORY_REWRITTEN = "history_rewritten"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: where it stands, what the journal says it should be, and what is there."""

    kind: FaultKind
    where: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """One asset's posted debits and credits over all accounts, in ledger units."""

    asset: str
    debits: int
    credits: int

    @property
    def difference(self) -> int:
        """Zero in sound books."""
        return self.debits - self.credits
