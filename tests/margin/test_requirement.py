"""What a compartment needs: worked numbers in dollars, rounded up once, and the standard margin to its last digit."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.fixed import ONE, ZERO, Fixed, from_units
from margin.instruments import Instrument, Kind
from margin.marks import Expiry, Mark, Market, MissingMarkError, Quotes
from margin.parameter_file import read_parameters
from margin.positions import Holdings, Option
from margin.requirement import Position, Requirement, requirement
from margin.standard import standard_margin
from margin.standard_parameters import MissingParameterError

MAINNET = read_parameters("mainnet").srm
assert MAINNET is not None
F = Fixed.of
USD = 10**6
SPOT = 60_000
WEEK = 7 * 86_400


def perp(lots: int, mark: int = SPOT, underlying: str = "BTC") -> Position:
    listed = Instrument(1, "meridian", f"{underlying}-PERP", Kind.PERP, underlying, 1_000, 10_000)
    return Position(listed, lots, mark * USD, SPOT * USD)


def option(kind: Kind, strike: int, lots: int, spot: int = SPOT, seconds: int = 0) -> Position:
    """By default on its last second: worth what it pays."""
    listed = Instrument(strike, "meridian", f"BTC-{strike}-{kind.value}", kind, "BTC", 1_000, 10_000, strike * USD, 99)
    return Position(listed, lots, 1_000 * USD, spot * USD, seconds, F("0.8"))


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
    assert requirement([perp(lots, mark)], MAINNET) == Requirement(initial * USD, maintenance * USD)


# Dollars for one coin on the last second. 15% of spot less the distance, at least 13%, and its value again or more:
# a put's initial margin is at least 1.05 times its maintenance, of 9% of spot or, deep, of its value, with that value.
OPTIONS = """
kind strike spot  lots initial maintenance why
CALL 60000  60000 -1   9000    5400        at_the_money
CALL 60600  60000 -1   8400    5400        600_out
CALL 61200  60000 -1   7800    5400        1200_out_is_just_the_floor
CALL 90000  60000 -1   7800    5400        far_out
CALL 50000  60000 -1   9000    5400        in_the_money
PUT  60000  60000 -1   9000    5400        at_the_money
PUT  59400  60000 -1   8400    5400        600_out
PUT  10000  60000 -1   7800    5400        far_out
PUT  80000  40000 -1   6000    3600        in_the_money
PUT  200000 40000 -1   23120   14400       9%_of_value_is_more_and_1.05_binds
CALL 45000  60000 1    15000   15000       a_long_option_needs_its_worth
CALL 60000  60000 1    0       0           which_may_be_nothing
"""


@pytest.mark.parametrize("row", OPTIONS.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[::6]))
def test_an_option_needs_a_share_of_spot(row: str) -> None:
    kind, strike, spot, coins, initial, maintenance, _ = row.split()
    held = option(Kind[kind], int(strike), int(coins) * 1_000, int(spot))
    assert requirement([held], MAINNET) == Requirement(int(initial) * USD, int(maintenance) * USD)


def test_nothing_is_netted_but_options_of_one_expiry() -> None:
    short, long = option(Kind.PUT, 60_000, -1_000), option(Kind.PUT, 58_000, 1_000)
    alone = requirement([short], MAINNET).initial_units
    assert requirement([short, long], MAINNET).initial_units == 2_000 * USD  # the spread's worst settlement
    assert requirement([short, perp(-1_000)], MAINNET).initial_units == alone + 6_000 * USD  # a hedge saves nothing
    ether = replace(perp(1_000, underlying="ETH"))
    both = requirement([perp(-1_000), ether], MAINNET)
    assert both == Requirement(12_000 * USD, 7_800 * USD)
    assert requirement([], MAINNET) == requirement([perp(0)], MAINNET) == Requirement(0, 0)


def test_it_rounds_up_once_for_all_together() -> None:
    """A lot of a thousandth at 1.01 USD: 101 units of initial margin and 65.65, so 66, of maintenance."""
    one = Instrument(1, "meridian", "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000)
    assert requirement([Position(one, 1, 1_010_000, USD)], MAINNET) == Requirement(101, 66)
    two = [Position(one, 1, 1_010_000, USD), Position(replace(one, id=2, underlying="ETH"), 1, 1_010_000, USD)]
    assert requirement(two, MAINNET) == Requirement(202, 132)  # 131.3


def test_little_confidence_asks_initial_margin_for_more() -> None:
    """Below 55%: (1 − 0.5) of spot more, a share that mainnet's factor of 1 leaves whole; maintenance stays."""
    sure, doubtful = (replace(perp(1_000), confidence=F(share)) for share in ("0.55", "0.5"))
    assert requirement([sure], MAINNET) == Requirement(6_000 * USD, 3_900 * USD)
    assert requirement([doubtful], MAINNET) == Requirement(36_000 * USD, 3_900 * USD)
    short = replace(option(Kind.CALL, 60_000, -1_000), confidence=F("0.5"))
    assert requirement([short], MAINNET) == Requirement(39_000 * USD, 5_400 * USD)


