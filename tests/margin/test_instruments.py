"""Lot and tick fit each other, so that every product is exact; what would not settle exactly cannot be listed."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.instruments import Instrument, InstrumentError, Kind

PERP = Instrument(1, "meridian", "BTC-PERP", Kind.PERP, "BTC", lots_per_coin=1_000, tick_e6=10_000)

# `-` is zero: a perpetual has neither strike nor expiry, an option has both.
LISTINGS = """
kind lots_per_coin tick_e6 strike_e6 expires_at_s listed
PERP 1000          10000   -         -            yes
PERP 1000          1000    -         -            yes
PERP 1             1       -         -            yes
PERP 1000          500     -         -            no
PERP 1000          1500    -         -            no
PERP 0             10000   -         -            no
PERP -10           10000   -         -            no
PERP 1000          -       -         -            no
PERP 1000          -10000  -         -            no
PERP 1000          10000   80000     -            no
PERP 1000          10000   -         99           no
PERP 1000          10000   80000     99           no
CALL 1000          10000   80000     99           yes
PUT  1000          10000   80000     99           yes
CALL 1000          10000   -         -            no
CALL 1000          10000   80000     -            no
PUT  1000          10000   -         99           no
PUT  1000          10000   -80000    99           no
PUT  1000          10000   80000     -99          no
CALL 1000          500     80000     99           no
"""


@pytest.mark.parametrize("row", LISTINGS.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()))
def test_only_what_settles_exactly_is_listed(row: str) -> None:
    kind, *figures, listed = row.split()
    lots_per_coin, tick_e6, strike_e6, expires_at_s = (0 if figure == "-" else int(figure) for figure in figures)

    def make() -> Instrument:
        return Instrument(7, "meridian", "X", Kind[kind], "BTC", lots_per_coin, tick_e6, strike_e6, expires_at_s)

    if listed == "yes":
        assert make().is_option is (kind != "PERP")
        return
    with pytest.raises(InstrumentError, match=r"^X: "):
        make()


@pytest.mark.parametrize(
    ("lots", "price_e6", "units"),
    [
        (1, 10_000, 10),  # one cent on a thousandth of a coin is a thousandth of a cent
        (600_000, 60_000_000_000, 36_000_000_000_000),  # 600 BTC at $60,000 are $36m
        (-1_500, 60_000_010_000, -90_000_015_000),
        (0, 10_000, 0),
        (5, 0, 0),
    ],
)
def test_value_is_signed_and_exact(lots: int, price_e6: int, units: int) -> None:
    assert PERP.value_units(lots, price_e6) == units


@pytest.mark.parametrize("price_e6", [1, 9_999, 10_001, 11_000, 60_000_000_001])
def test_a_price_off_the_tick_is_a_fault(price_e6: int) -> None:
    with pytest.raises(InstrumentError, match="not on the tick"):
        PERP.value_units(1, price_e6)


@given(st.integers(1, 10_000), st.integers(1, 1_000), st.integers(-(10**9), 10**9), st.integers(0, 10**8))
def test_every_lot_on_every_tick_is_a_whole_number_of_units(
    lots_per_coin: int, multiple: int, lots: int, ticks: int
) -> None:
    listed = replace(PERP, lots_per_coin=lots_per_coin, tick_e6=lots_per_coin * multiple)
    price_e6 = ticks * listed.tick_e6
    assert Fraction(lots * price_e6, lots_per_coin) == listed.value_units(lots, price_e6)


@pytest.mark.parametrize(
    ("price_e6", "expected_e6"),
    [(10_000, 10_000), (19_999, 10_000), (20_000, 20_000), (9_999, 10_000), (0, 10_000), (-25_000, 10_000)],
)
def test_on_tick_goes_down_but_never_below_one_tick(price_e6: int, expected_e6: int) -> None:
    assert PERP.on_tick(price_e6) == expected_e6
    PERP.value_units(1, PERP.on_tick(price_e6))
