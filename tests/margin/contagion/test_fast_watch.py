"""The fast watch against a look at everybody: any population, tiers, prices and rates that jump, books that move."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from margin.contagion import fast_watch
from margin.contagion.books import Books
from margin.contagion.draws import Whole
from margin.contagion.fast_watch import FastWatch
from margin.contagion.population import Accounts, Clients, Indexes, Kind, Positions, closed
from margin.contagion.scan import NOTHING_ABOVE, PPM, Prices, further
from margin.contagion.watch import PlainWatch

LOT_UNITS = np.array([7_000_000, 2_000_000, 3], np.int64)
"""A price of three µ$, where roundings are large."""
VENUES = 2


def books_of(draw: np.random.Generator, count: int) -> Books:
    """Clients with accounts at one or both venues, in each up to three positions; leverages 0.3 to 60, some stops."""
    venues = draw.integers(1, VENUES + 1, count)
    client = np.repeat(np.arange(count), venues)
    venue = np.concatenate([np.sort(draw.choice(VENUES, many, replace=False)) for many in venues])
    held = draw.integers(0, len(LOT_UNITS) + 1, len(client))
    held[draw.random(len(client)) < 0.5] = 1
    held[0] = 1  # somebody brings something, of which funds are divided
    which = np.concatenate([np.sort(draw.choice(len(LOT_UNITS), many, replace=False)) for many in held])
    lots = draw.integers(1, 1_000_000, len(which)) * draw.choice([-1, 1], len(which))
    first = np.concatenate([[0], np.cumsum(held)])
    worth = np.add.reduceat(np.append(np.abs(lots) * LOT_UNITS[which], 0), first[:-1]) * (held > 0)
    cash = (worth / np.exp(draw.uniform(np.log(0.3), np.log(60.0), len(client)))).astype(np.int64)
    stops = np.where(draw.random(count) < 0.5, draw.integers(0, 1_000_001, count), 0)
    none = np.zeros(count)
    clients = Clients(np.full(count, Kind.RETAIL, np.int8), none.astype(np.int64), none, stops.astype(np.int32), none,
                      np.arange(count))  # fmt: skip
    accounts = Accounts(client.astype(np.int32), venue.astype(np.int8), cash)
    positions = Positions(first.astype(np.int32), which.astype(np.int8), lots)
    return Books.opened(closed(("A", "B", "C"), LOT_UNITS, VENUES, 1.0, clients, accounts, positions), 0, 0, 0)


def asking(draw: np.random.Generator, tiers: int) -> Prices:
    """Tables with up to so many tiers above the lowest, beginning at ten thousand lots or later, at three million at
    the latest: the first is more than some hold, and the last less than what many come to.
    """
    shape = VENUES, len(LOT_UNITS), tiers
    lots = np.exp(draw.uniform(np.log(1e4), np.log(3e6), shape))
    above = np.sort(LOT_UNITS[:, None] * lots.astype(np.int64), axis=2)
    above[draw.random(shape[:2]) < 0.2] = NOTHING_ABOVE  # a table of one tier beside the others
    prices = Prices(LOT_UNITS.copy(), np.tile(LOT_UNITS, (VENUES, 1)), np.empty(shape[:2], np.int64), above,
                    np.empty(shape, np.int64))  # fmt: skip
    ask(prices, draw)
    return prices


def ask(prices: Prices, draw: np.random.Generator) -> None:
    """Rates of the lowest tier up to 4%, now and then up to 80%, and of the highest up to 100%."""
    most = 800_000 if prices.more_ppm.size and draw.random() < 0.1 else 40_000
    prices.rate_ppm[:] = draw.integers(1, most, prices.rate_ppm.shape)
    left = (PPM - prices.rate_ppm)[..., None]
    prices.more_ppm[:] = (left * draw.dirichlet(np.ones(prices.more_ppm.shape[2] + 1), left.shape[:2]))[..., 1:]


def moved(prices: Prices, draw: np.random.Generator) -> None:
    """Prices and rates go somewhere: mostly a little, now and then far."""
    size = draw.choice([1e-4, 3e-3, 0.05, 0.4])
    after: Whole = np.rint(prices.current * np.exp(size * draw.normal(size=len(prices.current)))).astype(np.int64)
    prices.current[:] = np.maximum(after, 1)
    if draw.random() < 0.3:
        ask(prices, draw)


def changed(books: Books, prices: Prices, found: Whole, draw: np.random.Generator) -> Indexes:
    """Somebody brings money, somebody loses positions, a venue settles; who was touched."""
    rows, ordinary = books.rows, len(books.rows.venue) - VENUES * len(LOT_UNITS)
    richer = draw.choice(ordinary, 2, replace=False)
    rows.principal[richer] += draw.integers(0, 10**9, 2)
    closing = found[: draw.integers(0, 4)]
    for account in closing:
        rows.lots[rows.first[account] : rows.first[account + 1]] //= 2 if draw.random() < 0.5 else 1 << 40
    if draw.random() < 0.2:
        books.settle(int(draw.integers(VENUES)), prices)
    return np.unique(np.concatenate([richer, closing])).astype(np.int32)


@pytest.fixture
def coarse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How far prices go before the clock is set anew: as shipped, or so far that everything hangs on the radii."""
    monkeypatch.setattr(fast_watch, "SEEN_AGAIN", request.param)


