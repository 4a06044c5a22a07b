"""When a market is open, in UTC, in the northern winter (New York on EST).

Crypto never closes, and that is the point: whoever must sell on a Saturday sells what trades on a Saturday.
Hours from the event sheet, section 7. Holidays are not encoded; none falls on a weekday of the packaged window.
"""

from typing import Literal, get_args

Calendar = Literal["always", "globex", "us_equities"]

CALENDARS: tuple[Calendar, ...] = get_args(Calendar)

HOUR_S = 3_600
DAY_S = 24 * HOUR_S

_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_GLOBEX_CLOSE_S = 22 * HOUR_S
_GLOBEX_OPEN_S = 23 * HOUR_S
_EQUITIES_OPEN_S = 14 * HOUR_S + HOUR_S // 2
_EQUITIES_CLOSE_S = 21 * HOUR_S

_SESSION_S: dict[Calendar, int] = {
    "always": DAY_S,
    "globex": DAY_S - (_GLOBEX_OPEN_S - _GLOBEX_CLOSE_S),
    "us_equities": _EQUITIES_CLOSE_S - _EQUITIES_OPEN_S,
}


def is_open(calendar: Calendar, at_s: int) -> bool:
    """Return whether the market trades at `at_s` (seconds since 1970-01-01 UTC). Openings count, closings do not."""
    if calendar == "always":
        return True
    days, second = divmod(at_s, DAY_S)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    if calendar == "us_equities":
        return weekday <= _FRIDAY and _EQUITIES_OPEN_S <= second < _EQUITIES_CLOSE_S
    return _globex_is_open(weekday, second)


def session_s(calendar: Calendar) -> int:
    """Return how many seconds the market trades in one full day."""
    return _SESSION_S[calendar]


def _globex_is_open(weekday: int, second: int) -> bool:
    """CME metals: from Sunday 23:00 to Friday 22:00, with an hour's break at 22:00 every day."""
    if weekday == _SATURDAY:
        return False
    if weekday == _SUNDAY:
        return second >= _GLOBEX_OPEN_S
    if weekday == _FRIDAY:
        return second < _GLOBEX_CLOSE_S
    return not _GLOBEX_CLOSE_S <= second < _GLOBEX_OPEN_S
