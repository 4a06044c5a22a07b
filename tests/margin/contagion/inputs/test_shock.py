"""A user's own shock: the path is what is given, to the unit, and every row that is wrong is named."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, run
from margin.contagion.inputs.cells import Row, Table
from margin.contagion.inputs.faults import FaultyError
from margin.contagion.inputs.shock import Shock, shock_of
from margin.contagion.laws import draw_population
from margin.contagion.regimes import regime_of

START_S = 1_770_249_600
PRICES = ("minute", "symbol", "price")
RETURNS = ("minute", "symbol", "log_return")


def read(a: Assumptions, header: Sequence[str], *rows: Sequence[str]) -> Shock:
    table = [Row(number, dict(zip(header, row, strict=True))) for number, row in enumerate(rows, start=2)]
    return shock_of(Table(header, table), a, START_S)


def faults(a: Assumptions, header: Sequence[str], *rows: Sequence[str]) -> list[tuple[int, str, str]]:
    with pytest.raises(FaultyError) as raised:
        read(a, header, *rows)
    return [(one.number, one.column, one.reason) for one in raised.value.faults]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1_000_000, 20_000_000), min_size=2, max_size=40))
def test_prices_are_taken_as_they_are(assumptions: Assumptions, cents: list[int]) -> None:
    """A lot of BTC is a ten-thousandth, so a cent of its price is a millionth of a dollar."""
    rows = [(str(minute), "BTC", f"{one // 100}.{one % 100:02}") for minute, one in enumerate(cents)]
    shock = read(assumptions, PRICES, *rows)
    assert shock.path.units[:, 0].tolist() == cents
    assert shock.a.instruments[0].lot_units == cents[0]
    assert shock.still == ("ETH", "SOL", "OTHER", "XAG")
    assert (shock.path.units[:, 1:] == [one.lot_units for one in assumptions.instruments[1:]]).all()


def test_returns_add_up_from_the_start(assumptions: Assumptions) -> None:
    shock = read(
        assumptions, RETURNS, ("1", "ETH", "-0.1"), ("1", "BTC", "0"), ("2", "ETH", "5e-2"), ("2", "BTC", "0.2")
    )
    lots = [one.lot_units for one in assumptions.instruments[:2]]
    wanted = np.rint([lots, [lots[0], lots[1] * np.exp(-0.1)], [lots[0] * np.exp(0.2), lots[1] * np.exp(-0.05)]])
    assert shock.path.units[:, :2].tolist() == wanted.tolist()
    assert shock.path.times_s.tolist() == [START_S, START_S + 60, START_S + 120]
    assert shock.a == assumptions


def test_with_every_channel_off_prices_are_those_of_the_file(assumptions: Assumptions) -> None:
    """Down by a quarter within the hour, and back by half of that: accounts fall, prices do not care."""
    fall = [*np.linspace(80_000, 60_000, 61).round(2), *np.linspace(60_000, 70_000, 31).round(2)[1:]]
    shock = read(assumptions, PRICES, *((str(minute), "BTC", f"{price:.2f}") for minute, price in enumerate(fall)))
    people = draw_population(shock.a, 1, 1_000)
    inputs = Inputs(shock.a, people, shock.path, regime_of("pooled_instant"), Channels.NONE, 1)
    off, on = run(inputs, audited=True), run(replace(inputs, channels=Channels.ALL), audited=True)
    assert off.tally.price_units[:, 0].tolist() == [round(price * 100) for price in fall]
    assert off.tally.liquidated.sum() > 50
    assert not np.array_equal(on.tally.price_units, shock.path.units)


@pytest.mark.parametrize(
    ("header", "rows", "wrong"),
    [
        (PRICES, [("0", "BTC", "1"), ("1", "DOGE", "1")], [(3, "symbol", "expected one of BTC, ETH")]),
        (PRICES, [("0", "BTC", "1"), ("1", "BTC", "0")], [(3, "price", "expected a price above 0")]),
        (PRICES, [("0", "BTC", "1"), ("1", "BTC", "-5")], [(3, "price", "expected a price above 0")]),
        (PRICES, [("0", "BTC", "1"), ("1", "BTC", "")], [(3, "price", "is missing")]),
        (PRICES, [("0", "BTC", "1"), ("1", "BTC", "1.001")], [(3, "price", "a multiple of $0.01, found $1.001")]),
        (PRICES, [("0", "BTC", "1"), ("1.5", "BTC", "1")], [(3, "minute", "cannot be held: a whole one")]),
        (PRICES, [("0", "BTC", "1"), ("-1", "BTC", "1")], [(3, "minute", "expected from 0 to 44640, found -1")]),
        (PRICES, [("0", "BTC", "1"), ("2", "BTC", "1")], [(3, "minute", "minute 1 of BTC, found 2: 1 missing")]),
        (PRICES, [("1", "BTC", "1"), ("2", "BTC", "1")], [(2, "minute", "minute 0 of BTC, found 1: 1 missing")]),
        (PRICES, [("0", "BTC", "1"), ("1", "BTC", "1"), ("0", "BTC", "1")], [(4, "minute", "time goes back")]),
        (PRICES, [("0", "BTC", "1"), ("0", "BTC", "1")], [(3, "minute", "time goes back")]),
        (PRICES, [("0", "BTC", "1"), ("0", "SOL", "1"), ("1", "SOL", "1")], [(2, "minute", "ends at minute 0")]),
        (PRICES, [("0", "BTC", "1")], [(1, "minute", "at least one minute after the start")]),
        (PRICES, [], [(1, "minute", "at least one minute after the start")]),
        (RETURNS, [("1", "BTC", "x")], [(2, "log_return", "expected a number from -1")]),
        (RETURNS, [("1", "BTC", "inf")], [(2, "log_return", "expected a number from -1")]),
        (RETURNS, [("1", "BTC", "")], [(2, "log_return", "is missing")]),
        (RETURNS, [("0", "BTC", "0")], [(2, "minute", "time goes back")]),
        (RETURNS, [], [(1, "minute", "at least one minute after the start")]),
        (("minute", "symbol"), [("1", "BTC")], [(1, "price", "this column or log_return")]),
        ((*PRICES, "log_return"), [("1", "BTC", "1", "1")], [(1, "price", "not both")]),
        (("minute", "price"), [("1", "1")], [(1, "symbol", "this column is missing")]),
        (
            PRICES, [("0", "BTC", "x"), ("1", "Y", "1"), ("7", "BTC", "1"), ("3", "BTC", "1")],
            [(2, "price", "number"), (3, "symbol", "one of"), (5, "minute", "time goes back")],
        ),
    ],
)  # fmt: skip
def test_every_wrong_row_is_named(
    assumptions: Assumptions, header: Sequence[str], rows: list[Sequence[str]], wrong: list[tuple[int, str, str]]
) -> None:
    found = faults(assumptions, header, *rows)
    assert [(number, column) for number, column, _ in found] == [(number, column) for number, column, _ in wrong]
    for (_, _, reason), (_, _, part) in zip(found, wrong, strict=True):
        assert part in reason
