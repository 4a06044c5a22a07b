"""A client defaults: its positions are closed, and what it owes the venue's winners is more than it has there.

The waterfall of segregated custody (specs/off_exchange_settlement.md §3): the client's delegated collateral, what it
tops up, the venue's guarantee line, the venue's capital, and then nobody: the rest stays unpaid, with the creditor's
name. No layer is another client's compartment. What its counterparties' hedges come to is `hedges.py`'s to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.accounts import Chart
from custody.transfers import Reason
from margin.insolvency.distribution import Cause, Distribution, Payment, left_over, owing, pro_rata, without_empty
from margin.waterfall import Layer, absorb


@dataclass(frozen=True, slots=True)
class ClientDefault:
    """A client whose positions at a venue are closed, in units of the settlement asset.

    `owed_units` is what each winner is still to receive for the client's losses. `top_up_units` of what is available to
    the client may be drawn on: its mandate, or what it brings. `capital_units` of the venue's collateral stand in.
    """

    client: str
    venue: str
    declared_at_s: int
    owed_units: Mapping[str, int]
    delegated_units: int
    top_up_units: int
    guarantee_units: int
    capital_units: int


def client_default(chart: Chart, facts: ClientDefault) -> Distribution:
    """Who pays the client's losses, layer by layer, and what each winner receives.

    What the guarantee and the venue paid, and what nobody paid, remains a debt of the client: to them, and to the
    creditors by name. Raises ValueError for negative figures, and for a client among its own creditors.
    """
    if facts.client in facts.owed_units:
        raise ValueError(f"{facts.client} cannot be its own creditor")
    claims = dict(sorted(facts.owed_units.items()))
    payers = {
        chart.delegated(facts.client, facts.venue): facts.delegated_units,
        chart.available(facts.client): facts.top_up_units,
        chart.guarantee(facts.venue): facts.guarantee_units,
        chart.venue_collateral(facts.venue): facts.capital_units,
    }
    absorbed = absorb(sum(claims.values()), [Layer(account.id, units) for account, units in payers.items()])
    settlement = chart.venue_settlement(facts.venue)
    into = [
        Payment(facts.declared_at_s, account, settlement, units, Reason.WATERFALL)
        for account, (_, units) in zip(payers, absorbed.drawn, strict=True)
    ]
    paid = pro_rata(sum(payment.units for payment in into), claims)
    out_of = [
        Payment(facts.declared_at_s, settlement, chart.delegated(creditor, facts.venue), units, Reason.SETTLEMENT)
        for creditor, units in paid.items()
    ]
    stood_in = {f"guarantee/{facts.venue}": into[2].units, facts.venue: into[3].units}
    debts = owing(facts.client, stood_in, Cause.STOOD_IN) + left_over(facts.client, claims, paid)
    return Distribution(without_empty([*into, *out_of]), debts)
