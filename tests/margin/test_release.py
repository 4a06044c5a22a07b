"""A release leaves enough, to the unit, and one unit more of anything would not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.collateral import Eligible
from custody.money import Asset
from custody.valuation import value
from margin.release import plan_release

SCHEDULE = {
    "USDC": Eligible(Asset("USDC", 6, 6), 200),
    "BTC": Eligible(Asset("BTC", 8, 8), 1_000),
    "WORTHLESS": Eligible(Asset("WORTHLESS", 6, 6), 10_000),
}
LIMITED = {
    "USDC": Eligible(Asset("USDC", 6, 6), 200, most_units=700 * 10**6),
    "BTC": Eligible(Asset("BTC", 8, 8), 1_000, most_share_bps=4_000),
    "WORTHLESS": Eligible(Asset("WORTHLESS", 6, 6), 10_000),
}
PRICES_E6 = {"USDC": 10**6, "BTC": 60_000 * 10**6, "WORTHLESS": 10**6}
HELD = {"USDC": 1_000 * 10**6, "BTC": 10**6}  # $980 and $540 after haircuts


@pytest.mark.parametrize(
    ("spare", "first", "expected"),
    [
        (-1, (), {}),
        (0, (), {}),
        (1, (), {"USDC": 1}),  # a top-up of 1 would send two units of it: 0.98 rounds the other way
        (98, (), {"USDC": 100}),
        (99, (), {"USDC": 101}),
        (980 * 10**6, (), {"USDC": 1_000 * 10**6}),
        (980 * 10**6 + 539, (), {"USDC": 1_000 * 10**6}),
        (980 * 10**6 + 540, (), {"USDC": 1_000 * 10**6, "BTC": 1}),
        (540, ("BTC",), {"BTC": 1}),
        (10**15, (), HELD),
    ],
)
def test_assets_leave_in_turn(spare: int, first: tuple[str, ...], expected: dict[str, int]) -> None:
    assert plan_release(spare, HELD, SCHEDULE, PRICES_E6, first) == expected


def test_what_has_no_price_stays_and_what_counts_for_nothing_goes() -> None:
    prices_e6 = {"USDC": 10**6, "WORTHLESS": 10**6}
    held = {**HELD, "WORTHLESS": 5}
    assert plan_release(98, held, SCHEDULE, prices_e6) == {"USDC": 100, "WORTHLESS": 5}


@given(
    st.sampled_from([SCHEDULE, LIMITED]),
    st.integers(0, 2_000 * 10**6),
    st.integers(0, 3 * 10**6),
    st.integers(1, 10**11),
    st.integers(0, 2_000 * 10**6),
)
def test_enough_stays_and_one_unit_more_would_be_too_many(
    schedule: dict[str, Eligible], usdc: int, btc: int, price_e6: int, spare: int
) -> None:
    prices_e6, held = {**PRICES_E6, "BTC": price_e6}, {"USDC": usdc, "BTC": btc}
    released = plan_release(spare, held, schedule, prices_e6)

    def lost(more: str = "") -> int:
        left = {asset: units - released.get(asset, 0) - (asset == more) for asset, units in held.items()}
        before, after = (value(schedule, some, prices_e6).collateral_units for some in (held, left))
        return before - after

    assert lost() <= max(spare, 0)
    if spare and schedule is SCHEDULE:
        for asset, units in held.items():
            assert released.get(asset, 0) == units or lost(asset) > spare
