"""A client defaults where collateral is pooled: who bears what it owes the venue's winners beyond its own margin.

The waterfall of pooled custody (specs/off_exchange_settlement.md §3): the client's own margin, which is its claim on
the pool and what it tops up; the insurance fund; the venue's skin in the game; auto-deleveraged winners, in the order
of the queue; all winners, pro rata to what is left of their gains. That is the whole of any loss, for what one party
has lost the others have gained. Principal is touched only where the omnibus is not all there: the venue is then in
default too, and all claims are cleared pro rata (`pooled_default.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.accounts import Chart
from custody.transfers import Reason
from margin.insolvency.distribution import Cause, Distribution, Payment, owing, without_empty
from margin.insolvency.pooled_default import PooledDefault, pooled_default
from margin.waterfall import Layer, absorb, share_among_winners


@dataclass(frozen=True, slots=True)
class PooledClientDefault:
    """A client whose positions at a pooled venue are closed, in units of the settlement asset.

    `owed_units`: what each winner is still to receive for the client's losses. `claim_units`: every client's claim on
    the pool, the defaulter's too. `top_up_units` of what is available to the client may be drawn on. `adl_units`: in
    the order of the queue, what each winner gives up at most when it is closed at the client's bankruptcy price.
    `omnibus_units`: what is found of the omnibus. `release_s`: how long after the declaration a pool is paid out, where
    it has to be.
    """

    client: str
    venue: str
    declared_at_s: int
    release_s: int
    owed_units: Mapping[str, int]
    claim_units: Mapping[str, int]
    top_up_units: int
    fund_units: int
    capital_units: int
    adl_units: Mapping[str, int]
    omnibus_units: int


@dataclass(frozen=True, slots=True)
class _Borne:
    """The client's loss, to the unit: its own margin, of it what is topped up, the fund, the skin, and the rest.

    `gains_units` are what the winners are left with by auto-deleveraging, of which they share `shared_units`.
    """

    own_units: int
    topped_units: int
    fund_units: int
    capital_units: int
    forgone_units: Mapping[str, int]
    gains_units: Mapping[str, int]
    shared_units: int


def pooled_client_default(chart: Chart, facts: PooledClientDefault) -> Distribution:
    """Who pays into the omnibus, what each winner's claim grows by, and what the client goes on owing to whom.

    A winner that was auto-deleveraged has its claim on the venue, which has its own on the client. Raises ValueError
    for negative amounts, and for a client among its own creditors.
    """
    _require_sense(facts)
    borne, at_s, venue = _borne(facts), facts.declared_at_s, facts.venue
    topped_up = [
        Payment(at_s, chart.available(facts.client), chart.omnibus(venue), borne.topped_units, Reason.TOP_UP),
        Payment(at_s, chart.pool(venue), chart.claim(facts.client, venue), borne.topped_units, Reason.TOP_UP),
    ]
    is_whole = facts.omnibus_units >= sum(facts.claim_units.values())
    found = _settled(chart, facts, borne) if is_whole else _cleared(chart, facts, borne)
    forgone = owing(venue, borne.forgone_units, Cause.ADL)
    return Distribution(without_empty([*topped_up, *found.payments]), found.unpaid + forgone)


def _require_sense(facts: PooledClientDefault) -> None:
    if facts.client in facts.owed_units:
        raise ValueError(f"{facts.client} cannot be its own creditor")
    amounts = (facts.owed_units, facts.claim_units, facts.adl_units)
    if min((facts.top_up_units, facts.omnibus_units, *(units for one in amounts for units in one.values()))) < 0:
        raise ValueError("what is owed, claimed, found or given up are non-negative amounts")


def _borne(facts: PooledClientDefault) -> _Borne:
    loss, claim = sum(facts.owed_units.values()), facts.claim_units.get(facts.client, 0)
    owed = dict(sorted(facts.owed_units.items()))
    margin = absorb(loss, [Layer("claim", claim), Layer("top-up", facts.top_up_units)])
    venues = absorb(margin.unabsorbed_units, [Layer("fund", facts.fund_units), Layer("skin", facts.capital_units)])
    queue = [Layer(name, min(units, owed.get(name, 0))) for name, units in facts.adl_units.items()]
    deleveraged = absorb(venues.unabsorbed_units, queue)
    forgone = dict(deleveraged.drawn)
    return _Borne(
        own_units=loss - margin.unabsorbed_units,
        topped_units=margin.drawn[1][1],
        fund_units=venues.drawn[0][1],
        capital_units=venues.drawn[1][1],
        forgone_units=forgone,
        gains_units={name: units - forgone.get(name, 0) for name, units in owed.items()},
        shared_units=deleveraged.unabsorbed_units,
    )


def _settled(chart: Chart, facts: PooledClientDefault, borne: _Borne) -> Distribution:
    """The venue goes on: each winner's claim grows by what it receives, and nobody is paid out."""
    at_s, venue, pool, omnibus = facts.declared_at_s, facts.venue, chart.pool(facts.venue), chart.omnibus(facts.venue)
    shared = share_among_winners(borne.shared_units, borne.gains_units)
    payments = (
        Payment(at_s, chart.insurance(venue), omnibus, borne.fund_units, Reason.WATERFALL),
        Payment(at_s, chart.venue_collateral(venue), omnibus, borne.capital_units, Reason.WATERFALL),
        Payment(at_s, chart.claim(facts.client, venue), pool, borne.own_units, Reason.SETTLEMENT),
        *(
            Payment(at_s, pool, chart.claim(name, venue), units - shared.get(name, 0), Reason.SETTLEMENT)
            for name, units in borne.gains_units.items()
        ),
    )
    stood_in = {f"insurance/{venue}": borne.fund_units, venue: borne.capital_units}
    debts = (
        owing(facts.client, stood_in, Cause.STOOD_IN)
        + owing(facts.client, {venue: sum(borne.forgone_units.values())}, Cause.ADL)
        + owing(facts.client, shared, Cause.SOCIALISED)
    )
    return Distribution(payments, debts)


def _cleared(chart: Chart, facts: PooledClientDefault, borne: _Borne) -> Distribution:
    """The venue fails with its client: all claims end, gains before principal, and its estate has the client's debt."""
    claims = {**facts.claim_units, facts.client: facts.claim_units.get(facts.client, 0) + borne.topped_units}
    with_the_venue = PooledDefault(
        venue=facts.venue,
        declared_at_s=facts.declared_at_s,
        release_s=facts.release_s,
        unsettled_units={**borne.gains_units, facts.client: -sum(facts.owed_units.values())},
        claim_units=claims,
        omnibus_units=facts.omnibus_units + borne.topped_units,
        fund_units=facts.fund_units,
        capital_units=facts.capital_units,
    )
    return pooled_default(chart, with_the_venue)
