"""Venues with terms of their own: what they change, where they change it, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.inputs.venue_file import venue_in
from margin.contagion.record import digest_of
from margin.contagion.regimes import Call, regime_of
from margin.contagion.terms import terms_of
from margin.contagion.trial import digest_of as assumptions_digest
from margin.contagion.venues import MOST, Venue, VenueError, default_venues, with_own


def with_first(inputs: Inputs, own: Venue, channels: Channels = Channels.NONE) -> Inputs:
    """The largest venue's terms are these."""
    return replace(inputs, channels=channels, venues=with_own(default_venues(inputs.a), own, "venue_1"))


def liquidated(made: Run) -> tuple[int, int]:
    """Accounts at the largest venue, and at all others."""
    first = made.inputs.population.accounts.venue == 0
    return int(made.tally.liquidated[first].sum()), int(made.tally.liquidated[~first].sum())


def rates(a: Assumptions, factor: int) -> tuple[int, ...]:
    return tuple(one.maintenance_ppm * factor for one in a.instruments)


def test_margin_rates_are_those_of_the_venue_alone(inputs: Inputs) -> None:
    common = liquidated(run(replace(inputs, channels=Channels.NONE)))
    strict = liquidated(run(with_first(inputs, Venue("own", rates(inputs.a, 4)))))
    same = liquidated(run(with_first(inputs, Venue("own", rates(inputs.a, 1)))))
    assert common == same
    assert strict[0] > common[0]
    assert strict[1] == common[1]


def tiered(a: Assumptions, above_usd: int, ppm: int) -> Venue:
    """Everything as common, but for what is above a notional."""
    return Venue("own", rates(a, 1), maintenance_tiers=(((above_usd * MICRO, ppm),),) * len(a.instruments))


def test_more_is_asked_of_what_is_above_a_tier_and_of_nobody_else(inputs: Inputs) -> None:
    common = run(replace(inputs, channels=Channels.TRAPPED))
    beyond, strict = (
        run(with_first(inputs, tiered(inputs.a, above, 500_000), Channels.TRAPPED)) for above in (10**10, 20_000)
    )
    assert np.array_equal(beyond.tally.liquidated, common.tally.liquidated)
    assert liquidated(strict)[0] > liquidated(common)[0] + 10
    fresh = strict.tally.liquidated & ~common.tally.liquidated
    assert (inputs.population.accounts.venue[fresh] == 0).all()


@pytest.mark.parametrize("name", ["pooled_instant", "segregated_netted", "pooled_grace"])
def test_the_fast_watch_knows_the_tiers_of_venues(inputs: Inputs, name: str) -> None:
    own, replaced = venue_in("binance_2021", inputs.a)
    venues = with_own(default_venues(inputs.a), own, replaced)
    asked = replace(inputs, venues=with_own(venues, tiered(inputs.a, 3_000, 300_000), "venue_2"))
    asked = replace(asked, regime=regime_of(name))
    fast, plain = run(asked, audited=True), run(asked, plain=True)
    assert fast.tally.price_units.tobytes() == plain.tally.price_units.tobytes()
    assert np.array_equal(fast.tally.liquidated, plain.tally.liquidated)
    assert fast.tally.liquidated.sum() > 100


def test_what_volatility_adds_it_adds_to_every_tier(inputs: Inputs) -> None:
    made = begun(with_first(inputs, tiered(inputs.a, 20_000, 300_000), Channels.ALL))
    for _ in range(500):
        made.advance()
    prices = made.prices
    lowest, highest = prices.rate_ppm, prices.rate_ppm + prices.more_ppm[:, :, 0]
    first = np.array(rates(inputs.a, 1))
    assert (lowest[0, :4] > 1.01 * first[:4]).all(), "a control: the day is a wild one"
    assert highest[0] / 300_000 == pytest.approx(lowest[0] / first, rel=1e-3)
    assert np.array_equal(highest[1:], lowest[1:]), "elsewhere there are none"


def test_tiers_are_part_of_what_a_run_depends_on(inputs: Inputs) -> None:
    asked = [with_first(inputs, tiered(inputs.a, above, 500_000)) for above in (10, 20)]
    own = replace(inputs.a.instruments[0], maintenance_tiers=((10, 500_000),))
    asked.append(replace(inputs, a=replace(inputs.a, instruments=(own, *inputs.a.instruments[1:]))))
    assert len({digest_of(one, "feb_2026") for one in (inputs, *asked)}) == 4
    assert len({assumptions_digest(one.a) for one in asked}) == 2


