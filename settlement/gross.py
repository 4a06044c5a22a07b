"""What every single thing of a cycle is worth to whom, and the nets that follow from it: bilateral, then multilateral.

The gross table is kept; a net is only ever derived from it, so that whoever doubts an obligation can add it up again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from margin.instruments import Instrument
from settlement.mirror import HOUSE, Fill, Payment

Holdings = Mapping[tuple[str, int], int]
"""Signed lots by (party, instrument); per instrument they sum to zero."""


class Cause(StrEnum):
    """What a gross obligation comes from."""

    FILL = "fill"
    PAYMENT = "payment"
    REVALUATION = "revaluation"
    """From the last cut-off's marks to this one's, of what was held then and what is held now."""


@dataclass(frozen=True, slots=True)
class Gross:
    """One thing that `debtor` owes `creditor`: 1e-6 USD, more than zero. `reference` is the fill or the instrument."""

    debtor: str
    creditor: str
    units: int
    cause: Cause
    reference: str


@dataclass(frozen=True, slots=True)
class Period:
    """A cycle's input at one venue: what was held and marked at the last cut-off, what happened since, marks now."""

    opening: Holdings
    opening_marks_e6: Mapping[int, int]
    fills: tuple[Fill, ...]
    payments: tuple[Payment, ...]
    marks_e6: Mapping[int, int]

    def closing(self) -> dict[tuple[str, int], int]:
        """What is held at the cut-off."""
        held = defaultdict(int, self.opening)
        for fill in self.fills:
            held[fill.buyer, fill.instrument_id] += fill.lots
            held[fill.seller, fill.instrument_id] -= fill.lots
        return {key: lots for key, lots in held.items() if lots}


def gross(period: Period, instruments: Mapping[int, Instrument]) -> tuple[Gross, ...]:
    """Every obligation of a cycle on its own, in the order of the input; the house stands against revaluations."""
    rows = []
    for fill in period.fills:
        worth = instruments[fill.instrument_id].value_units(fill.lots, fill.price_e6)
        rows.append(_row(fill.buyer, fill.seller, worth, Cause.FILL, fill.id))
    rows += (
        _row(one.debtor, one.creditor, one.units, Cause.PAYMENT, str(one.instrument_id)) for one in period.payments
    )
    closing = period.closing()
    for party, number in sorted(closing.keys() | period.opening.keys()):
        now = instruments[number].value_units(closing.get((party, number), 0), period.marks_e6.get(number, 0))
        then = instruments[number].value_units(
            period.opening.get((party, number), 0), period.opening_marks_e6.get(number, 0)
        )
        if party != HOUSE:
            rows.append(_row(HOUSE, party, now - then, Cause.REVALUATION, str(number)))
    return tuple(row for row in rows if row.units)


def bilateral(rows: Iterable[Gross]) -> dict[tuple[str, str], int]:
    """What the first of each pair (by name) owes the second on balance; negative where it is owed. Even pairs are left
    out.
    """
    net: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row.debtor < row.creditor:
            net[row.debtor, row.creditor] += row.units
        else:
            net[row.creditor, row.debtor] -= row.units
    return {pair: units for pair, units in sorted(net.items()) if units}


def multilateral(pairs: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """What each party receives (or pays, negative) from all others together; the sum is zero."""
    net: dict[str, int] = defaultdict(int)
    for (first, second), units in pairs.items():
        net[first] -= units
        net[second] += units
    return dict(sorted(net.items()))


def without(dues: Mapping[str, int], excluded: Iterable[str]) -> dict[str, int]:
    """The dues of a partial settlement: those excluded are left out, and the house takes over what they leave open.

    The sum stays zero, and nobody else's due changes. What is left out stays unsettled, for the next cycle.
    """
    left_out = set(excluded)
    kept = {party: units for party, units in dues.items() if party not in left_out}
    kept[HOUSE] = kept.get(HOUSE, 0) + sum(units for party, units in dues.items() if party in left_out)
    return kept


def _row(debtor: str, creditor: str, units: int, cause: Cause, reference: str) -> Gross:
    if units < 0:
        return Gross(creditor, debtor, -units, cause, reference)
    return Gross(debtor, creditor, units, cause, reference)
