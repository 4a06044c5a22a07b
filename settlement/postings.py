"""A payment plan as ledger transfers and as on-chain obligations, for either way in which collateral stands.

Payers' legs are held (pending) when a cycle is proposed and posted when it is final; receivers' legs follow in the same
linked set, so that the venue's settlement account is never negative in between.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from custody.accounts import Account, Chart
from custody.delegation import Order, Standing, collateral_account, complete
from custody.transfers import Kind, Reason, Transfer, linked
from settlement.mirror import FUND, HOUSE
from settlement.netting import Obligation

OMNIBUS = "omnibus"
"""The holder on chain of everything that stands pooled at a venue."""


@dataclass(frozen=True, slots=True)
class Postings:
    """The two halves of a settlement in the ledger: what is held when proposed, what is paid when final."""

    holds: tuple[Transfer, ...]
    payments: tuple[Transfer, ...]

    def when_final(self, at_s: int) -> tuple[Transfer, ...]:
        """Post every hold and pay every receiver, all or none."""
        return linked(*complete(self.holds, at_s), *self.payments) if self.holds or self.payments else ()


def party_account(standing: Standing, chart: Chart, venue: str, party: str) -> Account:
    """Where a party's collateral at the venue is written; OMNIBUS only exists where collateral is pooled."""
    if party == HOUSE:
        return chart.venue_collateral(venue)
    if party == FUND:
        return chart.insurance(venue) if standing is Standing.POOLED else chart.guarantee(venue)
    if party == OMNIBUS:
        return chart.omnibus(venue)
    return collateral_account(standing, chart, party, venue)


def on_chain(standing: Standing, obligations: Iterable[Obligation]) -> tuple[Obligation, ...]:
    """What the chain settles: each party's own row, or one omnibus row per asset for all pooled clients together."""
    if standing is Standing.SEGREGATED:
        return tuple(obligations)
    net: dict[tuple[str, str], int] = defaultdict(int)
    for obligation in obligations:
        holder = obligation.party if obligation.party in (HOUSE, FUND) else OMNIBUS
        net[obligation.asset, holder] += obligation.units
    return tuple(Obligation(holder, asset, units) for (asset, holder), units in sorted(net.items()) if units)


def postings(
    standing: Standing,
    charts: Mapping[str, Chart],
    venue: str,
    obligations: Iterable[Obligation],
    order: Order,
) -> Postings:
    """The transfers of one cycle. `order.units` is not used; its id prefixes the ids of all transfers."""
    rows = tuple(obligations)
    legs = []
    for row in on_chain(standing, rows):
        chart = charts[row.asset]
        legs.append((party_account(standing, chart, venue, row.party), chart.venue_settlement(venue), row.units))
    if standing is Standing.POOLED:
        for row in rows:
            if row.party not in (HOUSE, FUND):
                chart = charts[row.asset]
                legs.append((chart.claim(row.party, venue), chart.pool(venue), row.units))
    # An owner with a negative row pays into the counter-account; one with a positive row is paid out of it.
    holds = (_leg(order, number, own, other, -units, Kind.PENDING)
             for number, (own, other, units) in enumerate(legs) if units < 0)  # fmt: skip
    payments = (_leg(order, number, other, own, units, Kind.POSTED)
                for number, (own, other, units) in enumerate(legs) if units > 0)  # fmt: skip
    return Postings(linked(*holds), linked(*payments))


def _leg(order: Order, number: int, debit: Account, credit: Account, units: int, kind: Kind) -> Transfer:
    return Transfer(
        id=f"{order.id}:{number}",
        debit_account=debit.id,
        credit_account=credit.id,
        amount=units,
        reason=Reason.SETTLEMENT,
        kind=kind,
        reference=order.reference,
        occurred_at_s=order.at_s,
    )
