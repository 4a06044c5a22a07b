"""Recounting the books from the transfers alone: nothing that is cached is believed.

An audit walks the journal once, follows the hash chain, recounts the four counters of every account and compares them
with those stored. What it finds are faults with what was expected and what was found, never exceptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from custody.accounts import Totals
from custody.journal import START, Head, Recorded, link
from custody.state import change_of, with_credits, with_debits
from custody.transfers import Kind


class FaultKind(StrEnum):
    """What is wrong with the books."""

    ROW_MISSING = "row_missing"
    ROW_CHANGED = "row_changed"
    ROW_OUT_OF_ORDER = "row_out_of_order"
    RESOLVES_NOTHING = "resolves_nothing"
    ACCOUNT_MISSING = "account_missing"
    COUNTER_CHANGED = "counter_changed"
    HEAD_CHANGED = "head_changed"
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


@dataclass(slots=True)
class Audit:
    """A walk along the journal; `take` every row in order of position, then compare with what else is stored.

    `trusted` is a head that the auditor noted earlier, elsewhere: only it can tell a journal that was rewritten as a
    whole, digests and all, from the true one.
    """

    trusted: Head | None = None
    head: Head = START
    totals: dict[str, Totals] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    astray: dict[int, Recorded] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)
    _after_gap: bool = False

    def take(self, recorded: Recorded) -> None:
        """Follow the chain to the next row and count it."""
        expected = link(self.head.digest, recorded.transfer, recorded.recorded_at_s)
        self._require_position(recorded.position)
        # After a gap the previous digest is unknown: the row cannot be judged, and the gap is named already.
        if expected != recorded.digest and not self._after_gap:
            self.astray[recorded.position] = recorded
        self._count(recorded)
        self._move_to(recorded.position, recorded.digest)

    def take_unreadable(self, position: int, digest: bytes, found: str) -> None:
        """Note a row that holds no transfer at all, and go on behind it."""
        self._require_position(position)
        self.faults.append(Fault(FaultKind.ROW_CHANGED, f"position {position}", "a transfer", found))
        self._move_to(position, digest)

    def follows_from(self, recorded: Recorded, position: int, digest: bytes) -> bool:
        """Whether a row that is astray is the untouched successor of the row with this digest; if so, it was moved."""
        if link(digest, recorded.transfer, recorded.recorded_at_s) != recorded.digest:
            return False
        self.faults.append(
            Fault(
                FaultKind.ROW_OUT_OF_ORDER,
                _place(recorded),
                f"right after the row that is at position {position}",
                f"right after position {recorded.position - 1}",
            )
        )
        return True

    def finish(self, stored_head: Head | None, stored_totals: Mapping[str, Totals]) -> list[Fault]:
        """Compare the end and the counters with the stored ones; all faults, in the order they were met."""
        for recorded in self.astray.values():
            expected = f"content with digest {recorded.digest.hex()}"
            self.faults.append(Fault(FaultKind.ROW_CHANGED, _place(recorded), expected, "other content"))
        self._compare_head(stored_head or START)
        for account_id in sorted(self.totals.keys() - stored_totals.keys()):
            self.faults.append(Fault(FaultKind.ACCOUNT_MISSING, account_id, "an account with transfers", "no account"))
        for account_id, stored in sorted(stored_totals.items()):
            self._compare_totals(account_id, self.totals.get(account_id, Totals()), stored)
        return self.faults

    def _require_position(self, position: int) -> None:
        expected = self.head.position + 1
        self._after_gap = position != expected
        if self._after_gap:
            self._missing(expected, position - 1)

    def _missing(self, first: int, last: int) -> None:
        where = f"position {first}" if first == last else f"positions {first} to {last}"
        self.faults.append(Fault(FaultKind.ROW_MISSING, where, f"{last - first + 1} transfers", "none"))

    def _move_to(self, position: int, digest: bytes) -> None:
        self.head = Head(position, digest)
        if self.trusted is not None and position == self.trusted.position and digest != self.trusted.digest:
            self._rewritten(digest.hex())

    def _rewritten(self, found: str) -> None:
        if self.trusted is not None:
            where = f"position {self.trusted.position}"
            self.faults.append(Fault(FaultKind.HISTORY_REWRITTEN, where, self.trusted.digest.hex(), found))

    def _count(self, recorded: Recorded) -> None:
        transfer, reserved = recorded.transfer, 0
        if transfer.kind is Kind.PENDING:
            self._open[transfer.id] = transfer.amount
        elif transfer.kind.resolves:
            if transfer.pending_id not in self._open:
                expected = f"{transfer.pending_id} pending at that point"
                self.faults.append(Fault(FaultKind.RESOLVES_NOTHING, _place(recorded), expected, "not pending"))
            reserved = self._open.pop(transfer.pending_id, 0)
        pending, posted = change_of(transfer, reserved)
        for account_id, moved in ((transfer.debit_account, with_debits), (transfer.credit_account, with_credits)):
            self.totals[account_id] = moved(self.totals.get(account_id, Totals()), pending, posted)

    def _compare_head(self, stored: Head) -> None:
        if self.head.position < stored.position:
            self._missing(self.head.position + 1, stored.position)
        elif self.head != stored:
            expected = f"position {self.head.position}, digest {self.head.digest.hex()}"
            found = f"position {stored.position}, digest {stored.digest.hex()}"
            self.faults.append(Fault(FaultKind.HEAD_CHANGED, "journal", expected, found))
        if self.trusted is not None and self.trusted.position > self.head.position:
            self._rewritten(f"a journal that ends at position {self.head.position}")

    def _compare_totals(self, account_id: str, recounted: Totals, stored: Totals) -> None:
        for counter in fields(Totals):
            expected, found = getattr(recounted, counter.name), getattr(stored, counter.name)
            if expected != found:
                where = f"{account_id} {counter.name}"
                self.faults.append(Fault(FaultKind.COUNTER_CHANGED, where, str(expected), str(found)))


def _place(recorded: Recorded) -> str:
    return f"position {recorded.position} ({recorded.transfer.id})"