def test_instruments_have_tiers_where_a_venue_has_none(inputs: Inputs) -> None:
    table = ((20_000 * MICRO, 500_000),)
    a = replace(inputs.a, instruments=tuple(replace(one, maintenance_tiers=table) for one in inputs.a.instruments))
    fees = Venue("own", fee_bps=1)
    found = terms_of(replace(inputs, a=a, venues=with_own(default_venues(a), fees, "venue_1")))
    assert (found.above_units == 20_000 * MICRO).all()
    assert found.rate_ppm[0].tolist() == [[one.maintenance_ppm, 500_000] for one in a.instruments]
    doubled = a.changed({"market.maintenance_multiple": 1.5}).instruments[0]
    assert (doubled.maintenance_ppm, doubled.maintenance_tiers) == (7_500, ((20_000 * MICRO, 750_000),))
    assert terms_of(inputs).above_units.size == 0


@pytest.mark.parametrize("name", ["pooled_instant", "segregated_netted"])
def test_the_fast_watch_knows_the_terms_of_venues(inputs: Inputs, name: str) -> None:
    own = Venue("own", rates(inputs.a, 3), 10**9, 0, Call.GRACE, "us_equities")
    asked = replace(with_first(inputs, own, Channels.ALL), regime=regime_of(name))
    fast, plain = run(asked, audited=True), run(asked, plain=True)
    assert fast.tally.price_units.tobytes() == plain.tally.price_units.tobytes()
    assert np.array_equal(fast.tally.liquidated, plain.tally.liquidated)
    assert fast.tally.liquidated.sum() > 100


def test_a_venue_that_calls_first_does_so_where_others_liquidate(inputs: Inputs) -> None:
    made = run(with_first(inputs, Venue("own", call=Call.GRACE)))
    called = np.unique(made.inputs.population.accounts.venue[made.calls.in_call()])
    assert made.calls.opened > 50
    assert set(called.tolist()) <= {0}
    patient = replace(inputs, channels=Channels.NONE, regime=regime_of("pooled_grace"))
    assert run(with_first(patient, Venue("own", call=Call.INSTANT))).calls.opened < run(patient).calls.opened


def test_a_venue_that_is_shut_takes_no_orders(inputs: Inputs) -> None:
    """From noon, UTC: its hours are 14:30 to 21:00."""
    made = begun(with_first(inputs, Venue("own", hours="us_equities")))
    for _ in range(149):
        made.advance()
    assert liquidated(made)[0] == 0 < liquidated(made)[1]
    for _ in range(60):
        made.advance()
    assert liquidated(made)[0] > 0


def test_funds_of_its_own_are_in_the_place_of_its_part(inputs: Inputs) -> None:
    weight = inputs.population.weight
    before, made = begun(inputs), begun(with_first(inputs, Venue("own", (), 3 * 10**12, 10**12)))
    assert (made.books.fund[0], made.books.capital[0]) == (int(3e12 / weight), int(1e12 / weight))
    assert np.array_equal(made.books.fund[1:], before.books.fund[1:])
    assert len(terms_of(inputs).own_units(weight)) == 0


def test_who_is_liquidated_pays_the_fund_what_the_venue_takes_as_far_as_it_can(inputs: Inputs) -> None:
    free, paid = (
        run(with_first(inputs, Venue("own", (), 0, 0, fee_bps=fee)), audited=True) for fee in (0, 50)
    )  # fmt: skip
    assert free.books.fund[0] == 0 < paid.books.fund[0]
    closed = free.inputs.population.accounts.venue[free.tally.liquidated] == 0
    worth = free.tally.by_account_usd[free.tally.liquidated][closed].sum() / inputs.population.weight
    assert 0.1 * worth * 50 / 1e4 < paid.books.fund[0] / 1e6 <= worth * 50 / 1e4


def test_names_of_venues_are_their_own(assumptions: Assumptions) -> None:
    four = default_venues(assumptions)
    assert [one.name for one in with_own(four, Venue("own"), "venue_2")] == ["venue_1", "own", "venue_3", "venue_4"]
    assert with_own(four, Venue("own"), "")[4].name == "own"
    with pytest.raises(VenueError, match="expected one of venue_1, venue_2, venue_3, venue_4, found x"):
        with_own(four, Venue("own"), "x")
    with pytest.raises(VenueError, match="that no other venue has"):
        with_own(four, Venue("venue_3"), "venue_2")
    many = tuple(Venue(f"v{number}") for number in range(MOST))
    with pytest.raises(VenueError, match="127 venues already"):
        with_own(many, Venue("own"), "")
