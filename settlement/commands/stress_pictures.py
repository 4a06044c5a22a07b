"""Bars with intervals, and lines over time, as SVG, for the reports of `bulkhead stress`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 640, 170, 90, 30, 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A value in $ and its interval, whose ends may be infinite: then it has none."""

    name: str
    mean: float
    low: float
    high: float


def bars(title: str, rows: Sequence[Bar]) -> str:
    """One bar a row from zero, in $m, with its interval; red above zero, blue below."""
    ends = [value for one in rows for value in (one.mean, one.low, one.high, 0.0) if math.isfinite(value)]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0
    height = TOP + ROW * len(rows) + 10

    def at(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(value, low), high) - low) / span

    marks = [f'<line x1="{at(0):.1f}" x2="{at(0):.1f}" y1="{TOP}" y2="{height - 8}" style="stroke:var(--ink)"/>']
    for number, one in enumerate(rows):
        y = TOP + ROW * number
        left, right = sorted((at(0.0), at(one.mean)))
        colour = "--bad" if one.mean > 0 else "--good"
        marks.append(
            f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end">{escape(one.name)}</text>'
            f'<rect x="{left:.1f}" y="{y + 5}" width="{right - left:.1f}" height="18" '
            f'style="fill:var({colour});fill-opacity:.6"/>'
            f'<text x="{WIDTH - 4}" y="{y + 18}" text-anchor="end">{one.mean / 1e6:+,.0f}</text>'
        )
        if math.isfinite(one.low) and math.isfinite(one.high):
            marks.append(
                f'<line x1="{at(one.low):.1f}" x2="{at(one.high):.1f}" y1="{y + 14}" y2="{y + 14}" '
                'style="stroke:var(--ink);stroke-width:2"/>'
            )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f"{''.join(marks)}</svg>"
    )


HIGH, COLOURS = 220, ("#2166ac", "#b2182b", "#1b7837", "#e08214", "#762a83", "#5c6670")


def lines(title: str, series: Mapping[str, Sequence[float]]) -> str:
    """One line a name over the same steps, from the least to the most of all; the name is at its colour."""
    values = [value for one in series.values() for value in one] or [0.0]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    marks = [
        f'<text x="4" y="{TOP + 8}">{high:,.4g}</text><text x="4" y="{HIGH - 30}">{low:,.4g}</text>'
        f'<line x1="{LEFT / 2}" x2="{WIDTH - 4}" y1="{HIGH - 34}" y2="{HIGH - 34}" style="stroke:var(--line)"/>'
    ]
    for number, (name, one) in enumerate(series.items()):
        wide = (WIDTH - LEFT / 2 - 4) / max(len(one) - 1, 1)
        points = " ".join(
            f"{LEFT / 2 + wide * at:.1f},{TOP + (HIGH - 34 - TOP) * (high - value) / span:.1f}"
            for at, value in enumerate(one)
        )
        colour = COLOURS[number % len(COLOURS)]
        marks.append(f'<polyline points="{points}" style="fill:none;stroke:{colour};stroke-width:1.5"/>')
        marks.append(
            f'<text x="{LEFT / 2 + 190 * (number % 3)}" y="{HIGH - 16 + 14 * (number // 3)}" '
            f'style="fill:{colour}">{escape(name)}</text>'
        )
    height = HIGH + 14 * ((len(series) - 1) // 3)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f"{''.join(marks)}</svg>"
    )
