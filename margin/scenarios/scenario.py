"""A scenario: one market event whole, its window, its stated prices and its dated facts, read from TOML.

Nothing in it is made up on the way in: every figure is exact, carries a source and a confidence, and a file that
contradicts itself is refused at the line where it does.
"""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from margin.scenarios import consistency
from margin.scenarios.document import Document, read_document
from margin.scenarios.events import AnyEvent, News
from margin.scenarios.prices import Bar, Point, PricedAsset
from margin.scenarios.rows import Row, read_asset, read_bar, read_event, read_point
from margin.scenarios.table import ScenarioError
from margin.scenarios.window import Window

__all__ = ["Scenario", "ScenarioError", "load_scenario", "packaged", "packaged_names"]

_TABLES = ("asset", "bar", "point", "event", "context")
_LONGEST_STEP_S = 86_400


@dataclass(frozen=True, slots=True)
class Scenario:
    """The window [start_s, end_s) in seconds UTC, cut into steps of `step_s`, and what is stated about it.

    `events` are inside the window and in order of time, each on a grid step. `context` is what the reader should
    know from before and after. Every asset has either bars that cover the window or points.
    """

    name: str
    title: str
    start_s: int
    end_s: int
    step_s: int
    assets: tuple[PricedAsset, ...]
    bars: tuple[Bar, ...]
    points: tuple[Point, ...]
    events: tuple[AnyEvent, ...]
    context: tuple[News, ...]

    def times_s(self) -> tuple[int, ...]:
        """Return every grid instant of the window."""
        return tuple(range(self.start_s, self.end_s, self.step_s))

    def bars_of(self, symbol: str) -> tuple[Bar, ...]:
        """Return the asset's bars in order of time."""
        return tuple(bar for bar in self.bars if bar.asset == symbol)

    def points_of(self, symbol: str) -> tuple[Point, ...]:
        """Return the asset's points in order of time."""
        return tuple(point for point in self.points if point.asset == symbol)


def load_scenario(path: Path) -> Scenario:
    """Read and check the scenario file at `path`. Raises ScenarioError with file, line, field, expected and found."""
    return _scenario(read_document(path))


def packaged_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the package."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def packaged(name: str) -> Scenario:
    """Read the scenario `name` that comes with the package. Raises ScenarioError where there is none."""
    if name not in packaged_names():
        raise ScenarioError(f"{name}.toml", 1, "scenario", "one of " + ", ".join(packaged_names()), name)
    with resources.as_file(resources.files(__package__) / f"{name}.toml") as path:
        return load_scenario(path)


def _scenario(document: Document) -> Scenario:
    document.require_only(_TABLES)
    window = _window(document)
    assets = [Row(table, read_asset(table)) for table in document.tables.get("asset", ())]
    bars = [Row(table, read_bar(table)) for table in document.tables.get("bar", ())]
    points = [Row(table, read_point(table)) for table in document.tables.get("point", ())]
    events = [Row(table, read_event(table)) for table in document.tables.get("event", ())]
    context = [Row(table, read_event(table)) for table in document.tables.get("context", ())]
    consistency.check_prices(window, assets, bars, points)
    consistency.check_events(window, assets, events, context)
    return Scenario(
        name=document.top.text("name"),
        title=document.top.text("title"),
        start_s=window.start_s,
        end_s=window.end_s,
        step_s=window.step_s,
        assets=tuple(row.value for row in assets),
        bars=tuple(row.value for row in bars),
        points=tuple(row.value for row in points),
        events=tuple(sorted((row.value for row in events), key=lambda event: event.at_s)),
        context=tuple(row.value for row in context if isinstance(row.value, News)),
    )


def _window(document: Document) -> Window:
    top = document.top
    top.text("name")
    top.text("title")
    start_s, end_s = top.time_s("start"), top.time_s("end")
    step_s = top.integer("step_s", 1, _LONGEST_STEP_S)
    top.finish()
    if end_s <= start_s:
        raise top.error("end", "a time after start")
    if (end_s - start_s) % step_s:
        raise top.error("step_s", f"a step that divides the window of {end_s - start_s} s")
    return Window(start_s, end_s, step_s)
