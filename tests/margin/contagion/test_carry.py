"""Funds called for what they lost elsewhere: what they sell, where, when, and what reaches whoever called."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.path import Path

XAG = 4


def fallen(path: Path, part: float, at: int) -> Path:
    """The same, and silver loses a part of its price at one step for good; every other price stands."""
    units = np.tile(path.units[0], (len(path.units), 1))
    units[at:, XAG] = np.floor(units[at:, XAG] * (1 - part)).astype(np.int64)
    return replace(path, units=units)


@pytest.fixture
def called(inputs: Inputs) -> Inputs:
    """Silver falls by a tenth at step 10; calls are due five minutes later; nothing else happens."""
    a = inputs.a.changed({"carry.notice_s": 300, "venue.run_per_day": 0.0, "market.permanent_share": 1.0})
    return replace(inputs, a=a, path=fallen(inputs.path, 0.1, 10), channels=Channels.CARRY | Channels.IMPACT)


def stepped(made: Run, steps: int) -> Run:
    for _ in range(steps):
        made.advance()
    return made


def test_nothing_is_sold_before_the_notice_is_over(called: Inputs) -> None:
    made = stepped(begun(called, audited=True), 14)
    assert made.carry.sold_units == 0
    assert stepped(made, 1).carry.sold_units > 0


def test_a_fund_sells_what_it_lost_elsewhere_over_open_markets_by_their_depth(called: Inputs) -> None:
    made = begun(called, audited=True)
    before = made.books.rows.lots.copy()
    stepped(made, 15)
    rows, fund = made.books.rows, int(made.carry.funds[0])
    here = slice(rows.first[fund], rows.first[fund + 1])
    sold = (before - rows.lots)[here] * called.path.units[15, rows.instrument[here]]
    depth = np.array([one.depth_usd for one in called.a.instruments])
    equity = int(called.population.accounts.cash_units[fund])
    assert sold.sum() == pytest.approx(equity * 0.1, rel=0.02)
    assert sold / sold.sum() == pytest.approx(depth / depth.sum(), abs=0.02)


def test_at_night_only_crypto_is_sold(called: Inputs) -> None:
    is_open = called.path.is_open.copy()
    is_open[11:, XAG] = False
    made = begun(replace(called, path=replace(called.path, is_open=is_open)), audited=True)
    before = made.books.rows.lots.copy()
    stepped(made, 15)
    which = made.books.rows.instrument[made.carry._at]
    sold = (before - made.books.rows.lots)[made.carry._at]
    assert sold[which == XAG].sum() == 0
    assert (sold[which == 0] > 0).all()


def test_prices_fall_by_what_is_sold_over_depth(called: Inputs) -> None:
    made = stepped(begun(called), 16)
    sold_usd = made.carry.sold_units / 1e6 * called.population.weight
    depth = sum(one.depth_usd for one in called.a.instruments)
    assert made.pressure.displacement[0] == pytest.approx(-0.01 * sold_usd / depth, rel=0.05)
    assert made.carry.taken_units == pytest.approx(made.carry.sold_units, rel=0.02), "and whoever called is paid"


def test_with_the_channel_off_prices_and_books_stand(called: Inputs) -> None:
    made = run(replace(called, channels=Channels.NONE), audited=True)
    assert made.carry.sold_units == made.carry.taken_units == 0
    assert np.array_equal(made.tally.price_units, called.path.units)
