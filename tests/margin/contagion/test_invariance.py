"""What must not matter: in which order accounts stand, and into how many accounts one holder's position is split."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.draws import Whole
from margin.contagion.engine import Inputs, Run, run
from margin.contagion.laws import draw_population, lot_units_of
from margin.contagion.path import Path
from margin.contagion.payers import Payer
from margin.contagion.population import Accounts, Clients, Kind, Population, Positions, checked, closed
from margin.contagion.regimes import regime_of
from margin.contagion.winners import shared

BARE = {"venue.insurance_fund_usd": 1e5, "venue.capital_usd": 1e5, "venue.custodian_guarantee_usd": 1e5}
"""So little that losses reach winners, whose shares and ranks have ties."""


def reordered(population: Population, order: Whole) -> tuple[Population, Whole]:
    """The same clients in another order, each with its accounts; and from which account each new one is."""
    clients, accounts, positions = population.clients, population.accounts, population.positions
    place = np.argsort(order)
    came = np.lexsort((np.arange(len(accounts)), place[accounts.client]))
    held = [np.arange(positions.first[one], positions.first[one + 1]) for one in came]
    at = np.concatenate(held)
    return checked(
        replace(
            population,
            clients=Clients(*(getattr(clients, name)[order] for name in Clients.__slots__)),
            accounts=Accounts(
                place[accounts.client[came]].astype(np.int32), accounts.venue[came], accounts.cash_units[came]
            ),
            positions=Positions(
                np.cumsum([0, *map(len, held)]).astype(np.int32), positions.instrument[at], positions.lots[at]
            ),
        )
    ), came  # fmt: skip


def cloned(population: Population) -> Population:
    """Every second client has what the one before it has, but for its venue: equal gains, remainders and ranks."""
    accounts = population.accounts
    cash = accounts.cash_units.copy()
    cash[1::2] = cash[::2][: len(cash[1::2])]
    return replace(population, accounts=replace(accounts, cash_units=cash))


@pytest.fixture(scope="module")
def fall(assumptions: Assumptions, crash: Path) -> Inputs:
    """Two hours over the low, with clones, and funds that are soon used up."""
    hours = slice(650, 770)
    path = replace(crash, times_s=crash.times_s[hours], units=crash.units[hours], is_open=crash.is_open[hours])
    a = assumptions.changed(BARE)
    return Inputs(a, cloned(draw_population(a, 1, 2_000)), path, regime_of("pooled_instant"), Channels.ALL, 1)


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", ["pooled_instant", "pooled_prorata", "segregated_grace", "prime_broker"])
def test_the_order_of_accounts_does_not_matter(fall: Inputs, name: str, seed: int) -> None:
    asked = replace(fall, regime=regime_of(name))
    order = np.random.default_rng(seed).permutation(len(asked.population.clients))
    other, came = reordered(asked.population, order)
    first, second = run(asked), run(replace(asked, population=other))
    assert first.tally.price_units.tobytes() == second.tally.price_units.tobytes()
    assert dict(first.losses.paid) == dict(second.losses.paid)
    assert (first.calls.opened, first.runs.clients) == (second.calls.opened, second.runs.clients)
    for here, there in by_account(first, second):
        assert np.array_equal(here[came], there)
    assert np.array_equal(first.tally.liquidated_usd, second.tally.liquidated_usd)
    assert (first.tally.long_usd, first.tally.largest_order_usd) == (
        second.tally.long_usd, second.tally.largest_order_usd,
    )  # fmt: skip
    innocent = {Payer.ADL, Payer.SOCIALISED, Payer.UNPAID}
    assert any(first.losses.paid[payer] for payer in innocent) or name == "prime_broker"


def by_account(first: Run, second: Run) -> list[tuple[NDArray[np.generic], NDArray[np.generic]]]:
    return [
        (first.tally.liquidated, second.tally.liquidated),
        (first.books.rows.principal, second.books.rows.principal),
        (first.books.rows.realised, second.books.rows.realised),
        (first.books.floor, second.books.floor),
    ]


def test_a_tie_is_broken_by_number_and_not_by_place() -> None:
    weights = np.array([3, 3, 3], np.int64)
    assert shared(4, weights, np.array([0, 1, 2])).tolist() == [2, 1, 1]
    assert shared(4, weights, np.array([2, 1, 0])).tolist() == [1, 1, 2]


def halved(population: Population, lot_units: Whole, *, split: bool) -> Population:
    """Everybody but the unlevered with twice as much; or, split, as much in each of two accounts. No stops."""
    clients, accounts, positions = population.clients, population.accounts, population.positions
    ordinary = np.flatnonzero(clients.kind != Kind.REST)
    people = Clients(*(getattr(clients, name)[ordinary] for name in Clients.__slots__))
    people = replace(people, stop_ppm=np.zeros_like(people.stop_ppm), outside_units=2 * people.outside_units)
    times = 2 if split else 1
    which = np.repeat(np.flatnonzero(accounts.client < len(ordinary)), times)
    held = [np.arange(positions.first[one], positions.first[one + 1]) for one in which]
    at = np.concatenate(held)
    return closed(
        population.symbols, lot_units, population.venues, population.weight, people,
        Accounts(accounts.client[which], accounts.venue[which], accounts.cash_units[which] * (3 - times)),
        Positions(np.cumsum([0, *map(len, held)]).astype(np.int32), positions.instrument[at],
                  positions.lots[at] * (3 - times)),
    )  # fmt: skip


ROUNDING_UNITS = 2
"""A holder's two halves may be off by as many µ$ in each step in which winners pay: one for each largest remainder.
What is paid for those who lose later is off by no more than the sum of theirs.
"""


@pytest.mark.parametrize("name", ["pooled_prorata", "segregated_instant"])
def test_splitting_an_account_in_two_halves_does_not_matter(fall: Inputs, name: str) -> None:
    """Linear margin, no slices, no whole positions closed for others: prices to the unit, money nearly.

    Depth stays as it is: it hangs on what makers have, so that a µ$ of theirs could move a price by its last unit.
    """
    whole, split = (
        run(
            replace(
                fall, a=fall.a.changed({"call.slice_above_usd": 1e12}), regime=regime_of(name),
                channels=Channels.ALL ^ Channels.CARRY ^ Channels.DEPTH,
                population=halved(fall.population, lot_units_of(fall.a), split=one),
            ),
            audited=True,
        )
        for one in (False, True)
    )  # fmt: skip
    assert whole.tally.price_units.tobytes() == split.tally.price_units.tobytes()
    liquidated = int(split.tally.liquidated.sum())
    for payer in Payer:
        assert abs(whole.losses.paid[payer] - split.losses.paid[payer]) <= ROUNDING_UNITS * liquidated, payer
    assert whole.losses.paid[Payer.SOCIALISED] + whole.losses.paid[Payer.UNPAID] > 0
    assert whole.tally.liquidated_usd == pytest.approx(split.tally.liquidated_usd, rel=1e-12)
    many = len(whole.inputs.population.accounts) - 20  # the unlevered come last
    assert np.array_equal(np.repeat(whole.tally.liquidated[:many], 2), split.tally.liquidated[:-20])
    halves = split.standings()[0][:-20].reshape(-1, 2).sum(axis=1)
    assert np.abs(whole.standings()[0][:many] - halves).max() <= ROUNDING_UNITS * len(fall.path.units)
