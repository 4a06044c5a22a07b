"""The crash day as a person runs it, in a process of its own, and short stretches of the same event for quick tests.

The whole event takes a quarter of a minute, so it is run three times in a session, at the same time: plainly, again
under another environment, and with a user's candles. Everything else runs over a few hours cut out of it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from custody.books import Books
from custody.database import open_database
from custody.delegation import Standing
from margin.scenarios.bridge import build_paths
from margin.scenarios.prices import Bar, Point, opens_e6
from margin.scenarios.scenario import Scenario, load_scenario, packaged
from settlement.cli import main

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
CANDLES = tuple(DATA / f"feb2026_{pair}_1h.csv" for pair in ("BTCUSDT", "ETHUSDT", "SOLUSDT"))
PATIENCE_S = 180
ELSEWHERE = {"NO_COLOR": "1", "COLUMNS": "40", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "77", "LC_ALL": "C",
             "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}  # fmt: skip
"""Another machine's settings: no colour, a narrow window, a far time zone, and nothing but ASCII."""

Command = Callable[..., "subprocess.Popen[str]"]
Cut = Callable[..., Scenario]


@dataclass
class Ran:
    """A run that has ended: what it said, and what it left in its folder."""

    status: int
    said: str
    complained: str
    folder: Path

    @property
    def transcript(self) -> str:
        return (self.folder / "transcript.txt").read_text(encoding="utf-8")

    @cached_property
    def result(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        return told

    def happenings(self, regime: str, *kinds: str) -> list[dict[str, Any]]:
        """What one regime's desk told, of these kinds or all, in order."""
        told = self.result["regimes"][regime]["happenings"]
        return [one for one in told if not kinds or one["kind"] in kinds]


@dataclass
class Days:
    """Runs of the whole event, started together, each waited for when it is first asked for."""

    folder: Path
    running: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    ended: dict[str, Ran] = field(default_factory=dict)

    def of(self, name: str) -> Ran:
        if name not in self.ended:
            process = self.running[name]
            said, complained = process.communicate(timeout=PATIENCE_S)
            self.ended[name] = Ran(process.returncode, said, complained, self.folder / name)
        return self.ended[name]


def start(*options: object, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """`bulkhead crash-day` with these options, in a process group of its own."""
    command = [str(Path(sys.executable).parent / "bulkhead"), "crash-day", *map(str, options)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, encoding="utf-8",
        errors="replace", env={**os.environ, **(env or {})}, process_group=0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("days")
    found = Days(folder)
    found.running["plain"] = start("--out", folder / "plain")
    found.running["elsewhere"] = start("--out", folder / "elsewhere", "--json", env=ELSEWHERE)
    if all(path.exists() for path in CANDLES):
        given = [part for path in CANDLES for part in ("--candles", path)]
        found.running["candles"] = start("--out", folder / "candles", "--seed", 7, *given)
    yield found
    for process in found.running.values():
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def plain(days: Days) -> Ran:
    """The story as the first line of the README tells it."""
    return days.of("plain")


@pytest.fixture(scope="session")
def replayed(days: Days) -> Ran:
    """The story with the shared hourly candles in place of the drawn prices."""
    if "candles" not in days.running:
        pytest.skip("the hourly candles are not here: they stand in ../shared/data beside this repository")
    return days.of("candles")


@pytest.fixture(scope="session")
def command() -> Iterator[Command]:
    """Start the command; whatever still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def begin(*options: object, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        started.append(start(*options, env=env))
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run the command within this process, which spares a second of imports; what it raises would fail the test."""

    def run(*options: object, out: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        status = main(["crash-day", *map(str, options), *(("--out", str(out)) if out else ())])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained, out or Path())

    return run


@pytest.fixture(scope="session")
def sound() -> Callable[[Path], list[int]]:
    """Verify both ledgers of a folder; their lengths. Fails where one has a fault or does not balance."""

    def verify(folder: Path) -> list[int]:
        lengths = []
        for standing in Standing:
            database = open_database(folder / f"ledger-{standing.value}.sqlite", create=False)
            try:
                books = Books(database)
                assert books.verify() == []
                assert all(row.debits == row.credits for row in books.trial_balance())
                lengths.append(books.head().position)
            finally:
                database.close()
        return lengths

    return verify


# -- a few hours of the event ------------------------------------------------------------------------------------------


def at(moment: str) -> int:
    """UTC seconds of 2026-02-05T21:00."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """Cut [start, end) out of the February event: hourly bars over its drawn prices, points where they were."""
    whole = packaged("feb_2026")
    paths = build_paths(whole, 2026)

    def cut_out(start: str, end: str, *, events: bool = True) -> Scenario:
        start_s, end_s = at(start), at(end)
        here = [number for number, at_s in enumerate(paths.times_s) if start_s <= at_s < end_s]
        bars, points = [], []
        for asset in whole.assets:
            if whole.bars_of(asset.symbol):
                bars += _hours(asset.symbol, paths.times_s, paths.prices_e6[asset.symbol], here)
            else:
                points.append(_first(asset.symbol, start_s, paths.prices_e6[asset.symbol][here[0]]))
                points += [p for p in whole.points_of(asset.symbol) if start_s < p.at_s < end_s]
        told = tuple(event for event in whole.events if events and start_s <= event.at_s < end_s)
        points = [replace(point, extreme=None) for point in points]
        return replace(
            whole, name="a_few_hours", title="A few hours of February", start_s=start_s, end_s=end_s, bars=tuple(bars),
            points=tuple(points), events=told, context=(),
        )  # fmt: skip

    return cut_out


def _hours(symbol: str, times_s: tuple[int, ...], prices_e6: tuple[int, ...], here: list[int]) -> list[Bar]:
    bars = []
    for number in range(here[0], here[-1] + 1, 6):
        hour = prices_e6[number : number + 6]
        bars.append(
            Bar(symbol, times_s[number], times_s[number] + 3_600, hour[0], max(hour), min(hour), hour[-1], None,
                "cut out of February", "C")
        )  # fmt: skip
    assert opens_e6(tuple(bars))[0] == bars[0].open_e6
    return bars


def _first(symbol: str, at_s: int, price_e6: int) -> Point:
    return Point(symbol, at_s, price_e6, None, "cut out of February", "C", "C")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Path]:
    """Write a scenario as a file of a user's own, and see that the loader reads the same from it."""

    def write(scenario: Scenario) -> Path:
        path = tmp_path_factory.mktemp("scenario") / "own.toml"
        path.write_text(as_toml(scenario), encoding="utf-8")
        assert load_scenario(path) == scenario
        return path

    return write


def as_toml(scenario: Scenario) -> str:
    head = {"name": scenario.name, "title": scenario.title, "start_s": scenario.start_s, "end_s": scenario.end_s}
    lines = [*_keys(head), f"step_s = {scenario.step_s}"]
    for name, rows in (("asset", scenario.assets), ("bar", scenario.bars), ("point", scenario.points),
                       ("event", scenario.events)):  # fmt: skip
        for row in rows:
            kind = {"kind": getattr(row, "kind", "")} if name == "event" else {}
            values = {slot: getattr(row, slot) for slot in _slots(type(row))}
            lines += ["", f"[[{name}]]", *_keys(kind | values)]
    return "\n".join(lines) + "\n"


def _slots(row: type) -> list[str]:
    return [slot for kind in reversed(row.__mro__) for slot in getattr(kind, "__slots__", ())]


def _keys(values: dict[str, Any]) -> list[str]:
    """A field as the file writes it: prices and other scaled numbers as decimal text, times as times."""
    lines = []
    for name, value in values.items():
        if value is None:
            continue
        if name.endswith("_e6"):
            lines.append(f'{name[:-3]} = "{value // 10**6}.{value % 10**6:06}"')
        elif name.endswith("_e3"):
            lines.append(f'{name[:-3]} = "{"-" if value < 0 else ""}{abs(value) // 1_000}.{abs(value) % 1_000:03}"')
        elif name.endswith("_s") and name not in ("delay_s", "step_s"):
            lines.append(f"{name[:-2]} = {datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}")
        else:
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return lines
