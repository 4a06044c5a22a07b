"""A venue or a custodian fails: to the micro-dollar who bears what, under each form of custody."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.losses import absorb
from margin.contagion.payers import Losses, Payer
from margin.contagion.population import Kind
from margin.contagion.regimes import regime_of
from margin.contagion.waterfalls import order_of
from margin.contagion.winners import gains_units
from tests.margin.contagion.test_engine import figures

POOLED, FENCE = "pooled_instant", "omnibus/instant/per_venue/ring_fence"
SEGREGATED = "segregated_instant"


def failed(inputs: Inputs, regime: str, **changes: float) -> Run:
    """One step before the default, then the step."""
    a = inputs.a.changed({"venue.default_at": 0.5} | {f"venue.{name}": value for name, value in changes.items()})
    made = begun(replace(inputs, a=a, regime=regime_of(regime)), audited=True)
    while not made.books.defaulted[0]:
        made.advance()
    return made


def ordinary(made: Run) -> NDArray[np.intp]:
    population = made.inputs.population
    return np.flatnonzero((population.accounts.venue == 0)
                          & (population.clients.kind[population.accounts.client] != Kind.REST))  # fmt: skip


def test_pooled_every_claim_gets_the_recovery_and_the_venues_own_money(inputs: Inputs) -> None:
    made = failed(inputs, POOLED, default_recovery=0.25, insurance_fund_usd=0.0, capital_usd=0.0)
    defaults, lost = made.defaults, made.losses.paid[Payer.VENUE_DEFAULT]
    assert defaults.frozen_units == pytest.approx(defaults.claims_units * 0.25, rel=1e-6)
    assert lost == defaults.claims_units - defaults.frozen_units
    helped = failed(inputs, POOLED, default_recovery=0.25)
    assert helped.losses.paid[Payer.VENUE_DEFAULT] / helped.defaults.claims_units < 0.75
    assert helped.books.fund[0] == helped.books.capital[0] == 0
    assert made.books.rows.lots[made.inputs.population.accounts.venue[made.books.owner] == 0].any() == 0


def test_in_compartments_only_gains_not_settled_are_lost(inputs: Inputs) -> None:
    made = failed(inputs, SEGREGATED, default_recovery=0.0, insurance_fund_usd=0.0, capital_usd=0.0)
    pooled = failed(inputs, POOLED, default_recovery=0.0, insurance_fund_usd=0.0, capital_usd=0.0)
    assert 0 < made.losses.paid[Payer.VENUE_DEFAULT] < pooled.losses.paid[Payer.VENUE_DEFAULT] / 5
    assert made.books.rows.principal[ordinary(made)].sum() > 0, "what stands with the custodian is still theirs"
    assert made.defaults.frozen_units == 0


def test_a_promised_ring_fence_ends_with_the_venue(inputs: Inputs) -> None:
    fence, pooled = (failed(inputs, one).losses.paid[Payer.VENUE_DEFAULT] for one in (FENCE, POOLED))
    assert fence == pytest.approx(pooled, rel=0.01)


def test_what_is_recovered_is_frozen_and_nobody_opens_or_tops_up_there(inputs: Inputs) -> None:
    made = failed(inputs, POOLED)
    here = ordinary(made)
    before = made.books.rows.principal[here].copy()
    for _ in range(60):
        made.advance()
    assert np.array_equal(made.books.rows.principal[here], before)
    assert not made.books.rows.lots[np.isin(made.books.owner, here)].any()


@pytest.mark.parametrize("name", [POOLED, SEGREGATED, "prime_broker"])
def test_the_fast_watch_sees_it_as_the_plain_one_does(inputs: Inputs, name: str) -> None:
    asked = replace(inputs, a=inputs.a.changed({"venue.default_at": 0.4}), regime=regime_of(name))
    assert figures(run(asked, audited=True)) == figures(run(asked, plain=True))


def test_a_trust_that_holds_costs_time_and_one_that_fails_a_part_of_what_it_held(inputs: Inputs) -> None:
    regime = regime_of("custodian_default")
    holds = run(replace(inputs, regime=regime), audited=True)
    assert holds.losses.paid[Payer.CUSTODIAN_DEFAULT] == 0
    assert not holds.status.custodian_up[0]
    assert holds.status.custodian_up[1:].any()
    fails = run(replace(inputs, a=inputs.a.changed({"custodian.recovery": 0.4}), regime=regime), audited=True)
    own = inputs.population.accounts.cash_units[ordinary(fails)].sum()
    assert 0.3 * own < fails.losses.paid[Payer.CUSTODIAN_DEFAULT] < 0.7 * own
    assert fails.tally.liquidated_usd.sum() > holds.tally.liquidated_usd.sum(), "and margins fail with it"


def test_no_default_is_assumed(inputs: Inputs) -> None:
    made = run(inputs)
    assert not made.books.defaulted.any()
    assert made.books.gone_units == 0


def test_a_hedger_that_loses_a_leg_is_told_what_the_other_costs(inputs: Inputs) -> None:
    """One account owes half of what all winners of its venue have gained, and funds and capital are nothing."""
    made = run(replace(inputs, a=inputs.a.changed({"venue.insurance_fund_usd": 0.0, "venue.capital_usd": 0.0})))
    rows, accounts = made.books.rows, inputs.population.accounts
    holds = np.add.reduceat(np.append(np.abs(rows.lots), 0), rows.first[:-1])
    poor = np.flatnonzero((accounts.venue == 0) & (holds == 0) & made.tally.liquidated)[:1].astype(np.int32)
    _, gained = gains_units(made.books, made.prices, 0)
    rows.realised[poor] -= gained.sum() // 2
    losses = Losses(rehedge_bps=10)
    absorb(made.books, made.prices, poor, order_of(made.inputs.regime), losses, sponsored=False)
    assert losses.deleveraged > 10
    assert 0 < losses.rehedging_units < losses.paid[Payer.ADL]
    assert losses.borne_units.sum() == losses.paid[Payer.ADL] + losses.paid[Payer.SOCIALISED] + losses.rehedging_units
