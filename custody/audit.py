"""Auditing the books from the transfers alone: nothing that is cached is believed.

A walk follows the seals over a stretch of the journal, holds every row against its checksum, and counts what it did.
Stretches are walked on their own, each from the seal before it; those that `custody.recount` finds sound need no walk.
What is found are faults with what was expected and what was found, never exceptions, whatever stands in the rows.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain, islice

from custody.accounts import Account, Totals
from custody.faults import Fault, FaultKind
from custody.journal import START, Added, Place, Seal, account_digest, checksum_of, encoded, seal_digest
from custody.recount import Recount, Row, Step
from custody.transfers import Kind, Reason, Transfer

_UNTYPED = (TypeError, ValueError, AttributeError, KeyError, struct.error)
"""What a row raises that holds no transfer: no whole number, no text, no member of an enum, more than 64 bits."""

_MOST_HOMES = 1_000_000  # how often, in all, a row that may have been moved is tried at another place


@dataclass(slots=True)
class Walk:
    """A walk along the journal from behind a seal; rows are those of `transfer`, in the order of TRANSFER_COLUMNS.

    `astray`: the rows, by position, that are not what their own checksums say. `gaps`: positions where there is none.
    """

    last: Seal = START
    recount: Recount = field(default_factory=Recount)
    faults: list[Fault] = field(default_factory=list)
    astray: dict[int, Row] = field(default_factory=dict)
    gaps: list[range] = field(default_factory=list)

    def follow(self, rows: Iterable[Row], steps: Iterable[Step]) -> None:
        """Take every row, in order of position, and reach every step's seal."""
        left = iter(rows)
        row = next(left, None)
        for step in steps:
            named, at, transfers = self._named(), self.last.position, list[bytes]()
            while row is not None and row[0] <= step.seal.position:
                self._miss(range(at + 1, row[0]))
                at = row[0]
                transfers.append(self._take(row))
                row = next(left, None)
            self._miss(range(at + 1, step.seal.position + 1))
            self._reach(step, transfers, named)

    def take_endings(self, endings: Iterable[Row]) -> None:
        """Count what leaves the pending counters.

        An ending: position, id, debit key, credit key and amount of a POST or VOID; position, kind, debit key, credit
        key and amount of what it ends, each None where that is not there.
        """
        for position, name, debit, credit, amount, pending, kind, pending_debit, pending_credit, reserved in endings:
            try:
                is_pending = kind == Kind.PENDING and pending < position and amount <= reserved
            except TypeError:
                is_pending = False
            if is_pending and (debit, credit) == (pending_debit, pending_credit):
                self.recount.release(debit, credit, reserved)
            else:
                expected = "a pending transfer between the same accounts before it"
                self.faults.append(Fault(FaultKind.RESOLVES_NOTHING, f"position {position} ({name})", expected, "none"))

    def _take(self, row: Row) -> bytes:
        """Hold a row against its checksum and count it; the transfer as its seal should be over it."""
        position, transfer = row[0], _encoded(row, row[0])
        if transfer is None or checksum_of(transfer) != row[-1]:
            self.astray[position] = row
        _, _, debit, credit, amount, _, kind, *_ = row
        if all(isinstance(number, int) for number in (debit, credit, amount, kind)):
            self.recount.count(kind, debit, credit, amount)
        return transfer or b""

    def _reach(self, step: Step, transfers: Sequence[bytes], named: int) -> None:
        """The end of a step: whether its seal is over what was found."""
        sealed = step.seal
        is_typed = all(isinstance(number, int) for number in (sealed.accounts, sealed.recorded_at_s))
        added = Added([step.opened[key] for key in sorted(step.opened)], step.closed, transfers)
        try:
            follows = seal_digest(self.last, added, sealed.position, sealed.accounts, sealed.recorded_at_s)
            is_whole = follows == sealed.digest and sealed.recorded_at_s >= self.last.recorded_at_s
            is_whole = is_whole and sealed.accounts >= self.last.accounts
        except _UNTYPED:
            follows, is_whole = b"", False
        # Where a row is named already, the seal over it says nothing that is new.
        if not is_whole and (named == self._named() or not is_typed):
            where = f"the seal at position {sealed.position}, behind position {self.last.position}"
            self.faults.append(Fault(FaultKind.SEAL_BROKEN, where, follows.hex(), _shown(sealed.digest)))
        digest = sealed.digest if isinstance(sealed.digest, bytes) else b""
        typed = sealed if is_typed else self.last
        self.last = Seal(sealed.position, typed.accounts, typed.recorded_at_s, digest)

    def _named(self) -> int:
        return len(self.faults) + len(self.astray)

    def _miss(self, gap: range) -> None:
        if gap:
            self.gaps.append(gap)
            self.faults.append(Fault(FaultKind.ROW_MISSING, span("position", gap), f"{len(gap)} transfers", "none"))


