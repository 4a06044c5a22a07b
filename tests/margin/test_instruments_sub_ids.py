"""Names become the sub-ids that Derive's contracts use, bit for bit; what those cannot hold is refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.instruments import Instrument, InstrumentError, Kind, option_sub_id, sub_id_of
from scripts.walkthrough.cast import LISTED


def test_the_published_example_and_its_call() -> None:
    assert sub_id_of("ETH-20270625-6000-P") == 2576980377601813910400
    assert sub_id_of("ETH-20270625-6000-C") == 39614083834112546398585885568
    assert sub_id_of("ETH-PERP") == 0


def test_every_instrument_of_the_crash_day_is_named_for_what_it_is() -> None:
    assert any(instrument.is_option for instrument in LISTED)
    for instrument in LISTED:
        assert sub_id_of(instrument.symbol) == instrument.sub_id


@given(
    kind=st.sampled_from("CP"),
    strike_e8=st.integers(0, 2**63 - 1),
    day=st.dates(date(1970, 1, 2), date(2106, 2, 6)),
)
def test_a_sub_id_holds_kind_strike_and_expiry(kind: str, strike_e8: int, day: date) -> None:
    whole, decimals = divmod(strike_e8, 10**8)
    sub_id = sub_id_of(f"X-{day:%Y%m%d}-{whole}.{decimals:08d}-{kind}")
    assert sub_id < 1 << 96
    assert (sub_id >> 95, sub_id >> 32 & (1 << 63) - 1) == (kind == "C", strike_e8)
    assert datetime.fromtimestamp(sub_id & 0xFFFFFFFF, UTC) == datetime(day.year, day.month, day.day, 8, tzinfo=UTC)


REFUSED = {
    "ETH-USDC": "no name such as",
    "ETH-2027625-6000-P": "no name such as",
    "ETH-20270625-6000-X": "no name such as",
    "ETH-20270631-6000-P": "20270631 is no day",
    "ETH-20270625-0.123456789-P": "at most 8 decimals",
    "ETH-20270625-92233720369-P": "has no sub-id",
    "ETH-21060208-6000-P": "has no sub-id",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_instrument_is_refused(name: str) -> None:
    with pytest.raises(InstrumentError, match=REFUSED[name]):
        sub_id_of(name)


def test_an_expiry_of_zero_and_a_lot_beyond_18_decimals_are_refused() -> None:
    with pytest.raises(InstrumentError, match="expires at 0 has no sub-id"):
        option_sub_id(Kind.PUT, 1, 0)
    with pytest.raises(InstrumentError, match="more than 18 decimals"):
        _ = Instrument(1, "x", "X-PERP", Kind.PERP, "X", 3, 3).lot_size_e18
    assert Instrument(1, "x", "X-PERP", Kind.PERP, "X", 1_000, 1_000).lot_size_e18 == 10**15
