"""What a cycle owes, by either side's statement: P&L since the first fill, less what cycles have settled of it.

What was left out, what nobody could pay, and whatever a failed cycle would have settled stay due by themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from margin.waterfall import share_among_winners
from settlement.cycle_record import CycleRecord
from settlement.cycle_states import State
from settlement.gross import Cause, Gross, without
from settlement.mirror import HOUSE
from settlement.netting import PaymentPlan, Terms, plan_payments

_SETTLED = frozenset({State.FINAL, State.PAID, State.CONFIRMED, State.PARTIALLY_COMPLETED})
ENDED = frozenset({State.CONFIRMED, State.PARTIALLY_COMPLETED, State.FAILED})


@dataclass(frozen=True, slots=True)
class Side:
    """A cycle as one side has it: dues by party (1e-6 USD), the plan that pays them, what the venue lacks for it."""

    dues: Mapping[str, int]
    plan: PaymentPlan
    short_units: int


@dataclass(frozen=True, slots=True)
class Purse:
    """What parties can spend now, in ledger units of the settlement asset, the house's own collateral among them."""

    units: Mapping[str, int]
    terms: Terms


@dataclass(frozen=True, slots=True)
class History:
    """A venue's cycles so far, the oldest first. `advanced`: by party what the venue has paid for it on chain, and
    with a minus what it has itself; `asset` is that of settlement.
    """

    cycles: Sequence[CycleRecord]
    advanced: Mapping[str, int]
    asset: str


def settled_units(cycles: Iterable[CycleRecord], asset: str) -> dict[str, int]:
    """What cycles have paid each party (1e-6 USD), in an asset that is one to one."""
    total: dict[str, int] = defaultdict(int)
    for cycle in cycles:
        if cycle.state in _SETTLED:
            for row in cycle.obligations:
                if row.asset == asset:
                    total[row.party] += row.units
    return dict(total)


def penalties_units(cycles: Iterable[CycleRecord], before: CycleRecord) -> dict[str, int]:
    """What lateness has cost so far: the venue owes it to those to whom it was late, by what each was to receive.

    A cycle's own penalty is due with the next.
    """
    total: dict[str, int] = defaultdict(int)
    for cycle in cycles:
        owed = {row.party: row.units for row in cycle.obligations if row.units > 0 and row.party != HOUSE}
        if cycle.number < before.number and cycle.penalty_units and owed:
            for party, units in share_among_winners(cycle.penalty_units, owed).items():
                total[party] += units
                total[HOUSE] -= units
    return dict(total)


def owed_now(profit_units: Mapping[str, int], cycle: CycleRecord, history: History) -> dict[str, int]:
    """What a cycle has to pay by one side's P&L: with earlier penalties, less what parties have settled themselves."""
    made, settled = defaultdict(int, profit_units), defaultdict(int, settled_units(history.cycles, history.asset))
    for party, units in penalties_units(history.cycles, cycle).items():
        made[party] += units
    for party, units in history.advanced.items():
        settled[party] += units
    return dues_of(made, settled)


def dues_of(profit_units: Mapping[str, int], settled: Mapping[str, int]) -> dict[str, int]:
    """What is due to each party; those that are due nothing are left out."""
    parties = sorted(profit_units.keys() | settled.keys())
    dues = {party: profit_units.get(party, 0) - settled.get(party, 0) for party in parties}
    return {party: units for party, units in dues.items() if units}


def side_of(dues: Mapping[str, int], purse: Purse, excluded: Iterable[str]) -> Side:
    """The payments that dues come to, without those that are left out."""
    asset = purse.terms.settlement_asset
    held = {party: {asset: units} for party, units in purse.units.items() if party != HOUSE}
    plan = plan_payments(without(dues, excluded), held, {asset: 10**6}, purse.terms)
    return Side(dues, plan, max(-plan.of(HOUSE, asset) - purse.units.get(HOUSE, 0), 0))


def gross_of(dues: Mapping[str, int], cycle_id: str) -> tuple[Gross, ...]:
    """Each client against the house."""
    rows = []
    for party, units in sorted(dues.items()):
        if party != HOUSE and units:
            pair = (HOUSE, party) if units > 0 else (party, HOUSE)
            rows.append(Gross(*pair, abs(units), Cause.REVALUATION, cycle_id))
    return tuple(rows)
