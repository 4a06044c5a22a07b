"""Cycles compared: what was agreed, what the books posted for it, and how it stands on the chain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from settlement.reconciling.amounts import Worth
from settlement.reconciling.breaks import Break, BreakType, Explained, Outcome, Source

_BOOKED, _SETTLED = frozenset({"paid", "confirmed", "partially_completed"}), "settled"
_ON_ITS_WAY = frozenset({"agreed", "window", "final"})
"""States after which payment may have come without the books having heard of it yet."""


@dataclass(frozen=True, slots=True)
class CycleLine:
    """A cycle of a venue. `obligations`: net ledger units by party as signed; `posted`: what the transfers that name
    the cycle have moved, the same way. `state` is the engine's, `is_settled` the chain's word on its digest.
    """

    id: str
    state: str
    is_settled: bool
    obligations: Mapping[str, int]
    posted: Mapping[str, int]
    since_s: int


def compare_cycles(cycles: Iterable[CycleLine], worth: Worth) -> Outcome:
    """A settled cycle is posted exactly as agreed, and one that the chain did not pay is not posted at all."""
    total = Outcome()
    for cycle in cycles:
        total += _standing(cycle) + _payments(cycle, worth)
    return total


def _standing(cycle: CycleLine) -> Outcome:
    is_booked = cycle.state in _BOOKED
    is_heard_of = not cycle.is_settled or is_booked or cycle.state in _ON_ITS_WAY
    if (is_booked and not cycle.is_settled) or not is_heard_of:
        said = {Source.LEDGER: int(is_booked), Source.CHAIN: int(cycle.is_settled)}
        broken = Break(BreakType.STATUS, "cycle", cycle.id, Source.LEDGER, said, cycle.state, cycle.since_s)
        return Outcome((broken,), (), 1)
    if cycle.is_settled and not is_booked:
        return Outcome((), (Explained("cycle", cycle.id, (f"{_SETTLED}, not yet heard of",)),), 1)
    return Outcome(compared=1)


def _payments(cycle: CycleLine, worth: Worth) -> Outcome:
    # What the chain has paid is due whatever the books think of the cycle, unless they may simply not know yet.
    is_due = cycle.state in _BOOKED or (cycle.is_settled and cycle.state not in _ON_ITS_WAY)
    due = cycle.obligations if is_due else {}
    breaks = []
    for party in sorted(due.keys() | cycle.posted.keys()):
        owed, paid = due.get(party, 0), cycle.posted.get(party, 0)
        if owed != paid:
            said = {Source.CHAIN: owed, Source.LEDGER: paid}
            effect = worth.effect_e6(paid - owed)
            place, kind = f"{party} in {cycle.id}", _kind(owed, paid)
            breaks.append(
                Break(kind, "payment", place, Source.LEDGER, said, cycle.id, cycle.since_s, effect)
            )  # fmt: skip
    return Outcome(tuple(breaks), (), len(due.keys() | cycle.posted.keys()))


def _kind(owed: int, paid: int) -> BreakType:
    if not paid:
        return BreakType.MISSING
    if owed * paid < 0:
        return BreakType.SIDE
    # A whole number of times more often than once.
    if owed and paid % owed == 0 and paid // owed > 1:
        return BreakType.DUPLICATE
    return BreakType.AMOUNT
