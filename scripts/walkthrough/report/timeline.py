"""What all pictures over time share: the hours along the bottom, the acts as bands, events as numbered marks."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.walkthrough.report.drawing import Scale, lanes, rule, text
from scripts.walkthrough.report.figures import Result, day, second, stamp
from scripts.walkthrough.report.markup import Html, element, joined

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Plot:
    """The box that lines are drawn in, with the scale of the time (UTC seconds) and that of the values."""

    x: Scale
    y: Scale

    @property
    def left(self) -> float:
        return self.x.start

    @property
    def right(self) -> float:
        return self.x.end

    @property
    def top(self) -> float:
        return self.y.end

    @property
    def bottom(self) -> float:
        return self.y.start

    def xs(self, times_s: Sequence[int]) -> list[float]:
        """Coordinates of times."""
        return [self.x.at(at_s) for at_s in times_s]

    def ys(self, values: Sequence[float]) -> list[float]:
        """Coordinates of values."""
        return [self.y.at(value) for value in values]


def plot(times_s: Sequence[int], values: tuple[float, float], box: tuple[float, float, float, float]) -> Plot:
    """A plot for these times, from the lowest to the highest value, in `box`: left, top, right, bottom."""
    left, top, right, bottom = box
    first, last = (times_s[0], times_s[-1]) if times_s else (0, 0)
    return Plot(Scale(first, last, left, right), Scale(*values, bottom, top))


def hours(plot: Plot, room: float = 70.0) -> Html:
    """The dates along the bottom, so many that each has `room`."""
    first, last = plot.x.low, plot.x.high
    midnights = range(-int(-first // DAY_S) * DAY_S, int(last) + 1, DAY_S)
    every = max(1, -int(-len(midnights) * room // max(plot.right - plot.left, 1)))
    marks = [rule(plot.left, plot.bottom, plot.right, plot.bottom, "axis")]
    for at in midnights[::every]:
        x = plot.x.at(at)
        marks.append(rule(x, plot.bottom, x, plot.bottom + 4, "axis"))
        # A date at the very edge is written inwards, so that it does not leave the picture.
        anchor = "start" if x - plot.left < room / 3 else "end" if plot.right - x < room / 3 else "middle"
        marks.append(text(x, plot.bottom + 16, day(at), "tick", anchor))
    return element("g", *marks)


def levels(plot: Plot, values: Sequence[float], words: Sequence[str]) -> Html:
    """Thin lines across at round values, said at the left."""
    marks = []
    for value, said in zip(values, words, strict=True):
        y = plot.y.at(value)
        marks += [rule(plot.left, y, plot.right, y, "grid"), text(plot.left - 6, y + 4, said, "tick", "end")]
    return element("g", *marks)


def millions(value: float) -> str:
    """A level in millions of dollars: $10m, $0."""
    return f"${value:g}m" if value else "$0"


def bands(result: Result, plot: Plot, numbered: bool) -> Html:
    """The acts, every second one shaded, with their numbers above if asked."""
    acts = result["acts"]
    starts = [plot.x.at(second(act["at"])) for act in acts] + [plot.right]
    marks = []
    for n, act in enumerate(acts):
        left, width = starts[n], max(starts[n + 1] - starts[n], 0.0)
        title = [element("title", f"Act {n + 1}, from {stamp(act['at'])}: {act['title']}")] if numbered else []
        shade = "band" if n % 2 else "band clear"
        marks.append(
            element("rect", *title, x=left, y=plot.top, width=width, height=plot.bottom - plot.top, class_=shade)
        )
        if numbered and width >= 7:
            said = str(n + 1) if n else "act 1"
            marks.append(text(left + width / 2, plot.top - 6, said, "act", "middle"))
    return element("g", *marks)


SURE = {"P": "sure", "C": "sure", "S": "told", "W": "weak", "A": "weak"}
"""How a mark shows the confidence in its source: filled, ringed, or ringed with dashes."""


def events(result: Result, plot: Plot, top: float, radius: float) -> tuple[Html, float]:
    """Events as numbered marks that lead to the table, in as many lanes as they need; and the height of the lanes."""
    told = sorted(enumerate(result["events"], start=1), key=lambda numbered: numbered[1]["at"])
    centres = [plot.x.at(second(event["at"])) for _, event in told]
    marks, rows = [], 0
    for (n, event), x, lane in zip(told, centres, lanes(centres, 2 * radius + 1), strict=True):
        y = top + radius + lane * (2 * radius + 3)
        rows = max(rows, lane + 1)
        words = f"{n}. {stamp(event['at'])}: {event['title']} ({event['figure']}) [{event['confidence']}]"
        sure = SURE.get(event["confidence"], "weak")
        marks.append(
            element(
                "a",
                element("title", words),
                element("circle", cx=x, cy=y, r=radius, class_=f"event {sure}"),
                text(x, y + radius * 0.45, str(n), f"number {sure}", "middle"),
                href=f"#event-{n}",
                aria_label=words,
            )
        )
    return joined(marks), rows * (2 * radius + 3)
