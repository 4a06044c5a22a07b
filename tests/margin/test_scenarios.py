"""Reading scenarios: an own file works like the packaged one, and a broken one is refused at its line and field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from margin.scenarios.bridge import build_paths
from margin.scenarios.events import DepthChanged, MarginStepped
from margin.scenarios.scenario import ScenarioError, load_scenario, packaged

OWN = """\
name = "own"
title = "Two days of a quiet market"
start = 2026-03-02T00:00:00Z
end = 2026-03-04T00:00:00Z
step_s = 600

[[asset]]
symbol = "BTC"
title = "Bitcoin"
tick = "0.01"
hours = "always"
correlation_to_btc_bps = 10000
daily_vol_bps = 300
source = "own books"
confidence = "A"

[[asset]]
symbol = "XAG"
title = "Silver"
tick = "0.01"
hours = "globex"
correlation_to_btc_bps = 0
daily_vol_bps = 200
source = "own books"
confidence = "A"

[[bar]]
asset = "BTC"
start = 2026-03-02T00:00:00Z
end = 2026-03-03T00:00:00Z
open = "70000"
high = "72000"
low = "69000"
close = "71000"
source = "own books"
confidence = "A"

[[bar]]
asset = "BTC"
start = 2026-03-03T00:00:00Z
end = 2026-03-04T00:00:00Z
low = "65000"
low_at = 2026-03-03T12:00:00Z
close = "66000"
source = "own books"
confidence = "A"

[[point]]
asset = "XAG"
at = 2026-03-02T00:00:00Z
price = "80.00"
source = "own books"
confidence = "A"

[[point]]
asset = "XAG"
at = 2026-03-03T20:00:00Z
price = "70.00"
extreme = "low"
source = "own books"
confidence = "A"

[[event]]
at = 2026-03-02T12:00:00Z
kind = "margin_step"
title = "Silver margin rises"
text = "A step."
figure = "5% to 6%"
source = "own books"
confidence = "A"
exchange = "CME"
asset = "XAG"
from_bps = 500
to_bps = 600
effective_at = 2026-03-02T22:00:00Z

