"""What is offered for gas, and what for a replacement: exact, and never above the cap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.engine.fees import BPS, FeePolicy, Fees, first_offer, replacement, with_margin

GWEI = 10**9
POLICY = FeePolicy(max_fee_cap_wei=100 * GWEI, least_tip_wei=2, most_tip_wei=5 * GWEI)
WEI = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("base_fees", "tips", "offer"),
    [
        ([3 * GWEI, 7 * GWEI], [GWEI, 3 * GWEI, 2 * GWEI], Fees(16 * GWEI, 2 * GWEI)),
        ([7 * GWEI], [], Fees(14 * GWEI + 2, 2)),
        ([7 * GWEI], [1, 1, 1], Fees(14 * GWEI + 2, 2)),
        ([7 * GWEI], [50 * GWEI], Fees(19 * GWEI, 5 * GWEI)),
        ([90 * GWEI], [GWEI], Fees(100 * GWEI, GWEI)),
        ([], [], Fees(2, 2)),
    ],
    ids=["median of the tips", "no tips", "tips too low", "tips too high", "cap", "a chain without fees"],
)
def test_a_first_offer(base_fees: list[int], tips: list[int], offer: Fees) -> None:
    assert first_offer(POLICY, base_fees, tips) == offer


def test_a_tip_is_never_more_than_the_cap() -> None:
    assert first_offer(FeePolicy(max_fee_cap_wei=3, least_tip_wei=5), [1], []) == Fees(3, 3)


def test_an_offer_lasts_through_six_full_blocks() -> None:
    base = most = first_offer(POLICY, [GWEI], []).max_fee_wei
    base = GWEI
    for _ in range(5):  # the first of the six costs what is known
        base += base // 8
    assert base + POLICY.least_tip_wei <= most


@pytest.mark.parametrize(
    ("last", "market", "offer"),
    [
        (Fees(10 * GWEI, 2), Fees(9 * GWEI, 1), Fees(11_250_000_000, 3)),
        (Fees(10 * GWEI, 2), Fees(20 * GWEI, 9), Fees(20 * GWEI, 9)),
        (Fees(90 * GWEI, 2), Fees(0, 0), Fees(100 * GWEI, 3)),
        (Fees(91 * GWEI, 2), Fees(0, 0), None),
        (Fees(100 * GWEI, 2), Fees(500 * GWEI, 2), None),
        (Fees(5, 5), Fees(0, 0), Fees(6, 6)),
    ],
    ids=["the bump", "the market", "up to the cap", "too near the cap", "at the cap", "all of it a tip"],
)
def test_a_replacement(last: Fees, market: Fees, offer: Fees | None) -> None:
    assert replacement(POLICY, last, market) == offer


@given(WEI, WEI, WEI, WEI)
def test_a_replacement_is_one_that_nodes_take_and_is_under_the_cap(most: int, tip: int, base: int, more: int) -> None:
    offer = replacement(POLICY, Fees(most, min(most, tip)), Fees(base + more, more))
    if offer is None:
        assert most * (BPS + 1_000) > 100 * GWEI * BPS - BPS or min(most, tip) * (BPS + 1_000) > 100 * GWEI * BPS - BPS
        return
    assert offer.max_fee_wei * 10 >= most * 11
    assert offer.tip_wei * 10 >= min(most, tip) * 11
    assert offer.tip_wei <= offer.max_fee_wei <= POLICY.max_fee_cap_wei


def test_a_fixed_policy_offers_the_same_always_and_replaces_nothing() -> None:
    fixed = FeePolicy.fixed(10**12, 1)
    assert first_offer(fixed, [10**15], [10**15]) == Fees(10**12, 1)
    assert replacement(fixed, Fees(10**12, 1), Fees(10**15, 10**15)) is None


def test_a_bump_that_nodes_refuse_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="by 1000 bps or more, not 999"):
        FeePolicy(bump_bps=999)


@pytest.mark.parametrize(("gas", "limit"), [(100_001, 120_002), (900_000, 1_000_000), (2_000_000, 2_000_000)])
def test_gas_has_a_margin_within_the_block(gas: int, limit: int) -> None:
    assert with_margin(POLICY, gas, 1_000_000) == limit
