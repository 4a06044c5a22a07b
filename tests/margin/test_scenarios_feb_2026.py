"""The packaged scenario against the record: the steps, the delay, the depth, the implied closes, the hourly files."""

import csv
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from margin.scenarios.events import CONFIDENCES, DepthChanged, MarginStepped, OpeningDelayed, RatesMoved, SharesMoved
from margin.scenarios.prices import Bar
from margin.scenarios.scenario import packaged, packaged_names

FEB = packaged("feb_2026")
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data"
HOUR_S = 3_600


def at_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def point_e6(symbol: str, instant: str) -> int:
    return next(point.price_e6 for point in FEB.points_of(symbol) if point.at_s == at_s(instant))


def test_the_window_is_428_hours_in_steps_of_ten_minutes() -> None:
    assert (FEB.start_s, FEB.end_s, FEB.step_s) == (at_s("2026-01-20T00:00"), at_s("2026-02-06T20:00"), 600)
    assert len(FEB.times_s()) == 428 * 6
    assert packaged_names() == ("feb_2026",)


CME_STEPS = """
XAG   900 1100  2026-01-27T22:30  2026-01-28T22:00
XAG  1100 1500  2026-01-30T22:30  2026-02-02T22:00
XAU   600  800  2026-01-30T22:30  2026-02-02T22:00
XAG  1500 1800  2026-02-05T22:30  2026-02-06T22:00
XAU   800  900  2026-02-05T22:30  2026-02-06T22:00
"""


def test_the_cme_steps_are_those_of_the_record() -> None:
    expected = [row.split() for row in CME_STEPS.strip().splitlines()]
    steps = [event for event in FEB.events if isinstance(event, MarginStepped)]
    stated = [(step.asset, step.from_bps, step.to_bps, step.at_s, step.effective_at_s) for step in steps]
    assert stated == [
        (asset, int(low), int(high), at_s(notice), at_s(due)) for asset, low, high, notice, due in expected
    ]
    assert {step.exchange for step in steps} == {"CME"}


def test_the_other_effects_are_those_of_the_record() -> None:
    delays = [event for event in FEB.events if isinstance(event, OpeningDelayed)]
    assert [(event.exchange, event.opens_at_s, event.delay_s) for event in delays] == [
        ("LME", at_s("2026-01-30T01:00"), HOUR_S)
    ]
    depths = [(event.depth_bps, event.confidence) for event in FEB.events if isinstance(event, DepthChanged)]
    assert depths == [(8_000, "A"), (10_000, "A"), (7_000, "S")]
    rates = [event for event in FEB.events if isinstance(event, RatesMoved)]
    assert [(event.market, event.yield_change_bps_e3, event.yen_change_bps_e3) for event in rates] == [
        ("JGB", 19_500, -20_000)
    ]
    assert sum(isinstance(event, SharesMoved) for event in FEB.events) == 4


def test_the_story_follows_the_record_where_they_differ() -> None:
    when = {event.title: event.at_s for event in FEB.events}
    assert when["AMD reports; its shares fall after hours"] == at_s("2026-02-03T21:10")
    assert when["Alphabet doubles its spending plan"] == at_s("2026-02-04T21:10")
    assert when["Silver falls again, to 72.12"] == at_s("2026-02-05T21:50")
    assert when["LME opens one hour late"] < when["Silver's worst day since 1980"]
    assert when["Silver's worst day since 1980"] < when["CME raises silver margin to 15%"]
    assert "Takaichi" in next(event.text for event in FEB.context if "snap election" in event.title)


def test_every_row_is_sourced_and_events_come_in_order() -> None:
    rows = (*FEB.assets, *FEB.bars, *FEB.points, *FEB.events, *FEB.context)
    assert len(rows) > 190
    assert all(row.source and row.confidence in CONFIDENCES for row in rows)
    assert [event.at_s for event in FEB.events] == sorted(event.at_s for event in FEB.events)
    assert all(len(event.title) <= 48 and event.text.count(".") <= 6 for event in FEB.events)


def test_implied_closes_follow_from_the_stated_changes() -> None:
    cent_e6 = 10_000
    implied = [
        (point_e6("XAG", "2026-01-29T21:50"), Fraction(7853, 100) / Fraction("0.686")),
        (point_e6("XAG", "2026-02-04T21:50"), Fraction(7212, 100) / Fraction("0.82")),
        (point_e6("NDX", "2026-02-04T20:50"), Fraction(2_254_059, 100) / Fraction("0.9841")),
        (point_e6("NDX", "2026-02-03T20:50"), Fraction(2_290_478, 100) / Fraction("0.985")),
    ]
    for stated_e6, exact in implied:
        assert stated_e6 == round(exact * 1_000_000 / cent_e6) * cent_e6


def recorded_hours(symbol: str) -> list[dict[str, str]]:
    path = RECORDED / f"feb2026_{symbol}USDT_1h.csv"
    if not path.exists():
        pytest.skip(f"the recorded hours of {symbol} are not beside this checkout (shared/data)")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def recorded(hours: list[dict[str, str]], bar: Bar) -> dict[str, Fraction]:
    inside = [hour for hour in hours if bar.start_s <= int(hour["open_ms"]) // 1_000 < bar.end_s]
    return {
        "open": Fraction(inside[0]["open"]),
        "high": max(Fraction(hour["high"]) for hour in inside),
        "low": min(Fraction(hour["low"]) for hour in inside),
        "close": Fraction(inside[-1]["close"]),
    }


# Half the last stated digit: daily figures are rounded to a dollar (SOL: ten cents), hourly ones of ETH to ten cents.
@pytest.mark.parametrize(("symbol", "daily", "hourly"), [("BTC", "0.5", "0.5"), ("ETH", "0.5", "0.05")])
def test_bars_agree_with_the_recorded_hours(symbol: str, daily: str, hourly: str) -> None:
    hours = recorded_hours(symbol)
    for bar in FEB.bars_of(symbol):
        rounding = Fraction(hourly if bar.end_s - bar.start_s == HOUR_S else daily)
        assert_agrees(bar, recorded(hours, bar), rounding)


def test_solana_agrees_with_the_recorded_hours() -> None:
    hours = recorded_hours("SOL")
    for bar in FEB.bars_of("SOL"):
        assert_agrees(bar, recorded(hours, bar), Fraction("0.05"))


def assert_agrees(bar: Bar, exact: dict[str, Fraction], rounding: Fraction) -> None:
    stated = {"open": bar.open_e6, "high": bar.high_e6, "low": bar.low_e6, "close": bar.close_e6}
    for field, price_e6 in stated.items():
        if price_e6 is not None:
            assert abs(Fraction(price_e6, 1_000_000) - exact[field]) <= rounding, (bar, field, float(exact[field]))
