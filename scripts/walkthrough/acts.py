"""The day in acts: where the story pauses, takes stock, and every rule is checked."""

from dataclasses import dataclass
from datetime import UTC, datetime

from margin.scenarios.scenario import Scenario

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Act:
    """A stretch of the scenario with a name; it lasts until the next act begins."""

    start_s: int
    title: str


def _act(start: str, title: str) -> Act:
    return Act(int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()), title)


FEBRUARY_2026 = (
    _act("2026-01-20T00:00", "The books are open, and bonds fall in Tokyo"),
    _act("2026-01-27T00:00", "Silver climbs; the exchange asks for more"),
    _act("2026-01-30T00:00", "The day silver broke"),
    _act("2026-01-31T00:00", "A weekend on which only crypto is open"),
    _act("2026-02-02T00:00", "Margins rise, shares fall"),
    _act("2026-02-05T00:00", "The crash day"),
    _act("2026-02-06T00:00", "Sixty thousand"),
    _act("2026-02-06T04:00", "What was left"),
)


def acts_of(scenario: Scenario) -> tuple[Act, ...]:
    """The acts of a scenario: written ones for February 2026, one for each day of any other."""
    if scenario.name == "feb_2026":
        return FEBRUARY_2026
    days = range(scenario.start_s, scenario.end_s, DAY_S)
    return tuple(Act(start_s, f"{datetime.fromtimestamp(start_s, UTC):%d %B %Y}") for start_s in days)
