"""A pooled venue defaults: its clients have claims on one omnibus account, and what is not there is shared by all.

The waterfall of pooled custody (specs/off_exchange_settlement.md §3): a loser's own margin, which for the house is what
the venue posted; the insurance fund; the rest of what the venue posted; the winners' gains; and then the rest of all
claims, pro rata. Auto-deleveraging comes before the declaration: its fills are in the declared profit and loss.
Unlike in compartments (`venue_default.py`) principal can be lost here, when the omnibus is not all found: after gains.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.accounts import Account, Chart
from custody.transfers import Reason
from margin.insolvency.distribution import Distribution, Payment, Unpaid, left_over, pro_rata, without_empty
from margin.waterfall import Layer, absorb, share_among_winners


@dataclass(frozen=True, slots=True)
class PooledDefault:
    """A pooled venue that is declared in default, in units of the settlement asset.

    `unsettled_units`: each client's unsettled P&L at the declared marks, signed. `claim_units`: its claim on the pool.
    `omnibus_units`: what is found of the omnibus. `release_s`: how long after the declaration it is paid out.
    """

    venue: str
    declared_at_s: int
    release_s: int
    unsettled_units: Mapping[str, int]
    claim_units: Mapping[str, int]
    omnibus_units: int
    fund_units: int
    capital_units: int


def pooled_default(chart: Chart, facts: PooledDefault) -> Distribution:
    """Who pays into the omnibus, what each client receives out of it, and who has a claim on whom.

    Every claim on the pool ends; what of it was not paid is a claim on the venue's estate, which keeps what is over.
    Raises ValueError for negative amounts.
    """
    if min((*facts.claim_units.values(), facts.omnibus_units), default=0) < 0:
        raise ValueError("claims and the omnibus are non-negative amounts")
    worth = {client: claim + facts.unsettled_units.get(client, 0) for client, claim in _claims(facts).items()}
    owed = {client: max(units, 0) for client, units in worth.items()}
    lacking = max(sum(owed.values()) - facts.omnibus_units, 0)
    payers = _payers(chart, facts)
    absorbed = absorb(lacking, [Layer(account.id, units) for account, units in payers])
    shared = share_among_winners(absorbed.unabsorbed_units, facts.unsettled_units)
    kept = {client: units - shared.get(client, 0) for client, units in owed.items()}
    paid = pro_rata(facts.omnibus_units + lacking - absorbed.unabsorbed_units, kept)
    omnibus = chart.omnibus(facts.venue)
    into = [
        Payment(facts.declared_at_s, account, omnibus, units, Reason.WATERFALL)
        for (account, _), (_, units) in zip(payers, absorbed.drawn, strict=True)
    ]
    debts = tuple(Unpaid(client, facts.venue, -units) for client, units in worth.items() if units < 0)
    ended = [*into, *_losses(chart, facts), *_payouts(chart, facts, paid)]
    return Distribution(without_empty(ended), left_over(facts.venue, owed, paid) + debts)


def _payers(chart: Chart, facts: PooledDefault) -> list[tuple[Account, int]]:
    """In order: what the house lost to its clients comes out of its own margin; the fund; the rest of the venue's own.

    Positions sum to zero, so what the clients have gained together the house has lost.
    """
    own_units = min(facts.capital_units, max(sum(facts.unsettled_units.values()), 0))
    own = chart.venue_collateral(facts.venue)
    fund = chart.insurance(facts.venue)
    return [(own, own_units), (fund, facts.fund_units), (own, facts.capital_units - own_units)]


def _claims(facts: PooledDefault) -> dict[str, int]:
    """Everybody's claim, of those too who have none but a gain or a loss."""
    clients = sorted(facts.claim_units.keys() | facts.unsettled_units.keys())
    return {client: facts.claim_units.get(client, 0) for client in clients}


def _own_loss(facts: PooledDefault, client: str) -> int:
    return min(max(-facts.unsettled_units.get(client, 0), 0), facts.claim_units.get(client, 0))


def _losses(chart: Chart, facts: PooledDefault) -> list[Payment]:
    """A loser's claim is worth less by its loss; the omnibus behind it is for the others."""
    venue, pool = facts.venue, chart.pool(facts.venue)
    return [
        Payment(facts.declared_at_s, chart.claim(client, venue), pool, _own_loss(facts, client), Reason.SETTLEMENT)
        for client in sorted(facts.claim_units)
    ]


def _payouts(chart: Chart, facts: PooledDefault, paid: Mapping[str, int]) -> list[Payment]:
    """What is left of each claim ends, and its owner has what is paid for it."""
    venue, at_s, payouts = facts.venue, facts.declared_at_s + facts.release_s, []
    for client, units in paid.items():
        left = facts.claim_units.get(client, 0) - _own_loss(facts, client)
        payouts += [
            Payment(at_s, chart.omnibus(venue), chart.available(client), units, Reason.RECALL),
            Payment(at_s, chart.claim(client, venue), chart.pool(venue), left, Reason.RECALL),
        ]
    return payouts
