"""Paths between stated prices: every figure hit to the unit, one seed one path, markets asleep at night."""

import math
from dataclasses import replace
from itertools import pairwise
from statistics import correlation

import pytest

from margin.scenarios.anchors import Order
from margin.scenarios.bridge import Paths, build_paths
from margin.scenarios.events import AnyEvent
from margin.scenarios.hours import is_open
from margin.scenarios.prices import Bar, opens_e6
from margin.scenarios.scenario import Scenario, packaged

SEEDS = (0, 1, 7, 20_260_206)
FEB = packaged("feb_2026")
KNOWN_SUMS_E6 = {
    "BTC": 213_236_237_880_000,
    "ETH": 6_810_796_410_000,
    "SOL": 291_625_710_000,
    "XAG": 246_719_780_000,
    "XAU": 247_208_690_000,
    "NDX": 57_819_920_460_000,
    "BVIV": 158_704_760_000,
}
PATHS = {seed: build_paths(FEB, seed) for seed in SEEDS}


def stretch(paths: Paths, bar: Bar) -> tuple[int, ...]:
    inside = [step for step, at_s in enumerate(paths.times_s) if bar.start_s <= at_s < bar.end_s]
    return paths.prices_e6[bar.asset][inside[0] : inside[-1] + 1]


def hourly_returns(paths: Paths, symbol: str) -> list[float]:
    hourly = paths.prices_e6[symbol][::6]
    return [math.log(after / before) for before, after in pairwise(hourly)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_bar_shows_its_open_close_high_and_low(seed: int) -> None:
    hit = 0
    for asset in FEB.assets:
        bars = FEB.bars_of(asset.symbol)
        for bar, open_e6 in zip(bars, opens_e6(bars), strict=True):
            prices_e6 = stretch(PATHS[seed], bar)
            assert (prices_e6[0], prices_e6[-1]) == (open_e6, bar.close_e6), bar
            assert bar.low_e6 in {None, min(prices_e6)}, bar
            assert bar.high_e6 in {None, max(prices_e6)}, bar
            hit += 1
    assert hit == 16 + 44 + 16 + 44 + 18


@pytest.mark.parametrize("seed", SEEDS)
def test_every_point_is_on_the_path(seed: int) -> None:
    step_of = {at_s: step for step, at_s in enumerate(PATHS[seed].times_s)}
    for point in FEB.points:
        assert PATHS[seed].prices_e6[point.asset][step_of[point.at_s]] == point.price_e6, point


@pytest.mark.parametrize("seed", SEEDS)
def test_the_low_of_the_event_stands_at_its_minute(seed: int) -> None:
    step = PATHS[seed].times_s.index(next(bar.low_at_s for bar in FEB.bars_of("BTC") if bar.low_at_s))
    lows_e6 = {symbol: PATHS[seed].prices_e6[symbol][step] for symbol in ("BTC", "ETH", "SOL")}
    assert lows_e6 == {"BTC": 60_000_000_000, "ETH": 1_747_800_000, "SOL": 67_500_000}
    assert all(low_e6 == min(PATHS[seed].prices_e6[symbol]) for symbol, low_e6 in lows_e6.items())


@pytest.mark.parametrize("seed", SEEDS)
def test_stated_extremes_are_never_passed(seed: int) -> None:
    roofs = [point for point in FEB.points if point.extreme == "high"]
    assert {point.asset for point in roofs} == {"XAG", "BVIV"}
    for point in roofs:
        assert max(PATHS[seed].prices_e6[point.asset]) == point.price_e6


def test_lows_of_bars_with_the_same_bounds_coincide() -> None:
    ether = {(bar.start_s, bar.end_s): bar for bar in FEB.bars_of("ETH")}
    together = 0
    for paths in PATHS.values():
        for bar, open_e6 in zip(FEB.bars_of("BTC"), opens_e6(FEB.bars_of("BTC")), strict=True):
            led = ether[bar.start_s, bar.end_s]
            if bar.low_e6 in {open_e6, bar.close_e6} or led.low_e6 in {led.open_e6, led.close_e6}:
                continue
            at_leader = stretch(paths, bar).index(bar.low_e6 or 0)
            assert stretch(paths, led)[at_leader] == led.low_e6
            together += 1
    assert together > 50 * len(SEEDS)


def test_low_comes_before_high_in_some_bars_and_after_it_in_others() -> None:
    first = 0
    bars = [bar for bar in FEB.bars_of("BTC") if bar.low_at_s is None]
    for paths in PATHS.values():
        for bar in bars:
            prices_e6 = stretch(paths, bar)
            first += prices_e6.index(bar.low_e6 or 0) < prices_e6.index(bar.high_e6 or 0)
    assert 0.3 < first / (len(bars) * len(SEEDS)) < 0.7


@pytest.mark.parametrize(("order", "lows_first"), [(Order.LOW_FIRST, True), (Order.HIGH_FIRST, False)])
def test_every_undated_low_comes_before_or_after_its_high_as_asked(order: Order, lows_first: bool) -> None:
    """And every bar still shows its figures; dated lows stand where they did."""
    paths, looked_at = build_paths(FEB, 7, order), 0
    for bar, open_e6 in zip(FEB.bars_of("BTC"), opens_e6(FEB.bars_of("BTC")), strict=True):
        prices_e6 = stretch(paths, bar)
        assert bar.low_e6 in {None, min(prices_e6)}, bar
        assert bar.high_e6 in {None, max(prices_e6)}, bar
        low, high = prices_e6.index(min(prices_e6)), prices_e6.index(max(prices_e6))
        if bar.low_at_s is not None:
            assert low == stretch(PATHS[7], bar).index(min(prices_e6))
        elif bar.low_e6 not in {open_e6, bar.close_e6} and bar.high_e6 not in {open_e6, bar.close_e6}:
            assert (low < high) is lows_first, bar
            looked_at += 1
    assert looked_at > 30


def test_one_seed_gives_one_path_and_another_seed_another() -> None:
    assert build_paths(FEB, 7) == PATHS[7]
    for symbol in ("BTC", "ETH", "SOL", "XAG", "XAU", "NDX", "BVIV"):
        assert PATHS[7].prices_e6[symbol] != PATHS[1].prices_e6[symbol]


def test_paths_of_a_known_seed_stay_what_they_are() -> None:
    """The ints are promised across Python versions; a changed draw must be noticed, and said in the changelog."""
    sums_e6 = {symbol: sum(prices_e6) for symbol, prices_e6 in PATHS[7].prices_e6.items()}
    assert sums_e6 == KNOWN_SUMS_E6


def test_a_bar_is_drawn_alike_whatever_came_before_it() -> None:
    """Another price on the first day leaves every later day of bitcoin to the unit as it was."""
    first = FEB.bars_of("BTC")[0]
    assert first.high_e6 is not None
    other = replace(FEB, bars=tuple(replace(bar, high_e6=93_500_000_000) if bar == first else bar for bar in FEB.bars))
    before, after = PATHS[7].prices_e6["BTC"], build_paths(other, 7).prices_e6["BTC"]
    assert before[:144] != after[:144]
    assert before[144:] == after[144:]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("symbol", "least"), [("ETH", 0.80), ("SOL", 0.60)])