def gaps_between(first: int, last: int, keys: Iterable[int]) -> Iterator[range]:
    """The stretches of numbers from first to last that are no key."""
    expected = first
    for key in sorted(keys):
        if key > expected:
            yield range(expected, key)
        expected = max(expected, key + 1)
    if expected <= last:
        yield range(expected, last + 1)


def name_astray(astray: Mapping[int, Row], gaps: Sequence[range]) -> list[Fault]:
    """Tell rows that were moved from rows that were changed: a moved one is what its checksum says elsewhere."""
    faults = []
    for position, row in sorted(astray.items()):
        homes = islice(chain(astray, *gaps), _MOST_HOMES // len(astray))
        home = next((place for place in homes if place != position and _is_at_home(row, place)), None)
        where = f"position {position} ({row[1]})"
        if home is not None:
            faults.append(Fault(FaultKind.ROW_OUT_OF_ORDER, where, f"position {home}", f"position {position}"))
        else:
            expected = f"content with checksum {_shown(row[-1])}"
            faults.append(Fault(FaultKind.ROW_CHANGED, where, expected, "other content"))
    return faults


def compare_totals(account_id: str, recounted: Totals, stored: Totals) -> list[Fault]:
    """The counters of an account that are not what its transfers say."""
    pairs = ((one.name, getattr(recounted, one.name), getattr(stored, one.name)) for one in fields(Totals))
    return [
        Fault(FaultKind.COUNTER_CHANGED, f"{account_id} {name}", str(expected), str(found))
        for name, expected, found in pairs
        if expected != found
    ]


def is_defined(key: int, account: Account, digest: object) -> bool:
    """Whether an account's definition is the one that its digest is of."""
    try:
        return account_digest(key, account) == digest
    except _UNTYPED:
        return False


def _is_at_home(row: Row, position: int) -> bool:
    """Whether a row would be what its checksum says if it stood at this position."""
    transfer = _encoded(row, position)
    return transfer is not None and checksum_of(transfer) == row[-1]


def _encoded(row: Row, position: int) -> bytes | None:
    """The transfer in a row as it would be encoded at this position; None where there is none in it."""
    _, name, debit, credit, amount, reason, kind, pending, linked, reference, occurred_at_s, expires_at_s, _ = row
    try:
        transfer = Transfer(
            name, "", "", amount, Reason(reason), Kind(kind), "", linked, reference, occurred_at_s, expires_at_s
        )
        return encoded(transfer, Place(position, debit, credit, pending or 0))
    except _UNTYPED:
        return None


def span(what: str, numbers: range) -> str:
    """One number or the first and last of several, as a fault names them."""
    return f"{what} {numbers[0]}" if len(numbers) == 1 else f"{what}s {numbers[0]} to {numbers[-1]}"


def _shown(found: object) -> str:
    """A digest or a checksum as a person compares it."""
    if isinstance(found, bytes):
        return found.hex()
    return f"{found:08x}" if isinstance(found, int) else repr(found)
