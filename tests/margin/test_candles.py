"""A user's candles: replayed to the unit, and refused by file, line, expected and found."""

from dataclasses import replace
from pathlib import Path

import pytest

from margin.scenarios.bridge import build_paths
from margin.scenarios.candles import CandleError, asset_of, read_candles, replace_bars
from margin.scenarios.prices import Bar
from margin.scenarios.scenario import Scenario, packaged

FEB = packaged("feb_2026")
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data"
START_MS = FEB.start_s * 1_000
HOUR_MS = 3_600_000
HEADER = "open_ms,open,high,low,close,volume"


def written(tmp_path: Path, lines: list[str], name: str = "BTCUSDT.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def hourly(hours: int, step_ms: int = HOUR_MS) -> list[str]:
    """Return a header and candles that rise by 10 an hour, from the start of the window."""
    candles = [
        f"{START_MS + hour * step_ms},{70_000 + hour * 10}.5,{70_030 + hour * 10},{69_980 + hour * 10},"
        f"{70_010 + hour * 10}.25,1.5"
        for hour in range(hours)
    ]
    return [HEADER, *candles]


def test_candles_are_read_to_the_unit(tmp_path: Path) -> None:
    bars = read_candles(written(tmp_path, hourly(3)))
    assert [bar.start_s for bar in bars] == [FEB.start_s, FEB.start_s + 3_600, FEB.start_s + 7_200]
    first = bars[0]
    assert (first.asset, first.end_s - first.start_s) == ("BTC", 3_600)
    assert (first.open_e6, first.close_e6) == (70_000_500_000, 70_010_250_000)
    assert (first.high_e6, first.low_e6) == (70_030_000_000, 69_980_000_000)


def test_a_named_asset_overrules_the_file_name(tmp_path: Path) -> None:
    assert {bar.asset for bar in read_candles(written(tmp_path, hourly(2)), asset="SOL")} == {"SOL"}


@pytest.mark.parametrize(("name", "asset"), [("feb2026_ETHUSDT_1h.csv", "ETH"), ("solusdt.csv", "SOL")])
def test_the_file_name_shows_the_asset(name: str, asset: str) -> None:
    assert asset_of(Path(name)) == asset


def test_a_name_that_shows_no_asset_is_refused() -> None:
    with pytest.raises(CandleError, match="else write ASSET=FILE, found prices"):
        read_candles(Path("prices.csv"))


GOOD = f"{START_MS + 2 * HOUR_MS},5,6,4,5,1"

# what stands in line 4 of a file of five hours | words of the message
BROKEN_LINES = f"""
{START_MS + 2 * HOUR_MS},5,6,4,5 | expected 6 values, found 5
{START_MS + 2 * HOUR_MS},5,6,4,5,1,9 | expected 6 values, found 7
| expected 6 values, found 0
noon,5,6,4,5,1 | under open_ms, found 'noon'
{START_MS + 2 * HOUR_MS + 1},5,6,4,5,1 | whole seconds as milliseconds
999999999999999999,5,6,4,5,1 | whole seconds as milliseconds
{START_MS + 2 * HOUR_MS},five,6,4,5,1 | under open, found 'five'
{START_MS + 2 * HOUR_MS},5,nan,4,5,1 | under high, found 'nan'
{START_MS + 2 * HOUR_MS},5,6,0,5,1 | above zero with at most 6 decimals under low, found '0'
{START_MS + 2 * HOUR_MS},5,6,4,5.0000001,1 | under close, found '5.0000001'
{START_MS + 2 * HOUR_MS},5,6,4,5,-1 | zero or more under volume, found '-1'
{START_MS + 2 * HOUR_MS},5,6,5.5,5.5,1 | a low up to open and close, found open 5, high 6, low 5.5, close 5.5
{START_MS + 2 * HOUR_MS},5,6,4,6.5,1 | a high from open and close up, found open 5
{START_MS + HOUR_MS},5,6,4,5,1 | each bar once, found 2026-01-20T01:00:00Z again
{START_MS},5,6,4,5,1 | in order of time, after 2026-01-20T01:00:00Z, found 2026-01-20T00:00:00Z
"""


@pytest.mark.parametrize("row", BROKEN_LINES.strip().splitlines())
def test_a_broken_line_is_refused_by_its_number(tmp_path: Path, row: str) -> None:
    line, _, words = row.partition("|")
    lines = hourly(5)
    lines[3] = line.strip()
    path = written(tmp_path, lines)
    with pytest.raises(CandleError) as caught:
        read_candles(path)
    assert str(caught.value).startswith(f"{path}, line 4: expected ")
    assert words.strip() in str(caught.value)


def test_the_line_that_the_table_breaks_is_good_when_whole(tmp_path: Path) -> None:
    lines = hourly(5)
    lines[3] = GOOD
    assert len(read_candles(written(tmp_path, lines))) == 5


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("time,open,high,low,close,volume", "found time,open"),
        ("open_ms,open,high,low,close", "found open_ms,open,high,low,close"),
        ("open_ms,open,low,high,close,volume", "found open_ms,open,low"),
        ("", "found none"),
    ],
)
def test_wrong_columns_are_refused(tmp_path: Path, header: str, found: str) -> None:
    with pytest.raises(CandleError, match=f"line 1: expected the columns open_ms,open,high.*{found}"):
        read_candles(written(tmp_path, [header, *hourly(3)[1:]]))


