"""What a cycle comes to: from what each side has pinned to obligations, the same way on either side.

    period → gross → net → without the excluded → payment plan

The venue proposes what it computes; the custodian computes the same from its own mirror and marks, and signs only what
it has found itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from margin.instruments import Instrument
from settlement.gross import Gross, Period, bilateral, gross, multilateral, without
from settlement.mirror import HOUSE
from settlement.netting import Obligation, PaymentPlan, Terms, plan_payments


@dataclass(frozen=True, slots=True)
class Means:
    """What parties can pay with: spendable ledger units by party and asset, prices in 1e-6 USD per whole coin, terms.

    `venue_units`: what the venue's own collateral in the settlement asset can spend.
    """

    holdings: Mapping[str, Mapping[str, int]]
    prices_e6: Mapping[str, int]
    terms: Terms
    venue_units: int


@dataclass(frozen=True, slots=True)
class Computed:
    """A cycle as one side computes it. `dues` in 1e-6 USD are those of everybody, `paid` without the excluded."""

    gross: tuple[Gross, ...]
    dues: Mapping[str, int]
    paid: Mapping[str, int]
    plan: PaymentPlan
    short_units: int

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        return self.plan.obligations


def compute(
    period: Period, instruments: Mapping[int, Instrument], means: Means, excluded: tuple[str, ...] = ()
) -> Computed:
    """Compute a cycle; `excluded` clients keep what they are due for a later one, and the house stands in for them.

    `short_units`: by how much the venue's own collateral misses what it would have to pay.
    """
    rows = gross(period, instruments)
    dues = multilateral(bilateral(rows))
    paid = without(dues, excluded)
    plan = plan_payments(paid, means.holdings, means.prices_e6, means.terms)
    owes = -plan.of(HOUSE, means.terms.settlement_asset)
    return Computed(rows, dues, paid, plan, max(owes - means.venue_units, 0))