@pytest.mark.parametrize("coarse", [fast_watch.SEEN_AGAIN, 0.4], indirect=True)
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("tiers", [0, 1, 3])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 400))
def test_the_fast_watch_finds_whom_a_look_at_everybody_finds(
    coarse: None, across: bool, tiers: int, seed: int, count: int
) -> None:
    draw = np.random.default_rng(seed)
    books = books_of(draw, count)
    prices = asking(draw, tiers)
    fast, plain = (kind(books, across_venues=across) for kind in (FastWatch, PlainWatch))
    for _ in range(60):
        moved(prices, draw)
        found, wanted = fast.breaches(prices), plain.breaches(prices)
        assert [part.tolist() for part in found] == [part.tolist() for part in wanted]
        fast.touched(changed(books, prices, found.account.astype(np.int64), draw))


def test_a_tier_that_is_far_away_is_met_by_one_jump() -> None:
    """A short that is worth 1.5 has 3.1, and all that is above 3.2 is asked for: at 2.6 times the price it is below."""
    lots, cash = np.array([-1_500_000], np.int64), np.array([3_100_000 * 7_000_000], np.int64)
    one, none = np.zeros(1, np.int32), np.zeros(1)
    clients = Clients(np.full(1, Kind.RETAIL, np.int8), none.astype(np.int64), none, one, none, np.arange(1))
    accounts = Accounts(one, np.zeros(1, np.int8), cash)
    positions = Positions(np.array([0, 1], np.int32), np.zeros(1, np.int8), lots)
    books = Books.opened(closed(("A", "B", "C"), LOT_UNITS, VENUES, 1.0, clients, accounts, positions), 0, 0, 0)
    shape = VENUES, len(LOT_UNITS)
    above = np.tile(np.array([1_000_000, 3_200_000], np.int64) * 7_000_000, (*shape, 1))
    more = np.tile(np.array([1, PPM - 1_001], np.int64), (*shape, 1))
    prices = Prices(LOT_UNITS.copy(), np.tile(LOT_UNITS, (VENUES, 1)), np.full(shape, 1_000), above, more)
    fast, plain = (kind(books, across_venues=False) for kind in (FastWatch, PlainWatch))
    for times, below in ((1.0, []), (2.4, []), (2.6, [0])):
        prices.current[0] = round(7_000_000 * times)
        assert fast.breaches(prices).account.tolist() == plain.breaches(prices).account.tolist() == below
        fast.changed()
        prices.current[0] = 7_000_000
        assert fast.breaches(prices).account.tolist() == []


def test_such_populations_have_breaches_of_every_sort() -> None:
    """The control: long and short, alone and several, by margin and by a stop, in the lowest tier and above it."""
    seen = set()
    for seed in range(30):
        draw = np.random.default_rng(seed)
        books = books_of(draw, 200)
        prices = asking(draw, 2)
        watch = FastWatch(books, across_venues=False)
        for _ in range(10):
            moved(prices, draw)
            found = watch.breaches(prices)
            for account, equity, needed in zip(*found, strict=True):
                lots = books.rows.lots[books.rows.first[account] : books.rows.first[account + 1]]
                larger = further(account, books.rows, prices) > 0
                seen.add((len(lots) > 1, bool(lots[0] > 0), bool(equity < needed), larger))
    assert len(seen) == 16
