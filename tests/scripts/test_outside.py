"""When things are due elsewhere: collection before a margin step, and the acts into which a scenario falls."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from margin.scenarios.scenario import packaged
from scripts.walkthrough.acts import FEBRUARY_2026, acts_of
from scripts.walkthrough.outside import _collected_s


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


COLLECTIONS = """
2026-01-28T22:00 2026-01-28T14:30  Wednesday's close: collected that afternoon
2026-02-02T22:00 2026-02-02T14:30  Monday's close
2026-02-02T14:30 2026-02-02T14:30  at the very minute
2026-02-02T14:29 2026-01-30T14:30  a minute earlier is Friday: nobody collects at a weekend
2026-02-02T00:00 2026-01-30T14:30  Monday's first minute
2026-02-01T22:00 2026-01-30T14:30  Sunday
2026-01-31T20:00 2026-01-30T14:30  Saturday
2026-01-30T10:00 2026-01-29T14:30  Friday morning: Thursday
2026-02-06T22:00 2026-02-06T14:30  Friday's close: collected within the window, which ends at 20:00
"""


@pytest.mark.parametrize("row", COLLECTIONS.strip().splitlines())
def test_a_margin_step_is_collected_at_the_last_weekday_opening_before_it(row: str) -> None:
    effective, due, *_ = row.split()
    assert _collected_s(at(effective)) == at(due)


def test_the_acts_of_february_follow_one_another_from_its_first_minute() -> None:
    event = packaged("feb_2026")
    acts = acts_of(event)
    assert acts is FEBRUARY_2026
    assert acts[0].start_s == event.start_s
    starts = [act.start_s for act in acts]
    assert starts == sorted(set(starts))
    assert starts[-1] < event.end_s
    assert all((start_s - event.start_s) % event.step_s == 0 for start_s in starts)


def test_any_other_event_has_an_act_a_day() -> None:
    event = replace(packaged("feb_2026"), name="another", start_s=at("2025-10-10T12:00"), end_s=at("2025-10-12T18:00"))
    assert [(act.start_s, act.title) for act in acts_of(event)] == [
        (at("2025-10-10T12:00"), "10 October 2025"),
        (at("2025-10-11T12:00"), "11 October 2025"),
        (at("2025-10-12T12:00"), "12 October 2025"),
    ]
