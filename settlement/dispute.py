"""What the custodian disputes, thing by thing: each fill, mark and funding that the venue states otherwise.

Both statements are computed by the same rule, so what differs in the dues is what differs in the statements, and the
effects of all differences add up to it exactly. Fills are valued at our marks, marks and funding on stated positions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from margin.instruments import Instrument
from settlement.mirror import HOUSE, Fill


@dataclass(frozen=True, slots=True)
class Statement:
    """All that one side computes a cycle from: fills since the venue's first, and marks and funding at the cut-off.

    `marks_e6`: 1e-6 USD per whole coin; `funding_units`: what one lot has paid since its listing, in 1e-6 USD.
    `settled_units`: what earlier cycles have settled with each party.
    """

    fills: tuple[Fill, ...]
    marks_e6: Mapping[int, int]
    funding_units: Mapping[int, int]
    settled_units: Mapping[str, int]


class Kind(StrEnum):
    """What differs; trades come first, for the rest follows from them."""

    FILL_NOT_KNOWN = "fill_not_known"
    """The venue states it, and the custodian has never heard of it."""
    FILL_NOT_STATED = "fill_not_stated"
    FILL_STATED_TWICE = "fill_stated_twice"
    FILL_STATED_OTHERWISE = "fill_stated_otherwise"
    MARK = "mark"
    FUNDING = "funding"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing with both figures, and by how much it makes the stated dues differ from the expected (1e-6 USD).

    `reference`: the fill's number at the venue, the instrument's id, or the party. `effect_units` sum to zero, but for
    SETTLED, of which there is one difference a party.
    """

    kind: Kind
    reference: str
    expected: str
    stated: str
    effect_units: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """Why a cycle is not co-signed: every difference, the first differing trade first, and both computations."""

    differences: tuple[Difference, ...]
    stated_dues: Mapping[str, int]
    expected_dues: Mapping[str, int]

    @property
    def disputed(self) -> dict[str, int]:
        """The parties whose dues differ, the house aside, with what is in dispute: stated less expected."""
        parties = sorted((self.stated_dues.keys() | self.expected_dues.keys()) - {HOUSE})
        apart = {one: self.stated_dues.get(one, 0) - self.expected_dues.get(one, 0) for one in parties}
        return {party: units for party, units in apart.items() if units}

    def held_units(self, party: str) -> tuple[int, int]:
        """The most that a party may have to pay, and to receive, whichever side is right: that is held meanwhile."""
        dues = self.stated_dues.get(party, 0), self.expected_dues.get(party, 0)
        return max(-min(dues), 0), max(*dues, 0)


def dues(statement: Statement, instruments: Mapping[int, Instrument]) -> dict[str, int]:
    """What each party receives (or pays, negative) in this cycle by a statement, in 1e-6 USD; the sum is zero."""
    total: dict[str, int] = defaultdict(int)
    for fill in statement.fills:
        _add(total, _worth(fill, statement.marks_e6, statement.funding_units, instruments))
    _add(total, {party: -units for party, units in statement.settled_units.items()})
    return dict(sorted(total.items()))


def differences(stated: Statement, own: Statement, instruments: Mapping[int, Instrument]) -> Report:
    """Compare what the venue states with what the custodian has. No differences: it can sign."""
    found = (
        *_of_fills(stated, own, instruments),
        *_of_marks(stated, own, instruments),
        *_of_funding(stated, own),
        *_of_settled(stated, own),
    )
    return Report(found, dues(stated, instruments), dues(own, instruments))


def _of_fills(stated: Statement, own: Statement, instruments: Mapping[int, Instrument]) -> Iterator[Difference]:
    theirs, ours = _by_number(stated.fills), _by_number(own.fills)
    numbers = sorted(theirs.keys() | ours.keys(), key=lambda one: (_first(theirs, ours, one).occurred_at_s, one))
    for number in numbers:
        told, known = theirs.get(number, []), ours.get(number, [])
        if told == known:
            continue
        effect: dict[str, int] = defaultdict(int)
        for sign, side in ((1, told), (-1, known)):
            for fill in side:
                _add(effect, _worth(fill, own.marks_e6, own.funding_units, instruments), sign)
        yield Difference(_kind(told, known), str(number), _shown(known, told), _shown(told, known), _nonzero(effect))


