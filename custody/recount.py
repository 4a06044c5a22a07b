"""The fast twin of `custody.audit`: what a stretch of sound journal did to the counters, or that it is not sound.

It names nothing. Whatever is not as it should be, a seal, a number that is none, a row too many, ends in None; then
the careful walk says what it was.
"""

import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from custody.accounts import Totals
from custody.journal import Added, Seal, begin_seal, checksum_of, pack_transfer
from custody.transfers import Kind

Row = tuple[Any, ...]

_POSTED, _PENDING = int(Kind.POSTED), int(Kind.PENDING)
_PLAIN = (_POSTED, 0, 0, 0)
"""Kind, pending position, linked and expires_at_s of most transfers."""
_MOVES = (_POSTED, int(Kind.POST))


@dataclass(slots=True)
class Recount:
    """What transfers did to the counters of accounts, by key, in ledger units."""

    debits_pending: Counter[int] = field(default_factory=Counter)
    debits_posted: Counter[int] = field(default_factory=Counter)
    credits_pending: Counter[int] = field(default_factory=Counter)
    credits_posted: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Recount") -> None:
        """Count what another stretch did, too."""
        for counter in fields(Recount):
            getattr(self, counter.name).update(getattr(other, counter.name))

    def totals(self, key: int) -> Totals:
        """The counters of one account."""
        return Totals(*(getattr(self, counter.name)[key] for counter in fields(Recount)))

    def keys(self) -> set[int]:
        """Every account that a transfer has touched."""
        return {key for counter in fields(Recount) for key in getattr(self, counter.name)}

    def count(self, kind: int, debit: int, credit: int, amount: int) -> None:
        """A transfer; what ends a pending one is released apart, by `release`."""
        if kind in _MOVES:
            self.debits_posted[debit] += amount
            self.credits_posted[credit] += amount
        elif kind == _PENDING:
            self.debits_pending[debit] += amount
            self.credits_pending[credit] += amount

    def release(self, debit: int, credit: int, reserved: int) -> None:
        """All that was pending under a transfer which has ended."""
        self.debits_pending[debit] -= reserved
        self.credits_pending[credit] -= reserved


@dataclass(frozen=True, slots=True)
class Step:
    """A seal, and what happened to accounts since the one before it.

    `opened`: digests of accounts by key; `closed`: (key, closed_at_s) in order of key.
    """

    seal: Seal
    opened: Mapping[int, bytes]
    closed: Sequence[tuple[int, int]] = ()


def recount(
    last: Seal, rows: Iterable[Row], steps: Iterable[Step], endings: Callable[[], Iterable[Row]]
) -> Recount | None:
    """What the rows behind a seal did, if all of them are what their checksums and their seals say; else None.

    `rows`: of `transfer` in order of position: id, debit and credit account, amount, reason, reference, occurred_at_s,
    then "" for a transfer that is just posted, or kind, pending position (0: none), linked and expires_at_s, then the
    checksum. A position need not be told, for both are over it. `endings`: asks for what `audit.Walk` takes; nobody
    is asked where no row ends a pending one.
    """
    counted = Recount()
    try:
        ended = _follow(counted, last, rows, steps)
        sound = ended is not None and (ended == 0 or _release_all(counted, endings(), ended))
    except (TypeError, ValueError, AttributeError, KeyError, struct.error):  # no whole number, no text, no 64 bits
        return None
    return counted if sound else None


def _follow(counted: Recount, last: Seal, rows: Iterable[Row], steps: Iterable[Step]) -> int | None:
    """How many pending transfers the rows have ended; None where they are not sound."""
    seals = _Seals(last, iter(steps))
    at, stop, endings, transfers = last.position, seals.next_stop(last.position), 0, list[bytes]()
    debits, credits_ = defaultdict[int, int](int), defaultdict[int, int](int)  # a Counter takes twice as long
    # `journal.encoded` written out: this loop does little else, a million times.
    for name, debit, credit, amount, reason, reference, occurred, special, checksum in rows:
        at += 1
        kind, ended, linked, expires = map(int, special.split(" ")) if special else _PLAIN
        name_, reference_ = name.encode(), reference.encode()
        packed = pack_transfer(
            at, debit, credit, amount, ended, occurred, expires, reason, kind, linked, len(name_), len(reference_)
        )
        transfer = packed + name_ + reference_
        if checksum_of(transfer) != checksum:
            return None
        transfers.append(transfer)
        if special:
            endings += ended != 0
            counted.count(kind, debit, credit, amount)
        else:
            debits[debit] += amount
            credits_[credit] += amount
        if at == stop:
            if not seals.take(at, transfers):
                return None
            stop, transfers = seals.next_stop(at), []
    counted.debits_posted.update(debits)
    counted.credits_posted.update(credits_)
    return endings if stop == 0 and at == seals.last.position else None


_AT_ONCE = 4_096  # transfers held before they go into the digest of their seal, however many that is over


@dataclass(slots=True)
class _Seals:
    """The seals along a stretch, each held against what it should be over."""

    last: Seal
    steps: Iterator[Step]
    step: Step | None = None
    begun: Any = None

    def next_stop(self, at: int) -> int:
        """The position up to which transfers are wanted together; 0 behind the last seal."""
        if self.step is None:
            self.step = next(self.steps, None)
            if self.step is None:
                return 0
            self.begun = _begun(self.last, self.step)
        return min(self.step.seal.position, at + _AT_ONCE)

    def take(self, at: int, transfers: Sequence[bytes]) -> bool:
        """The transfers up to a stop; whether the seal is right, where it ends there."""
        if self.step is None or self.begun is None:
            return False
        self.begun.update(b"".join(transfers))
        if at == self.step.seal.position:
            if self.begun.digest() != self.step.seal.digest:
                return False
            self.last, self.step = self.step.seal, None
        return True


def _begun(last: Seal, step: Step) -> Any:
    """The beginning of the digest of a step's seal; None where the seal cannot follow the last one."""
    sealed = step.seal
    if sealed.accounts - last.accounts != len(step.opened) or sealed.recorded_at_s < last.recorded_at_s:
        return None
    added = Added([step.opened[key] for key in range(last.accounts + 1, sealed.accounts + 1)], step.closed)
    return begin_seal(last, added, sealed.position, sealed.accounts, sealed.recorded_at_s)


def _release_all(counted: Recount, endings: Iterable[Row], ended: int) -> bool:
    released = [_release(counted, ending) for ending in endings]
    return len(released) == ended and all(released)


def _release(counted: Recount, ending: Row) -> bool:
    position, _, debit, credit, amount, pending, kind, pending_debit, pending_credit, reserved = ending
    if (
        kind != _PENDING
        or pending >= position
        or amount > reserved
        or (debit, credit) != (pending_debit, pending_credit)
    ):
        return False
    counted.release(debit, credit, reserved)
    return True
