"""Records with numbers and contents compared one by one: fills as the venue states them and as they were booked, marks.

A fill that one side has and the other has not is missing, unless the side that has it has the very same fill under an
earlier number too: then it is there twice.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping

from settlement.reconciling.breaks import Break, BreakType, Outcome, Source
from settlement.venues.entry import Entry

Valued = Callable[[Entry], int]
"""What a fill is worth in 1e-6 USD: its effect, if it is not what it should be."""

Mark = tuple[int, int]
"""A price in 1e-6 USD and its time, UTC seconds."""


def compare_fills(
    venue: str, booked: Mapping[int, Entry], stated: Mapping[int, Entry], known: Container[int], value: Valued
) -> Outcome:
    """Fills that stand, by the venue's numbers: as they were booked and as the venue states them at the cut-off.

    `known`: the venue's accounts that the custodian has.
    """
    numbers = sorted(booked.keys() | stated.keys())
    both = Counter(booked[number] for number in booked.keys() & stated.keys())
    breaks = []
    for number in numbers:
        ours, theirs = booked.get(number), stated.get(number)
        if ours == theirs:
            continue
        if theirs is None:
            found = _on_one_side(booked[number], Source.LEDGER, known, both)
        elif ours is None:
            found = _on_one_side(theirs, Source.VENUE, known, both)
        else:
            found = _different(ours, theirs, known)
        kind, owner, said = found
        effect, since_s = abs(_effect(ours, theirs, value)), (theirs or booked[number]).occurred_at_ms // 1_000
        breaks.append(Break(kind, "fill", venue, owner, said, f"fill {number}", since_s, effect))
    return Outcome(tuple(breaks), (), len(numbers))


def compare_marks(
    venue: str, ours: Mapping[str, Mark], theirs: Mapping[str, Mark], of: Source, by: Source = Source.LEDGER
) -> Outcome:
    """The marks that a cycle was computed from, by instrument, against those of the venue or of the chain.

    `by`: whose `ours` are, `of`: whose `theirs`.
    """
    breaks = []
    for name in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(name), theirs.get(name)
        if mine == other:
            continue
        place, since_s = f"{name} at {venue}", (mine or other or (0, 0))[1]
        if mine is None or other is None:
            said = {by: mine[0] if mine else 0, of: other[0] if other else 0}
            breaks.append(Break(BreakType.MISSING, "mark", place, of if mine else by, said, "", since_s))
        elif mine[0] != other[0]:
            said = {by: mine[0], of: other[0]}
            breaks.append(Break(BreakType.MARK, "mark", place, of, said, "", since_s))
        else:
            said = {by: mine[1], of: other[1]}
            breaks.append(Break(BreakType.TIMING, "mark", place, of, said, "", since_s))
    return Outcome(tuple(breaks), (), len(ours.keys() | theirs.keys()))


_Found = tuple[BreakType, Source, Mapping[Source, int]]


def _on_one_side(entry: Entry, holder: Source, known: Container[int], both: Counter[Entry]) -> _Found:
    other = Source.VENUE if holder is Source.LEDGER else Source.LEDGER
    said = {holder: entry.lots, other: 0}
    if entry.buyer not in known or entry.seller not in known:
        return BreakType.UNKNOWN_ACCOUNT, holder, said
    if both[entry]:
        return BreakType.DUPLICATE, holder, said
    return BreakType.MISSING, other, said


def _different(ours: Entry, theirs: Entry, known: Container[int]) -> _Found:
    """The first way, in the order of `BreakType`, in which two contents of one number differ."""
    return next(_differences(ours, theirs, known))


def _differences(ours: Entry, theirs: Entry, known: Container[int]) -> Iterator[_Found]:
    if theirs.buyer not in known or theirs.seller not in known:
        yield BreakType.UNKNOWN_ACCOUNT, Source.VENUE, _said(ours.lots, theirs.lots)
    if ours.kind is not theirs.kind or ours.about != theirs.about:
        yield BreakType.STATUS, Source.LEDGER, _said(ours.kind, theirs.kind)
    if (ours.buyer, ours.seller) == (theirs.seller, theirs.buyer):
        yield BreakType.SIDE, Source.LEDGER, _said(ours.lots, -theirs.lots)
    if ours.lots != theirs.lots:
        yield BreakType.AMOUNT, Source.LEDGER, _said(ours.lots, theirs.lots)
    if ours.price_e6 != theirs.price_e6:
        yield BreakType.PRICE, Source.LEDGER, _said(ours.price_e6, theirs.price_e6)
    if ours.occurred_at_ms != theirs.occurred_at_ms:
        yield BreakType.TIMING, Source.LEDGER, _said(ours.occurred_at_ms, theirs.occurred_at_ms)
    # Another instrument, party or cause under the number: it is another record.
    yield BreakType.STATUS, Source.LEDGER, _said(ours.instrument, theirs.instrument)


def _said(ours: int, theirs: int) -> dict[Source, int]:
    return {Source.LEDGER: int(ours), Source.VENUE: int(theirs)}


def _effect(ours: Entry | None, theirs: Entry | None, value: Valued) -> int:
    """What moves if the ledger is put right: of exchanged sides, both."""
    mine, his = (value(one) if one is not None else 0 for one in (ours, theirs))
    if ours is not None and theirs is not None and ours.buyer != theirs.buyer:
        return mine + his
    return mine - his
