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
from margin.contagion.losses import Payer, shared
from margin.contagion.path import Path
from margin.contagion.population import Accounts, Clients, Population, Positions, checked
from margin.contagion.regimes import regime_of

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
def fall(assumptions: Assumptions, people: Population, crash: Path) -> Inputs:
    """The four hours over the low, with clones, and funds that are soon used up."""
    hours = slice(560, 800)
    path = replace(crash, times_s=crash.times_s[hours], units=crash.units[hours], is_open=crash.is_open[hours])
    a = assumptions.changed(BARE)
    return Inputs(a, cloned(people), path, regime_of("pooled_instant"), Channels.ALL, 1)


@settings(max_examples=4, deadline=None)
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
    assert first.tally.liquidated_usd == pytest.approx(second.tally.liquidated_usd, rel=1e-12)
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
