"""One bridge by itself: whatever the draws, its anchors are hit and its band is kept."""

import math

from hypothesis import given
from hypothesis import strategies as st

from margin.scenarios.brownian import Band, bar_band, bar_sigma, bridged
from margin.scenarios.prices import Bar, PricedAsset

CENT_E6 = 10_000
BAND = Band(low_e6=90_000_000, high_e6=110_000_000)
ANCHORS = {0: 100_000_000, 3: 90_000_000, 7: 110_000_000, 11: 105_000_000}
SHOCKS = st.lists(st.floats(-8, 8), min_size=12, max_size=12)


def drawn(shocks: list[float], step_sigma: float) -> list[int]:
    return bridged(ANCHORS, shocks, step_sigma=step_sigma, band=BAND, tick_e6=CENT_E6)


@given(SHOCKS, st.floats(0, 2))
def test_anchors_are_hit_and_the_band_is_kept(shocks: list[float], step_sigma: float) -> None:
    path = drawn(shocks, step_sigma)
    assert len(path) == len(shocks)
    assert all(path[step] == price_e6 for step, price_e6 in ANCHORS.items())
    assert all(BAND.low_e6 <= price_e6 <= BAND.high_e6 and price_e6 % CENT_E6 == 0 for price_e6 in path)


def test_wild_draws_would_leave_the_band() -> None:
    """The control of the property above: the same draws in a wide band go far beyond both bounds."""
    shocks = [0, 6, 0, -6, 0, -6, 0, 6, 0, 0, 0, 0]
    free = bridged(ANCHORS, shocks, step_sigma=0.5, band=Band(CENT_E6, 10**12), tick_e6=CENT_E6)
    assert min(free) < BAND.low_e6
    assert max(free) > BAND.high_e6


def test_without_noise_the_log_price_is_a_straight_line() -> None:
    path = bridged({0: 100_000_000, 4: 160_000_000}, [1.0] * 5, step_sigma=0.0, band=Band(1, 10**12), tick_e6=1)
    assert path == [round(100_000_000 * 1.6 ** (step / 4)) for step in range(5)]


ASSET = PricedAsset("BTC", "Bitcoin", CENT_E6, "always", 10_000, None, 300, "test", "A")


def bar(high_e6: int | None, low_e6: int | None, close_e6: int) -> Bar:
    return Bar("BTC", 0, 21_600, 100_000_000, high_e6, low_e6, close_e6, None, "test", "A")


def test_volatility_is_parkinsons_and_the_assets_own_where_no_range_is_stated() -> None:
    ranged = bar_sigma(ASSET, bar(110_000_000, 90_000_000, 105_000_000), 100_000_000)
    assert math.isclose(ranged, math.log(110 / 90) / (2 * math.sqrt(math.log(2))))
    assert bar_sigma(ASSET, bar(None, None, 100_000_000), 100_000_000) == 0.03 / 2  # a quarter of a day
    assert bar_sigma(ASSET, bar(100_000_000, 100_000_000, 100_000_000), 100_000_000) == 0.0


def test_an_end_that_is_not_stated_lies_one_sigma_away() -> None:
    band = bar_band(bar(None, 90_000_000, 95_000_000), 100_000_000, sigma=0.1)
    assert band == Band(90_000_000, int(100_000_000 * math.exp(0.1)))
