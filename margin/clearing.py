"""Who can pay whom when debtors are each other's creditors: the greatest vector of payments that all can make.

A debtor that can pays in full; one that cannot pays what it has, its creditors pro rata (Eisenberg and Noe, 2001); what
a default itself destroys is two shares, of what the debtor owns and of what it receives (Rogers and Veraart, 2013).
There can be several such vectors, and the greatest is best for everybody, so it is found from above: all pay in full,
then those whom that leaves short default, and so on (`fictitious default`: at most as many rounds as there are names).
Recoveries are exact fractions. What moves are ints (`whole_payments.py`): to no creditor a unit from its exact share.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

from margin.exact_solving import solve
from margin.whole_payments import Flow, in_whole_units

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Debts:
    """`assets`: what each name owns besides what the others owe it. `owed[debtor][creditor]`: ledger units, all ≥ 0.

    Who only receives is a name without debts. ValueError for a negative figure, a debt to oneself, or one to or of a
    name without assets (which may be 0).
    """

    assets: Mapping[str, int]
    owed: Mapping[str, Mapping[str, int]]

    def __post_init__(self) -> None:
        for debtor, creditors in self.owed.items():
            if not self.assets.keys() >= {debtor, *creditors} or debtor in creditors:
                raise ValueError(f"{debtor} and its creditors must be names with assets, and not its own")
        amounts = [*self.assets.values(), *(units for one in self.owed.values() for units in one.values())]
        if any(units < 0 for units in amounts):
            raise ValueError("what is owned and what is owed are non-negative amounts")

    def of(self, debtor: str, creditor: str) -> int:
        """What one owes another; 0 for nothing."""
        return self.owed.get(debtor, {}).get(creditor, 0)

    def total(self, debtor: str) -> int:
        """All that one owes."""
        return sum(self.owed.get(debtor, {}).values())


@dataclass(frozen=True, slots=True)
class DefaultCosts:
    """What remains in a default, in basis points: of the debtor's own assets (α), and of what others pay it (β)."""

    assets_bps: int = BPS
    received_bps: int = BPS

    def __post_init__(self) -> None:
        if not (0 <= self.assets_bps <= BPS and 0 <= self.received_bps <= BPS):
            raise ValueError(f"what remains in a default is from 0 to {BPS} basis points")


FREE = DefaultCosts()
"""Eisenberg and Noe: a default costs nothing."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """What is paid, in ledger units, and what each name is left with; no name pays what it has not.

    `recoveries`: the exact share of its debts that each pays. `rounds`: who defaults because of whom: the first round
    by what it owns, each further one by the default of those before. `lost`: what each default destroyed.
    """

    recoveries: Mapping[str, Fraction]
    rounds: tuple[tuple[str, ...], ...]
    payments: Mapping[tuple[str, str], int]
    left: Mapping[str, int]
    lost: Mapping[str, int]

    def paid(self, debtor: str) -> int:
        """All that one pays."""
        return sum(units for (payer, _), units in self.payments.items() if payer == debtor)

    @property
    def defaulted(self) -> frozenset[str]:
        return frozenset(name for names in self.rounds for name in names)


def clear(debts: Debts, costs: DefaultCosts = FREE) -> Clearing:
    """The greatest clearing vector, and the payments that it comes to."""
    recoveries = dict.fromkeys(debts.assets, Fraction(1))
    defaulted: set[str] = set()
    rounds = []
    while short := [name for name in debts.assets if name not in defaulted and _is_short(debts, name, recoveries)]:
        rounds.append(tuple(short))
        defaulted.update(short)
        recoveries |= _recoveries(debts, costs, [name for name in debts.assets if name in defaulted])
    return _paid_out(debts, costs, recoveries, defaulted, tuple(rounds))


def _received(debts: Debts, name: str, recoveries: Mapping[str, Fraction]) -> Fraction:
    return sum((debts.of(debtor, name) * recoveries[debtor] for debtor in debts.owed), Fraction(0))


def _is_short(debts: Debts, name: str, recoveries: Mapping[str, Fraction]) -> bool:
    return debts.total(name) > debts.assets[name] + _received(debts, name, recoveries)


def _recoveries(debts: Debts, costs: DefaultCosts, defaulted: Sequence[str]) -> dict[str, Fraction]:
    """What each of the defaulted recovers: `r_i p̄_i = α e_i + β Σ_j L_ji r_j`, those that pay in full at r = 1.

    The system has one solution: a ring that could pay any share of its debts pays all of them, so none of those that
    have defaulted on the way down from full payment is such a ring.
    """
    others = [name for name in debts.owed if name not in set(defaulted)]
    matrix = [
        [BPS * debts.total(name) if name == other else -costs.received_bps * debts.of(other, name)
         for other in defaulted]
        for name in defaulted
    ]  # fmt: skip
    certain = [
        costs.assets_bps * debts.assets[name] + costs.received_bps * sum(debts.of(other, name) for other in others)
        for name in defaulted
    ]
    return dict(zip(defaulted, solve(matrix, certain), strict=True))


def _paid_out(
    debts: Debts,
    costs: DefaultCosts,
    recoveries: Mapping[str, Fraction],
    defaulted: Set[str],
    rounds: tuple[tuple[str, ...], ...],
) -> Clearing:
    """The exact payments in whole units, so that what each name has is what it pays, keeps and loses."""
    flows = {
        Flow(debtor, creditor): units * recoveries[debtor]
        for debtor, creditors in debts.owed.items() for creditor, units in creditors.items()
    }  # fmt: skip
    for name, assets in debts.assets.items():
        received = _received(debts, name, recoveries)
        had, paid = assets + received, debts.total(name) * recoveries[name]
        flows[Flow("", name)] = Fraction(assets)
        if name in defaulted:
            flows[Flow(name, "", "lost")] = had - paid
        else:
            flows[Flow(name, "", "left")] = had - paid
    whole = in_whole_units(flows)
    return Clearing(
        recoveries=recoveries,
        rounds=rounds,
        payments={(flow.giver, flow.taker): units for flow, units in whole.items() if flow.giver and flow.taker},
        left={name: whole.get(Flow(name, "", "left"), 0) for name in debts.assets},
        lost={name: whole.get(Flow(name, "", "lost"), 0) for name in debts.assets},
    )
