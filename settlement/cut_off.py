"""The cut-off: which fills and marks a cycle is computed from, pinned by their digests before anything is computed.

A fill belongs to the first cycle whose cut-off it does not come after, if that was still open when it was heard of. One
that comes too late goes into the next, with a record of the break.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from settlement.mirror import Fill


class CutOffRefusal(StrEnum):
    """Why a cut-off is not pinned; where several hold, the earlier member is the answer."""

    CUT_OFF_NOT_AFTER = "cut_off_not_after"
    CUT_OFF_IN_FUTURE = "cut_off_in_future"
    FILLS_ARE_MISSING = "fills_are_missing"
    MARKS_ARE_OF_ANOTHER_DIGEST = "marks_are_of_another_digest"
    MARK_IS_MISSING = "mark_is_missing"
    MARK_IS_AFTER_CUT_OFF = "mark_is_after_cut_off"
    MARK_IS_STALE = "mark_is_stale"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the same cut-off may be pinned later."""
        return self in (
            CutOffRefusal.CUT_OFF_IN_FUTURE,
            CutOffRefusal.FILLS_ARE_MISSING,
            CutOffRefusal.MARK_IS_MISSING,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with what it is about."""

    refusal: CutOffRefusal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """Prices (1e-6 USD per whole coin) by instrument, each as of a time (UTC seconds); `digest` is what was signed."""

    prices_e6: Mapping[int, int]
    as_of_s: Mapping[int, int]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Pinned:
    """What one cycle at one venue is computed from, for ever. `fills_digest` is that of the ids in their order."""

    venue: str
    number: int
    at_s: int
    fills: tuple[Fill, ...]
    fills_digest: bytes
    marks: Marks


@dataclass(frozen=True, slots=True)
class Late:
    """A break: a fill of cycle `belongs_to` that was heard of after its cut-off was pinned, settled in `settles_in`."""

    fill: Fill
    belongs_to: int
    settles_in: int
    heard_at_s: int


def fills_digest(fills: Iterable[Fill]) -> bytes:
    """SHA-256 over the ids of fills, ascending by the venue's number: the same set has one digest."""
    ordered = sorted(fills, key=lambda fill: fill.sequence)
    return sha256("\n".join(fill.id for fill in ordered).encode()).digest()


def pin(
    previous: Pinned | None, at_s: int, heard: Iterable[Fill], marks: Marks, *, venue: str, signed_marks: bytes,
    missing: int, stale_s: int, now_s: int,
) -> Pinned | Refused:  # fmt: skip
    """Pin a cycle's cut-off to all fills heard of that occurred up to it and that no earlier cycle has, and to marks.

    `signed_marks` is the digest that both sides name; `missing`: numbers that the venue has used and nobody has heard;
    a mark may be `stale_s` old. Instruments that need a mark are those of every fill so far.
    """
    if previous is not None and at_s <= previous.at_s:
        return Refused(CutOffRefusal.CUT_OFF_NOT_AFTER, f"previous {previous.at_s}, given {at_s}")
    if at_s > now_s:
        return Refused(CutOffRefusal.CUT_OFF_IN_FUTURE, f"given {at_s}, now {now_s}")
    if missing:
        return Refused(CutOffRefusal.FILLS_ARE_MISSING, f"{missing} numbers of {venue}")
    known = tuple(sorted((fill for fill in heard if fill.occurred_at_s <= at_s), key=lambda fill: fill.sequence))
    if refused := _mark_objection(marks, signed_marks, {fill.instrument_id for fill in known}, at_s, stale_s):
        return refused
    return Pinned(venue, 1 if previous is None else previous.number + 1, at_s, known, fills_digest(known), marks)


def of_this_cycle(pinned: Pinned, previous: Pinned | None) -> tuple[Fill, ...]:
    """The fills that are new in a cycle: late ones of earlier cycles among them."""
    before = set() if previous is None else {fill.id for fill in previous.fills}
    return tuple(fill for fill in pinned.fills if fill.id not in before)


def late(cut_offs: Iterable[Pinned], fill: Fill, heard_at_s: int) -> Late | None:
    """The break of a fill that comes too late; None where its own cycle is still open.

    `cut_offs`: all so far, in order. What is in a cycle already is not late, however often it is heard.
    """
    pins = tuple(cut_offs)
    belongs = next((one for one in pins if fill.occurred_at_s <= one.at_s), None)
    if belongs is None or any(fill.id == known.id for known in pins[-1].fills):
        return None
    return Late(fill, belongs.number, pins[-1].number + 1, heard_at_s)


def _mark_objection(marks: Marks, signed: bytes, wanted: set[int], at_s: int, stale_s: int) -> Refused | None:
    if marks.digest != signed:
        return Refused(CutOffRefusal.MARKS_ARE_OF_ANOTHER_DIGEST, f"0x{marks.digest.hex()}, signed 0x{signed.hex()}")
    if absent := sorted(wanted - marks.prices_e6.keys()):
        return Refused(CutOffRefusal.MARK_IS_MISSING, f"instrument {absent[0]}")
    times = {number: marks.as_of_s[number] for number in sorted(wanted)}
    for refusal, found in (
        (CutOffRefusal.MARK_IS_AFTER_CUT_OFF, [number for number, time_s in times.items() if time_s > at_s]),
        (CutOffRefusal.MARK_IS_STALE, [number for number, time_s in times.items() if time_s < at_s - stale_s]),
    ):
        if found:
            return Refused(refusal, f"instrument {found[0]}, of {times[found[0]]}, cut-off {at_s}")
    return None