[[event]]
at = 2026-03-02T06:00:00Z
kind = "depth"
title = "Book thins"
text = "Less depth."
figure = "60%"
source = "own books"
confidence = "S"
time_confidence = "A"
depth_bps = 6000
"""


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def line_of(text: str, wanted: str, nth: int) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line == wanted]
    return lines[nth]


def test_an_own_file_reads_and_gives_paths(own: Callable[[str], Path]) -> None:
    scenario = load_scenario(own(OWN))
    assert [type(event) for event in scenario.events] == [DepthChanged, MarginStepped]  # in order of time
    assert (scenario.events[0].confidence, scenario.events[0].time_confidence) == ("S", "A")
    assert scenario.bars[1].open_e6 is None
    paths = build_paths(scenario, 3)
    assert len(paths.times_s) == 288
    assert paths.prices_e6["BTC"][144 + 72] == min(paths.prices_e6["BTC"]) == 65_000_000_000
    assert paths.prices_e6["BTC"][144] == 71_000_000_000
    assert min(paths.prices_e6["XAG"]) == 70_000_000


def test_an_unknown_packaged_name_is_refused() -> None:
    with pytest.raises(ScenarioError, match="one of feb_2026, found oct_1987"):
        packaged("oct_1987")


# line as it stands | which occurrence | what replaces it | field named | words of the message
BROKEN = """
step_s = 600 | 0 | step_s = 7000 | step_s | divides the window
step_s = 600 | 0 | step_s = "600" | step_s | whole number
step_s = 600 | 0 | stepsize = 600 | step_s | found nothing
title = "Two days of a quiet market" | 0 | title = " " | title | not blank
end = 2026-03-04T00:00:00Z | 0 | end = 2026-03-01T00:00:00Z | end | after start
start = 2026-03-02T00:00:00Z | 0 | start = 2026-03-02T00:00:00 | start | in UTC
start = 2026-03-02T00:00:00Z | 0 | start = 2026-03-02T00:00:00+09:00 | start | in UTC
symbol = "XAG" | 0 | symbol = "BTC" | asset.symbol | not taken
tick = "0.01" | 0 | tick = 0.01 | asset.tick | in quotes
hours = "globex" | 0 | hours = "lunch" | asset.hours | us_equities
daily_vol_bps = 200 | 0 | daily_vol_bps = 2.5 | asset.daily_vol_bps | whole number
daily_vol_bps = 200 | 0 | daily_vol_bps = true | asset.daily_vol_bps | whole number
confidence = "A" | 1 | confidence = "B" | asset.confidence | P, C, S, W, A
correlation_to_btc_bps = 0 | 0 | correlation_to_btc_bps = 10001 | asset.correlation_to_btc_bps | to 10000
asset = "BTC" | 1 | asset = "DOGE" | bar.asset | BTC, XAG
asset = "XAG" | 0 | asset = "BTC" | asset.symbol | found both
open = "70000" | 0 | open = "7e4" | bar.open | in quotes
open = "70000" | 0 | open = "70000.005" | bar.open | ticks
open = "70000" | 0 | open = "-70000" | bar.open | above zero
open = "70000" | 0 | opne = "70000" | bar.opne | found the key opne
open = "70000" | 0 | volume = "1" | bar.volume | one of the keys
high = "72000" | 0 | high = "70500" | bar.high | at least 71000000000
low = "69000" | 0 | low = "70500" | bar.low | at most 70000000000
low = "65000" | 0 | low = "66500" | bar.low | at most 66000000000
close = "71000" | 0 | # close | bar.close | found nothing
start = 2026-03-03T00:00:00Z | 0 | start = 2026-03-03T01:00:00Z | bar.start | gap
start = 2026-03-03T00:00:00Z | 0 | start = 2026-03-02T23:00:00Z | bar.start | overlap
end = 2026-03-03T00:00:00Z | 0 | end = 2026-03-02T23:55:00Z | bar.end | grid
end = 2026-03-04T00:00:00Z | 1 | end = 2026-03-05T00:00:00Z | bar.end | up to 2026-03-04T00:00:00Z
end = 2026-03-04T00:00:00Z | 1 | end = 2026-03-03T20:00:00Z | bar.end | end of the window
low_at = 2026-03-03T12:00:00Z | 0 | low_at = 2026-03-03T12:05:00Z | bar.low_at | grid
low_at = 2026-03-03T12:00:00Z | 0 | low_at = 2026-03-03T23:50:00Z | bar.low_at | both excluded
low = "65000" | 0 | # low | bar.low | low_at says
at = 2026-03-02T00:00:00Z | 0 | at = 2026-03-02T01:00:00Z | point.at | first point
at = 2026-03-03T20:00:00Z | 0 | at = 2026-03-03T22:30:00Z | point.at | trades (globex)
at = 2026-03-03T20:00:00Z | 0 | at = 2026-03-02T00:00:00Z | point.at | after the point before
price = "70.00" | 0 | price = "70.001" | point.price | ticks
price = "70.00" | 0 | price = "90.00" | point.price | lowest point
extreme = "low" | 0 | extreme = "bottom" | point.extreme | high, low
kind = "depth" | 0 | kind = "rumour" | event.kind | opening_delay
depth_bps = 6000 | 0 | # none | event.depth_bps | found nothing
depth_bps = 6000 | 0 | depth_bps = 0 | event.depth_bps | from 1
figure = "60%" | 0 | # none | event.figure | found nothing
at = 2026-03-02T06:00:00Z | 0 | at = 2026-03-02T06:01:00Z | event.at | grid
at = 2026-03-02T06:00:00Z | 0 | at = 2026-03-04T00:00:00Z | event.at | end excluded
at = 2026-03-02T06:00:00Z | 0 | at = "yesterday" | event.at | in UTC
exchange = "CME" | 0 | exchange = "MCX" | event.exchange | CME, LME
asset = "XAG" | 2 | asset = "XAU" | event.asset | BTC, XAG
effective_at = 2026-03-02T22:00:00Z | 0 | effective_at = 2026-03-01T22:00:00Z | event.effective_at | from the notice on
time_confidence = "A" | 0 | time_confidence = "sure" | event.time_confidence | P, C, S, W, A
confidence = "S" | 0 | confidence = 1 | event.confidence | P, C, S, W, A
"""


@pytest.mark.parametrize("row", BROKEN.strip().splitlines())
def test_a_broken_file_is_refused_at_its_line_and_field(own: Callable[[str], Path], row: str) -> None:
    before, nth, after, field, words = (cell.strip() for cell in row.split("|"))
    line = line_of(OWN, before, int(nth))
    lines = OWN.splitlines()
    lines[line - 1] = after
    path = own("\n".join(lines) + "\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    error = caught.value
    assert error.where == field
    assert words in str(error)
    assert str(error).startswith(f"{path}, line {error.line}: {field}: expected ")
    # A field that is not there is reported at the header of its table, one that is there at its own line.
    key = field.rpartition(".")[2]
    stands = lines[error.line - 1].startswith(f"{key} =")
    assert stands or error.line == 1 or lines[error.line - 1].startswith("[[")
    if stands and "found both" not in words:
        assert error.line == line


def changed(line: str, replacement: str) -> str:
    assert OWN.count(line) == 1
    return OWN.replace(line, replacement)


def test_a_step_must_take_over_where_the_last_ended(own: Callable[[str], Path]) -> None:
    event = OWN[OWN.index("[[event]]") : OWN.rindex("[[event]]")]
    with pytest.raises(
        ScenarioError, match=r"event\.from_bps: expected 600, where the step before it ended, found 500"
    ):
        load_scenario(own(OWN + "\n" + event))


def test_context_is_news_from_outside_the_window(own: Callable[[str], Path]) -> None:
    news = '\n[[context]]\nat = 2026-03-02T12:00:00Z\nkind = "news"\ntitle = "t"\ntext = "x"\nfigure = "1"\n'
    news += 'source = "s"\nconfidence = "A"\n'
    with pytest.raises(ScenarioError, match=r"context\.at: expected a time before the start"):
        load_scenario(own(OWN + news))
    later = news.replace("2026-03-02T12", "2026-03-05T12")
    assert len(load_scenario(own(OWN + later)).context) == 1
    depth = later.replace('"news"', '"depth"') + "depth_bps = 1\n"
    with pytest.raises(ScenarioError, match=r"context\.kind: expected news"):
        load_scenario(own(OWN + depth))


def test_a_bar_too_short_for_its_figures_is_refused(own: Callable[[str], Path]) -> None:
    text = changed("step_s = 600", "step_s = 43200").replace("low_at = 2026-03-03T12:00:00Z\n", "")
    with pytest.raises(ScenarioError, match=r"bar\.end: expected 4 or more steps of 43200 s.* found 2"):
        load_scenario(own(text))


def test_bars_of_a_market_that_closes_are_refused(own: Callable[[str], Path]) -> None:
    with pytest.raises(ScenarioError, match=r"bar\.asset: expected points for BTC, which closes"):
        load_scenario(own(changed('hours = "always"', 'hours = "us_equities"')))


def test_a_first_bar_without_an_open_is_refused(own: Callable[[str], Path]) -> None:
    with pytest.raises(ScenarioError, match=r"bar\.open: expected an open in the first bar of BTC"):
        load_scenario(own(changed('open = "70000"\n', "")))


def test_an_unknown_table_is_refused(own: Callable[[str], Path]) -> None:
    text = OWN + '\n[[rumour]]\ntext = "x"\n'
    with pytest.raises(ScenarioError, match=rf"line {text.count(chr(10)) - 1}: rumour: expected the tables"):
        load_scenario(own(text))


def test_toml_that_is_none_is_refused_at_its_own_line(own: Callable[[str], Path]) -> None:
    with pytest.raises(ScenarioError, match="line 5: syntax: expected TOML"):
        load_scenario(own(changed("step_s = 600", "step_s = = 600")))
    with pytest.raises(ScenarioError, match=r"syntax: expected TOML, found .*at the end of the file"):
        load_scenario(own(OWN + 'x = """'))


def test_lines_inside_a_long_text_are_no_headers(own: Callable[[str], Path]) -> None:
    text = changed('text = "A step."', 'text = """A step.\n[[event]]\nkind = none\n"""')
    broken = text.replace("depth_bps = 6000", 'depth_bps = "6000"')
    with pytest.raises(ScenarioError) as caught:
        load_scenario(own(broken))
    assert caught.value.line == line_of(broken, 'depth_bps = "6000"', 0)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="expected a readable file"):
        load_scenario(tmp_path / "absent.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'name = "x"\ntitle = "caf\xe9"\n')
    with pytest.raises(ScenarioError, match="line 2: text: expected UTF-8, found byte 0xe9"):
        load_scenario(latin)
