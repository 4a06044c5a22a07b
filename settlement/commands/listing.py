"""Options that every long list takes, whichever book it is read from: a period, and a page of what is in it."""

from dataclasses import dataclass

from cyclopts import Parameter

from settlement.commands.options import Count, Position, Time


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From one time until before another; without them, from the beginning and up to now."""

    since: Time = None
    """Only from this time on, UTC seconds or ISO 8601."""
    until: Time = None
    """Only before this time."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The part of a list that is behind a number, and at most so long."""

    after: Position = 0
    """Only those behind this number: the next page is asked for with the last number of this one."""
    limit: Count = 100
    """At most this many."""


ALWAYS, FIRST = Period(), Page()
