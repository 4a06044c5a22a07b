"""A venue defaults: positions are closed at declared marks, unsettled gains become claims, and compartments go home.

(specs/off_exchange_settlement.md §3.) The venue's collateral at the custodian pays the winners first, pro rata; then
its guarantee line; then what the losers owe, each up to its own compartment. What is left in a compartment is released
to its client when the claims on it are settled; what the losers paid beyond the winners' claims stays in the venue's
settlement account, for its estate. Principal is never shared: a client loses its gains at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.accounts import Chart
from custody.transfers import Reason
from margin.insolvency.distribution import Distribution, Payment, Unpaid, left_over, pro_rata, without_empty
from margin.waterfall import Layer, absorb


@dataclass(frozen=True, slots=True)
class VenueDefault:
    """A venue that is declared in default, in units of the settlement asset.

    `unsettled_units`: each client's unsettled P&L at the declared marks, signed. `delegated_units`: what stands in its
    compartment. `release_s`: how long after the declaration compartments are released.
    """

    venue: str
    declared_at_s: int
    release_s: int
    unsettled_units: Mapping[str, int]
    delegated_units: Mapping[str, int]
    collateral_units: int
    guarantee_units: int


def venue_default(chart: Chart, facts: VenueDefault) -> Distribution:
    """Who pays whom, what is released when, and who has a claim on whom. Negative amounts raise ValueError."""
    venue, at_s = facts.venue, facts.declared_at_s
    settlement = chart.venue_settlement(venue)
    claims = {client: units for client, units in sorted(facts.unsettled_units.items()) if units > 0}
    losses = {client: -units for client, units in sorted(facts.unsettled_units.items()) if units < 0}
    own = {client: min(owed, facts.delegated_units.get(client, 0)) for client, owed in losses.items()}
    stand_in = {
        chart.venue_collateral(venue): facts.collateral_units,
        chart.guarantee(venue): facts.guarantee_units,
    }
    drawn = absorb(sum(claims.values()), [Layer(account.id, units) for account, units in stand_in.items()]).drawn
    into = [
        Payment(at_s, account, settlement, units, Reason.WATERFALL)
        for account, (_, units) in zip(stand_in, drawn, strict=True)
    ]
    into += [
        Payment(at_s, chart.delegated(client, venue), settlement, units, Reason.SETTLEMENT)
        for client, units in own.items()
    ]
    paid = pro_rata(sum(payment.units for payment in into), claims)
    gains = [
        Payment(at_s, settlement, chart.available(client), units, Reason.SETTLEMENT) for client, units in paid.items()
    ]
    released = [
        Payment(
            at_s + facts.release_s,
            chart.delegated(client, venue),
            chart.available(client),
            units - own.get(client, 0),
            Reason.RECALL,
        )
        for client, units in sorted(facts.delegated_units.items())
    ]
    debts = tuple(Unpaid(client, venue, owed - own[client]) for client, owed in losses.items() if owed > own[client])
    return Distribution(without_empty([*into, *gains, *released]), left_over(venue, claims, paid) + debts)