def _of_marks(stated: Statement, own: Statement, instruments: Mapping[int, Instrument]) -> Iterator[Difference]:
    for number, ours, theirs in _apart(own.marks_e6, stated.marks_e6):
        instrument = instruments[number]
        effect = {
            party: instrument.value_units(lots, theirs) - instrument.value_units(lots, ours)
            for party, lots in _lots(stated.fills, number).items()
        }
        yield Difference(Kind.MARK, str(number), f"{ours}e-6 USD", f"{theirs}e-6 USD", _nonzero(effect))


def _of_funding(stated: Statement, own: Statement) -> Iterator[Difference]:
    for number, ours, theirs in _apart(own.funding_units, stated.funding_units):
        effect = {party: -lots * (theirs - ours) for party, lots in _lots(stated.fills, number).items()}
        yield Difference(Kind.FUNDING, str(number), f"{ours} per lot", f"{theirs} per lot", _nonzero(effect))


def _of_settled(stated: Statement, own: Statement) -> Iterator[Difference]:
    parties = sorted(stated.settled_units.keys() | own.settled_units.keys())
    for party in parties:
        ours, theirs = own.settled_units.get(party, 0), stated.settled_units.get(party, 0)
        if ours != theirs:
            yield Difference(Kind.SETTLED, party, str(ours), str(theirs), {party: ours - theirs})


def _kind(told: list[Fill], known: list[Fill]) -> Kind:
    if not known:
        return Kind.FILL_NOT_KNOWN
    if not told:
        return Kind.FILL_NOT_STATED
    return Kind.FILL_STATED_TWICE if len(told) > len(known) else Kind.FILL_STATED_OTHERWISE


def _shown(side: list[Fill], other: list[Fill]) -> str:
    """A fill by the members in which it differs; whole where there is nothing to compare it with."""
    if not side:
        return "nothing"
    names = [one.name for one in fields(Fill) if one.name != "cause"]
    if other and len(side) == len(other):
        names = [name for name in names if getattr(side[0], name) != getattr(other[0], name)] or ["cause"]
    told = ", ".join(f"{name} {getattr(side[0], name)}" for name in names)
    return told if len(side) == 1 else f"{len(side)} times {told}"


def _worth(
    fill: Fill, marks_e6: Mapping[int, int], funding_units: Mapping[int, int], instruments: Mapping[int, Instrument]
) -> dict[str, int]:
    """What a fill has made for its buyer, and the opposite for its seller."""
    instrument, number = instruments[fill.instrument_id], fill.instrument_id
    made = instrument.value_units(fill.lots, marks_e6.get(number, 0)) - instrument.value_units(fill.lots, fill.price_e6)
    made -= fill.lots * funding_units.get(number, 0)
    return {fill.buyer: made, fill.seller: -made}


def _lots(fills: Iterable[Fill], number: int) -> dict[str, int]:
    held: dict[str, int] = defaultdict(int)
    for fill in fills:
        if fill.instrument_id == number:
            held[fill.buyer] += fill.lots
            held[fill.seller] -= fill.lots
    return held


def _by_number(fills: Iterable[Fill]) -> dict[int, list[Fill]]:
    found: dict[int, list[Fill]] = defaultdict(list)
    for fill in fills:
        found[fill.sequence].append(fill)
    return found


def _first(theirs: Mapping[int, list[Fill]], ours: Mapping[int, list[Fill]], number: int) -> Fill:
    return (ours.get(number) or theirs[number])[0]


def _apart(ours: Mapping[int, int], theirs: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    for number in sorted(ours.keys() | theirs.keys()):
        pair = ours.get(number, 0), theirs.get(number, 0)
        if pair[0] != pair[1]:
            yield number, *pair


def _add(total: dict[str, int], more: Mapping[str, int], sign: int = 1) -> None:
    for party, units in more.items():
        total[party] += sign * units


def _nonzero(effect: Mapping[str, int]) -> dict[str, int]:
    return {party: units for party, units in sorted(effect.items()) if units}