def test_what_has_no_numbers_or_no_price_is_a_fault() -> None:
    with pytest.raises(MissingParameterError, match="no parameters of XAG"):
        requirement([perp(1, underlying="XAG")], MAINNET)
    of_bitcoin = option(Kind.PUT, 60, -1)
    of_solana = replace(of_bitcoin, instrument=replace(of_bitcoin.instrument, underlying="SOL"))
    with pytest.raises(MissingParameterError, match="option"):
        requirement([of_solana], MAINNET)
    with pytest.raises(MissingMarkError, match="perpetual"):
        requirement([perp(1, mark=0)], MAINNET)
    with pytest.raises(ValueError, match="two perpetuals on BTC"):
        requirement([perp(1), replace(perp(1), mark_e6=59_000 * USD)], MAINNET)


counts = st.integers(-400_000, 400_000)


@settings(deadline=None, max_examples=60)
@given(counts, counts, counts, counts, st.integers(20_000, 120_000), st.integers(0, 90), st.integers(0, 10**13))
def test_collateral_less_the_requirement_is_the_standard_margin_of_the_account(
    perps: int, puts: int, calls: int, later: int, spot: int, days: int, cash_units: int
) -> None:
    """Collateral as cash, and options' worth received or paid: net margin is what is left, within a unit below."""
    near, far = days * 86_400, days * 86_400 + WEEK
    held = [
        replace(perp(perps, spot + 7), index_e6=spot * USD),
        option(Kind.PUT, 55_000, puts, spot, near),
        option(Kind.CALL, 65_000, calls, spot, near),
        option(Kind.CALL, 60_000, later, spot, far),
    ]
    expiries = {s: Expiry(s, F(spot), Quotes({F(k): F("0.8") for k in (55_000, 60_000, 65_000)})) for s in (near, far)}
    market = Market(Mark(F(spot)), Mark(F(spot + 7)), expiries)
    options = tuple(
        Option(seconds, F(strike), is_call, F(count) / 1_000)
        for seconds, strike, is_call, count in (
            (near, 55_000, False, puts), (near, 65_000, True, calls), (far, 60_000, True, later)
        )
    )  # fmt: skip
    holdings = {"BTC": Holdings(perp=F(perps) / 1_000, options=options)}
    worth = standard_margin(MAINNET, ONE, {"BTC": market}, ZERO, holdings).margin.mark_to_market
    net = standard_margin(MAINNET, ONE, {"BTC": market}, from_units(cash_units, 6) - worth, holdings).margin
    needed = requirement(held, MAINNET)
    assert cash_units - needed.initial_units == net.initial.down_to(6)
    assert cash_units - needed.maintenance_units == net.maintenance.down_to(6)