def test_hourly_returns_move_with_bitcoin(seed: int, symbol: str, least: float) -> None:
    moved = hourly_returns(PATHS[seed], "BTC")
    assert least < correlation(moved, hourly_returns(PATHS[seed], symbol)) < 0.97


def test_without_the_stated_correlation_they_do_not() -> None:
    """The control: what the test above sees comes from the scenario's figure, not from the bars alone."""
    alone = replace(FEB, assets=tuple(replace(asset, correlation_to_btc_bps=0) for asset in FEB.assets))
    paths = build_paths(alone, 1)
    assert correlation(hourly_returns(paths, "BTC"), hourly_returns(paths, "SOL")) < 0.55


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_stand_still_while_a_market_is_shut(seed: int) -> None:
    paths = PATHS[seed]
    for asset in FEB.assets:
        moved = 0
        steps = zip(paths.times_s[1:], pairwise(paths.prices_e6[asset.symbol]), strict=True)
        for at_s, (before_e6, after_e6) in steps:
            assert before_e6 == after_e6 or is_open(asset.hours, at_s), (asset.symbol, at_s)
            moved += before_e6 != after_e6
        assert moved > 300, asset.symbol


@pytest.mark.parametrize("seed", SEEDS)
def test_every_price_is_a_whole_number_of_ticks(seed: int) -> None:
    for asset in FEB.assets:
        prices_e6 = PATHS[seed].prices_e6[asset.symbol]
        assert len(prices_e6) == len(PATHS[seed].times_s) == 2_568
        assert all(type(price_e6) is int and price_e6 % asset.tick_e6 == 0 for price_e6 in prices_e6)


def test_events_do_not_change_prices() -> None:
    silent: tuple[AnyEvent, ...] = ()
    quiet: Scenario = replace(FEB, events=silent)
    assert build_paths(quiet, 7) == PATHS[7]
