"""Names and numbers of instruments: there and back, at each limit, and what has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.derive_names import CALL_BIT, LinearName, NamingError, OptionName, parse, text
from margin.fixed import Fixed
from tests.margin.holding import fixed

JUNE_2027_S = 1_813_910_400
LARGEST = Fixed(((1 << 63) - 1) * 10**10)


def test_the_specifications_example() -> None:
    put = parse("ETH-20270625-6000-P")
    assert put == OptionName("ETH", JUNE_2027_S, fixed(6000), is_call=False)
    assert put.sub_id == 2576980377601813910400
    assert parse("ETH-20270625-6000-C").sub_id == 39614083834112546398585885568
    assert OptionName.of_sub_id("ETH", put.sub_id) == put
    assert text(put) == "ETH-20270625-6000-P"


@pytest.mark.parametrize(("name", "expected"), [
    ("ETH-PERP", LinearName("ETH", is_perp=True)), ("BTC-USDC", LinearName("BTC", is_perp=False)),
])  # fmt: skip
def test_linear_names(name: str, expected: LinearName) -> None:
    assert parse(name) == expected
    assert text(expected) == name
    assert expected.sub_id == 0


options = st.builds(
    OptionName,
    st.sampled_from(["ETH", "BTC", "1INCH"]),
    st.integers(0, 40_000).map(lambda day: day * 86_400 + 8 * 3_600),
    st.integers(0, (1 << 63) - 1).map(lambda granules: Fixed(granules * 10**10)),
    st.booleans(),
)


@given(options)
def test_there_and_back(option: OptionName) -> None:
    assert parse(text(option)) == option
    assert OptionName.of_sub_id(option.asset, option.sub_id) == option
    assert option.sub_id < 1 << 96
    assert bool(option.sub_id & CALL_BIT) is option.is_call


def test_the_three_fields_of_a_number() -> None:
    assert OptionName("ETH", 1, Fixed(0), is_call=False).sub_id == 1
    assert OptionName("ETH", 1, fixed("0.00000001"), is_call=False).sub_id == (1 << 32) + 1
    assert OptionName("ETH", 1, Fixed(0), is_call=True).sub_id == (1 << 95) + 1
    assert OptionName("ETH", (1 << 32) - 1, LARGEST, is_call=True).sub_id == (1 << 96) - 1


@pytest.mark.parametrize(
    ("expires_at_s", "strike", "says"),
    [
        (0, fixed(1), "expiry of 0 s"),
        (1 << 32, fixed(1), "below 2\\^32"),
        (0, Fixed(1), "expiry of 0 s"),  # the expiry is looked at first
        (1, Fixed(1), "more than 8 decimals"),
        (1, fixed("0.000000001"), "more than 8 decimals"),
        (1, fixed(-1), "at least 0"),
        (1, LARGEST + fixed("0.00000001"), "below 2\\^63"),
        (1, LARGEST + Fixed(1), "more than 8 decimals"),
    ],
)
def test_what_no_number_can_hold(expires_at_s: int, strike: Fixed, says: str) -> None:
    with pytest.raises(NamingError, match=says):
        OptionName("ETH", expires_at_s, strike, is_call=True)


@pytest.mark.parametrize(
    ("sub_id", "says"), [(0, "96 bits"), (-1, "96 bits"), (1 << 96, "96 bits"), (1 << 32, "expiry of 0 s")]
)
def test_numbers_of_no_option(sub_id: int, says: str) -> None:
    with pytest.raises(NamingError, match=says):
        OptionName.of_sub_id("ETH", sub_id)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is no ASSET"),
        ("eth-PERP", "is no ASSET"),
        ("ETH-PERP ", "is no ASSET"),
        ("ETH-USDT", "is no ASSET"),
        ("ETH-20270625-6000", "is no ASSET"),
        ("ETH-20270625-6000-X", "is no ASSET"),
        ("ETH-20270625--6000-C", "is no ASSET"),
        ("ETH-20270625-1e3-C", "is no ASSET"),
        ("ETH-20270625-٦٠٠٠-C", "is no ASSET"),
        ("ETH-20270230-6000-C", "2027-02-30 is no date"),
        ("ETH-19691231-6000-C", "expiry of -57600 s"),
        ("ETH-21070101-6000-C", "below 2"),
        ("ETH-20270625-0.000000001-C", "8 decimals"),
    ],
)
def test_names_of_nothing(name: str, says: str) -> None:
    with pytest.raises(NamingError, match=says):
        parse(name)


def test_another_hour_has_no_name() -> None:
    with pytest.raises(NamingError, match="not 08:00 UTC"):
        text(OptionName("ETH", JUNE_2027_S + 1, fixed(1), is_call=True))
