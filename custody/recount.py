"""The fast twin of `custody.audit`: what a stretch of sound journal did to the counters, or that it is not sound.

It names nothing. Whatever is not as it should be, a digest, a number that is none, a row too many, ends in None; then
the careful walk says what it was.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any

from custody.accounts import Totals
from custody.journal import TRANSFER_DOMAIN, Added, Seal, pack_transfer, seal_digest
from custody.transfers import Kind

Row = tuple[Any, ...]

_POSTED, _PENDING = int(Kind.POSTED), int(Kind.PENDING)
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
    """What the rows behind a seal did, if all of them and their seals are what their digests say; else None.

    `rows`: of `transfer` in order of position, in the order of TRANSFER_COLUMNS. `endings`: asks for what `audit.Walk`
    takes; nobody is asked where no row ends a pending one.
    """
    counted = Recount()
    try:
        ended = _follow(counted, last, rows, steps)
        sound = ended is not None and (ended == 0 or all(_release(counted, ending) for ending in endings()))
    except (TypeError, ValueError, AttributeError, KeyError, struct.error):  # no whole number, no text, no 64 bits
        return None
    return counted if sound else None


def _follow(counted: Recount, last: Seal, rows: Iterable[Row], steps: Iterable[Step]) -> int | None:
    """How many pending transfers the rows have ended; None where they are not sound."""
    left, at, digests, endings = iter(steps), last.position, list[bytes](), 0
    debits, credits_ = dict[int, int](), dict[int, int]()  # for these, a Counter takes twice as long
    step = next(left, None)
    end = at if step is None else step.seal.position
    # `journal.digest_of` written out: this loop does little else, a million times.
    for (
        position,
        name,
        debit,
        credit,
        amount,
        reason,
        kind,
        ended,
        linked,
        reference,
        occurred,
        expires,
        digest,
    ) in rows:
        at += 1
        packed = pack_transfer(
            TRANSFER_DOMAIN, at, debit, credit, amount, ended or 0, occurred, expires, reason, kind, linked, len(name)
        )
        if position != at or at > end or digest != sha256(packed + name.encode() + reference.encode()).digest():
            return None
        digests.append(digest)
        if kind == _POSTED:
            debits[debit] = debits.get(debit, 0) + amount
            credits_[credit] = credits_.get(credit, 0) + amount
        else:
            endings += ended is not None
            counted.count(kind, debit, credit, amount)
        if at == end and step is not None:
            if not _is_sealed(last, step, digests):
                return None
            last, step, digests = step.seal, next(left, None), []
            end = at if step is None else step.seal.position
    counted.debits_posted.update(debits)
    counted.credits_posted.update(credits_)
    return endings if step is None and at == last.position else None


def _is_sealed(last: Seal, step: Step, digests: Sequence[bytes]) -> bool:
    sealed = step.seal
    if sealed.accounts - last.accounts != len(step.opened) or sealed.recorded_at_s < last.recorded_at_s:
        return False
    added = Added([step.opened[key] for key in range(last.accounts + 1, sealed.accounts + 1)], step.closed, digests)
    return seal_digest(last, added, sealed.position, sealed.accounts, sealed.recorded_at_s) == sealed.digest


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
