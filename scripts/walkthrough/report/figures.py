"""How figures are said to people. Rounded here and nowhere before; amounts come as whole 1e-6 USD, number or text."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.walkthrough.reckoning import dollars

MICRO = 10**6
REGIMES = ("pooled", "segregated")
Result = Mapping[str, Any]

STEPS = (
    (999_500_000, MICRO, False, ""),
    (9_950 * MICRO, 10**3 * MICRO, True, "k"),
    (999_500 * MICRO, 10**3 * MICRO, False, "k"),
    (999_950_000 * MICRO, 10**6 * MICRO, True, "m"),
)
"""Below which size a figure is said in which unit, and whether with a tenth: $999,950 is $1.0m, not $1,000k."""

BILLIONS = (10**9 * MICRO, True, "bn")


def units(value: int | str) -> int:
    """An amount of the result, which is text where it is large."""
    return int(value)


def money(value: int | str) -> str:
    """Whole dollars, with a typographic minus: −$1,234,567."""
    return dollars(units(value)).replace("-", "−")


def signed(value: int) -> str:
    """Whole dollars with their sign: +$1,234, −$5, $0."""
    text = money(value)
    return text if text.startswith("−") or text == "$0" else f"+{text}"


def short(value: int | str) -> str:
    """Three figures or so, for pictures and sentences: $192.5m, $506k, $9.8k, $320."""
    amount = units(value)
    sign, size = ("−" if amount < 0 else ""), abs(amount)
    divisor, tenths, name = next((step[1:] for step in STEPS if size < step[0]), BILLIONS)
    return f"{sign}${_divided(size, divisor, tenths)}{name}"


def _divided(size: int, divisor: int, tenths: bool) -> str:
    """`size / divisor` rounded half up, to a tenth or to a whole."""
    if not tenths:
        return f"{(size + divisor // 2) // divisor:,}"
    whole, tenth = divmod((size * 10 + divisor // 2) // divisor, 10)
    return f"{whole:,}.{tenth}"


def second(at: str) -> int:
    """A time of the result (2026-01-30T08:30:00Z) in UTC seconds."""
    return int(datetime.fromisoformat(at).timestamp())


def stamp(at: str) -> str:
    """A time of the result for people: 30 Jan 08:30."""
    return hour(second(at))


def day(at_s: int) -> str:
    """The date of UTC seconds: 30 Jan."""
    return hour(at_s)[:-6]


def hour(at_s: int) -> str:
    """Date and time of UTC seconds: 30 Jan 08:00."""
    at = datetime.fromtimestamp(at_s, UTC)
    return f"{at.day} {at:%b %H:%M}"


def total(result: Result, regime: str, name: str) -> int:
    """A figure of a regime's totals; 0 where the result has none by that name."""
    return units(result["regimes"][regime]["totals"].get(name, 0))


def borne(result: Result, regime: str) -> dict[str, int]:
    """Who bore what of the losses beyond collateral, nothing that is zero."""
    told = {who: units(amount) for who, amount in result["regimes"][regime]["borne_units"].items()}
    return {who: amount for who, amount in told.items() if amount}


def borne_by_others(result: Result, regime: str) -> int:
    """The part of those losses that was not drawn from the losing client's own reserve."""
    return sum(amount for who, amount in borne(result, regime).items() if not who.endswith("own reserve"))


def the_low(result: Result) -> tuple[float, int] | None:
    """When bitcoin was lowest (UTC seconds), and the last hourly reading by then; None without readings."""
    times = result["series"]["times_s"]
    at_s = datetime.fromisoformat(result["low"]["at"]).timestamp()
    return (at_s, max(bisect_right(times, at_s) - 1, 0)) if times else None
