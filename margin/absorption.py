"""Running down a waterfall: who pays for one loss, step after step, until it is gone or a creditor has it.

Every unit of the loss is paid by a name, or unpaid to a name, whatever the venue's order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from margin.adl import Candidate, ranked, take_profits
from margin.default_waterfall import Means, Step, Waterfall
from margin.insurance_fund import Balance, payable_units
from margin.waterfall import share_among_winners


@dataclass(frozen=True, slots=True)
class Purses:
    """What there is to pay with, in units of the settlement asset, all ≥ 0.

    `of_means`: what each single payer may give, but for the insurance fund, whose history up to `now_s` is `fund`.
    `gains`: what each winner has gained since the last settlement; nobody gains what nobody loses, so they are no less
    than the loss. `candidates` for deleveraging hold the opposite side, with profits that are part of their gains;
    `long_winners` says which side that is. `claims`: every client's principal at the venue.
    """

    of_means: Mapping[Means, int]
    gains: Mapping[str, int]
    fund: Sequence[Balance] = ()
    now_s: int = 0
    candidates: Sequence[Candidate] = ()
    long_winners: bool = False
    claims: Mapping[str, int] = field(default_factory=dict)

    def available_units(self, step: Step) -> int:
        """What the one payer of a step could give if it had given nothing yet."""
        if step.means is Means.INSURANCE_FUND:
            return payable_units(self.fund, self.now_s, step.fall)
        return self.of_means.get(step.means, 0)


@dataclass(frozen=True, slots=True)
class Payment:
    """What one name paid in one step (0 for a purse that was reached and empty)."""

    means: Means
    payer: str
    units: int


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A loss, who paid for it, and which winners are left unpaid; `surplus_units`, taken beyond it, go to the fund.

    Always: loss + surplus = all payments + all that is unpaid.
    """

    loss_units: int
    payments: tuple[Payment, ...]
    surplus_units: int
    unpaid: Mapping[str, int]

    def paid_by(self, means: Means) -> int:
        return sum(payment.units for payment in self.payments if payment.means is means)


def run(waterfall: Waterfall, loss_units: int, purses: Purses) -> Absorbed:
    """Go down the steps until the loss is gone. Steps that are not reached are not listed.

    ValueError for negative figures, and for a loss beyond all gains.
    """
    _require_sense(loss_units, purses)
    payments: list[Payment] = []
    gains, missing, surplus = {name: units for name, units in purses.gains.items() if units}, loss_units, 0
    spent = dict.fromkeys(Means, 0)
    for step in waterfall.steps:
        if not missing:
            break
        paid, over = _paid(step, missing, purses, gains, spent)
        payments += paid
        spent[step.means] += sum(payment.units for payment in paid)
        missing -= sum(payment.units for payment in paid) - over
        surplus += over
        if step.means in (Means.ADL, Means.WINNERS):
            for payment in paid:
                gains[payment.payer] -= payment.units
    return Absorbed(loss_units, tuple(payments), surplus, share_among_winners(missing, gains) if missing else {})


def _paid(
    step: Step, missing: int, purses: Purses, gains: Mapping[str, int], spent: Mapping[Means, int]
) -> tuple[list[Payment], int]:
    """What a step pays of what is missing, and what it takes beyond that."""
    if step.means.of_one_payer:
        left = max(purses.available_units(step) - spent[step.means], 0)
        return [Payment(step.means, step.payer, min(left, missing))], 0
    if step.adl is not None:
        queue = ranked(purses.candidates, step.adl.rank, long_winners=purses.long_winners)
        taken = take_profits(missing, queue, step.adl)
        return [Payment(step.means, party, units) for party, units in taken.given], taken.surplus_units
    shared = share_among_winners(missing, gains if step.means is Means.WINNERS else purses.claims)
    return [Payment(step.means, party, units) for party, units in shared.items()], 0


def _require_sense(loss_units: int, purses: Purses) -> None:
    amounts = [loss_units, *purses.of_means.values(), *purses.gains.values(), *purses.claims.values()]
    amounts += [balance.units for balance in purses.fund]
    if min(amounts) < 0:
        raise ValueError("a loss and what can absorb it are non-negative amounts")
    if loss_units > sum(purses.gains.values()):
        raise ValueError(f"a loss of {loss_units} is more than all have gained: somebody is not in the books")
    for candidate in purses.candidates:
        if candidate.profit_units > purses.gains.get(candidate.party, 0):
            raise ValueError(f"{candidate.party} has a profit that is not among the gains")