def test_a_missing_bar_is_named(tmp_path: Path) -> None:
    lines = hourly(9)
    del lines[4:6]
    with pytest.raises(CandleError, match=r"line 5: expected the bar of 2026-01-20T03:00:00Z \(2 missing\)"):
        read_candles(written(tmp_path, lines))


def test_an_uneven_interval_is_refused(tmp_path: Path) -> None:
    lines = hourly(3)
    lines.append(f"{START_MS + 2 * HOUR_MS + 5_400_000},5,6,4,5,1")
    with pytest.raises(CandleError, match="line 5: expected bars every 3600 s, found one 5400 s after"):
        read_candles(written(tmp_path, lines))


def test_one_bar_does_not_show_its_interval(tmp_path: Path) -> None:
    with pytest.raises(CandleError, match="two bars or more"):
        read_candles(written(tmp_path, hourly(1)))


def test_a_close_before_the_open_is_refused(tmp_path: Path) -> None:
    lines = [f"{line},{START_MS + hour * HOUR_MS - 1}" for hour, line in enumerate(hourly(3)[1:])]
    with pytest.raises(CandleError, match="line 2: expected milliseconds after open_ms under close_ms"):
        read_candles(written(tmp_path, [HEADER + ",close_ms", *lines]))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CandleError, match="expected a readable file"):
        read_candles(tmp_path / "BTCUSDT.csv")


def test_candles_that_end_early_say_what_they_cover(tmp_path: Path) -> None:
    bars = read_candles(written(tmp_path, hourly(400)))
    expected = "whole bars from 2026-01-20T00:00:00Z to 2026-02-06T20:00:00Z"
    with pytest.raises(CandleError, match=f"expected {expected}, found bars from .* to 2026-02-05T16:00:00Z"):
        replace_bars(FEB, "BTC", bars)


def test_candles_that_do_not_meet_the_end_of_the_window_are_refused(tmp_path: Path) -> None:
    bars = read_candles(written(tmp_path, hourly(18, step_ms=24 * HOUR_MS)))
    with pytest.raises(CandleError, match="of 86400 s, which do not meet both ends"):
        replace_bars(FEB, "BTC", bars)


@pytest.mark.parametrize(
    ("step_ms", "words"),
    [(900_000, "a multiple of 600 s.* found 900 s"), (600_000, "bars of 2400 s or more.* found 600 s")],
)
def test_candles_without_room_for_their_figures_are_refused(tmp_path: Path, step_ms: int, words: str) -> None:
    bars = read_candles(written(tmp_path, hourly(20, step_ms)))
    with pytest.raises(CandleError, match=words):
        replace_bars(FEB, "BTC", bars)


@pytest.mark.parametrize(("asset", "words"), [("DOGE", "found DOGE"), ("XAG", r"XAG, which closes \(globex\)")])
def test_assets_that_cannot_be_replayed_are_refused(tmp_path: Path, asset: str, words: str) -> None:
    bars = read_candles(written(tmp_path, hourly(428)), asset)
    with pytest.raises(CandleError, match=words):
        replace_bars(FEB, asset, bars)


def test_longer_candles_are_cut_to_the_window_and_events_stay(tmp_path: Path) -> None:
    bars = read_candles(written(tmp_path, hourly(440)))
    replayed = replace_bars(FEB, "BTC", bars)
    assert replayed.bars_of("BTC") == bars[:428]
    assert replayed.bars_of("ETH") == FEB.bars_of("ETH")
    assert replayed.events == FEB.events
    assert_shows(replayed, replayed.bars_of("BTC"))


def test_candles_may_replace_points(tmp_path: Path) -> None:
    bars = read_candles(written(tmp_path, hourly(428)), "BVIV")
    replayed = replace_bars(FEB, "BVIV", bars)
    assert replayed.points_of("BVIV") == ()
    assert replayed.points_of("XAG") == FEB.points_of("XAG")


@pytest.mark.parametrize("symbol", ["BTC", "ETH", "SOL"])
def test_recorded_hours_replay_to_the_unit(symbol: str) -> None:
    path = RECORDED / f"feb2026_{symbol}USDT_1h.csv"
    if not path.exists():
        pytest.skip(f"the recorded hours of {symbol} are not beside this checkout (shared/data)")
    bars = read_candles(path)
    assert len(bars) == 428
    assert_shows(replace_bars(FEB, symbol, bars), bars)


def assert_shows(scenario: Scenario, bars: tuple[Bar, ...]) -> None:
    paths = build_paths(replace(scenario, events=()), 5)
    prices_e6 = paths.prices_e6[bars[0].asset]
    for place, bar in enumerate(bars):
        hour = prices_e6[6 * place : 6 * place + 6]
        assert (hour[0], max(hour), min(hour), hour[-1]) == (bar.open_e6, bar.high_e6, bar.low_e6, bar.close_e6)
