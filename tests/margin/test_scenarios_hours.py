"""Opening hours: a table of instants around every edge, and the length of a session counted step by step."""

from datetime import UTC, datetime

import pytest

from margin.scenarios.hours import CALENDARS, Calendar, is_open, session_s


def at_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


EDGES = """
us_equities  2026-01-30T14:29  shut
us_equities  2026-01-30T14:30  open
us_equities  2026-01-30T20:59  open
us_equities  2026-01-30T21:00  shut
us_equities  2026-01-31T15:00  shut
us_equities  2026-02-01T15:00  shut
us_equities  2026-02-02T15:00  open
us_equities  2026-02-06T00:20  shut
globex       2026-01-29T21:59  open
globex       2026-01-29T22:00  shut
globex       2026-01-29T22:59  shut
globex       2026-01-29T23:00  open
globex       2026-01-30T21:59  open
globex       2026-01-30T22:00  shut
globex       2026-01-30T23:30  shut
globex       2026-01-31T12:00  shut
globex       2026-02-01T22:59  shut
globex       2026-02-01T23:00  open
globex       2026-02-06T00:20  open
always       2026-01-31T03:00  open
"""


@pytest.mark.parametrize("row", EDGES.strip().splitlines())
def test_edges_of_the_day_and_the_week(row: str) -> None:
    name, instant, state = row.split()
    calendar: Calendar = next(known for known in CALENDARS if known == name)
    assert is_open(calendar, at_s(instant)) == (state == "open")


@pytest.mark.parametrize("calendar", CALENDARS)
def test_session_is_what_a_wednesday_has(calendar: Calendar) -> None:
    midnight_s = at_s("2026-02-04T00:00")
    assert session_s(calendar) == sum(60 for minute in range(1_440) if is_open(calendar, midnight_s + 60 * minute))
