"""The plain requirement: worked numbers, both rates rounded up, and nothing saved by holding several positions."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.instruments import Instrument, Kind
from margin.requirement import NOTHING, Position, Rates, Requirement, out_of_the_money_e6, requirement, requirement_of

RATES = Rates(perp_initial_bps=1_000, perp_maintenance_bps=650)
BTC_SPOT = 60_000


def perp(lots: int, mark: int = BTC_SPOT) -> Position:
    listed = Instrument(1, "meridian", "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000)
    return Position(listed, lots, mark * 10**6, BTC_SPOT * 10**6)


def option(kind: Kind, strike: int, lots: int, spot: int = BTC_SPOT) -> Position:
    listed = Instrument(2, "meridian", f"BTC-{strike}", kind, "BTC", 1_000, 10_000, strike * 10**6, 99)
    return Position(listed, lots, 1_000 * 10**6, spot * 10**6)


# Dollars for one coin, 1,000 lots. Derive's rates: 15% of spot less out-of-the-money, at least 13%; maintenance 9%.
SHORT_OPTIONS = """
kind strike spot  initial maintenance why
CALL 60000  60000 9000    5400        at_the_money
CALL 50000  60000 9000    5400        in_the_money
CALL 60500  60000 8500    5400        500_out
CALL 61200  60000 7800    5400        1200_out_is_just_the_floor
CALL 61201  60000 7800    5400        the_floor
CALL 90000  60000 7800    5400        far_out
PUT  60000  60000 9000    5400        at_the_money
PUT  70000  60000 9000    5400        in_the_money
PUT  59500  60000 8500    5400        500_out
PUT  58800  60000 7800    5400        1200_out_is_just_the_floor
PUT  10000  60000 7800    5400        far_out
PUT  80000  40000 6000    3600        spot_has_fallen
"""


@pytest.mark.parametrize("row", SHORT_OPTIONS.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[::5]))
def test_a_short_option_needs_its_share_of_spot(row: str) -> None:
    kind, strike, spot, initial, maintenance, _ = row.split()
    short = option(Kind[kind], int(strike), -1_000, int(spot))
    assert requirement_of(short, RATES) == Requirement(int(initial) * 10**6, int(maintenance) * 10**6)


@pytest.mark.parametrize(
    ("lots", "mark", "initial", "maintenance"),
    [
        (600_000, 60_000, 3_600_000, 2_340_000),  # $36m: 10% and 6.5%
        (-600_000, 60_000, 3_600_000, 2_340_000),  # a short needs the same
        (600_000, 50_000, 3_000_000, 1_950_000),  # the mark counts, not the index
        (0, 60_000, 0, 0),
    ],
)
def test_a_perpetual_needs_a_share_of_its_notional(lots: int, mark: int, initial: int, maintenance: int) -> None:
    assert requirement_of(perp(lots, mark), RATES) == Requirement(initial * 10**6, maintenance * 10**6)


def test_a_part_of_a_unit_is_a_whole_unit() -> None:
    # One lot at $0.01 is worth 10 units: 10% is exactly 1, and 6.5% is 0.65.
    smallest = Position(perp(1).instrument, 1, 10_000, 10_000)
    assert requirement_of(smallest, RATES) == Requirement(1, 1)
    assert requirement_of(smallest, Rates(1_001, 999)) == Requirement(2, 1)


def test_a_part_of_a_unit_is_a_whole_unit_for_options_too() -> None:
    # One lot at a spot of $60,000.000001: 15% is 9,000,000.00015 and 9% is 5,400,000.00009 units.
    listed = option(Kind.CALL, 60_000, -1).instrument
    assert requirement_of(Position(listed, -1, 10**6, 60_000 * 10**6 + 1), RATES) == Requirement(9_000_001, 5_400_001)


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.PUT])
@pytest.mark.parametrize("lots", [0, 1, 1_000_000])
def test_a_long_option_is_paid_for_by_its_mark(kind: Kind, lots: int) -> None:
    assert requirement_of(option(kind, 60_000, lots), RATES) == NOTHING


@pytest.mark.parametrize(
    ("kind", "strike", "expected"), [(Kind.CALL, 61, 1), (Kind.CALL, 59, 0), (Kind.PUT, 59, 1), (Kind.PUT, 61, 0)]
)
def test_out_of_the_money_is_a_distance(kind: Kind, strike: int, expected: int) -> None:
    assert out_of_the_money_e6(option(kind, strike, -1).instrument, 60 * 10**6) == expected * 10**6


def test_two_opposite_positions_need_what_each_needs() -> None:
    both = requirement([perp(1_000), option(Kind.PUT, 60_000, -1_000)], {"BTC": RATES})
    assert both == Requirement(6_000 * 10**6 + 9_000 * 10**6, 3_900 * 10**6 + 5_400 * 10**6)
    assert requirement([], {}) == NOTHING


def test_an_underlying_without_rates_is_a_fault() -> None:
    with pytest.raises(KeyError, match="BTC"):
        requirement([perp(1)], {"ETH": RATES})


@given(
    st.sampled_from([perp, lambda lots: option(Kind.CALL, 61_000, lots), lambda lots: option(Kind.PUT, 55_500, lots)]),
    st.integers(-(10**6), 10**6),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
)
def test_a_requirement_is_exact_within_one_unit_and_grows_with_size(
    make: Callable[[int], Position], lots: int, initial_bps: int, other_bps: int
) -> None:
    rates = Rates(initial_bps, other_bps, other_bps, initial_bps, min(initial_bps, other_bps))
    position = make(lots)
    needed, more = requirement_of(position, rates), requirement_of(make(2 * lots), rates)
    for got, exact in zip((needed.initial_units, needed.maintenance_units), exactly(position, rates), strict=True):
        assert 0 <= got - exact < 1
    assert 2 * needed.initial_units - 1 <= more.initial_units <= 2 * needed.initial_units
    assert (needed == NOTHING) is (lots == 0 or (position.instrument.is_option and lots > 0))


def exactly(position: Position, rates: Rates) -> tuple[Fraction, Fraction]:
    """(initial, maintenance) as fractions, written from the specification and not from the code."""
    coins = Fraction(abs(position.lots), position.instrument.lots_per_coin)
    if not position.instrument.is_option:
        notional = coins * position.mark_e6
        return notional * rates.perp_initial_bps / 10_000, notional * rates.perp_maintenance_bps / 10_000
    if position.lots > 0:
        return Fraction(0), Fraction(0)
    spot, strike = Fraction(position.index_e6), Fraction(position.instrument.strike_e6)
    above = strike / spot - 1
    otm = max(above if position.instrument.kind is Kind.CALL else -above, Fraction(0))
    share = max(
        Fraction(rates.option_initial_bps, 10_000) - otm,
        Fraction(rates.option_initial_floor_bps, 10_000),
    )
    return coins * spot * share, coins * spot * rates.option_maintenance_bps / 10_000
