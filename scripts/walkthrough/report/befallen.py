"""What befell a client, as marks on a line: calls, liquidations, gains that it had to forgo."""

from typing import Any

from scripts.walkthrough.report.drawing import rule
from scripts.walkthrough.report.figures import Result, money, second, stamp
from scripts.walkthrough.report.markup import Html, element, joined
from scripts.walkthrough.report.timeline import Plot

MARKS = {
    "call_opened": ("call", "called for", "amount_units"),
    "liquidation_started": ("liquidation", "liquidated, with equity of", "equity_units"),
    "adl_applied": ("cross", "auto-deleveraged, forgoing", "forgone_units"),
    "gain_unpaid": ("cross", "gain left unpaid:", "units"),
}
"""By kind of happening: the mark, the words, and the fact that is told. Later kinds are drawn over earlier ones."""


def strip(result: Result, box: Plot, name: str, regime: str, y: float) -> Html:
    """The marks of a client under a regime, on a line at `y`, each with its figure as a title."""
    own = [h for h in result["regimes"][regime]["happenings"] if h["party"] == name and h["kind"] in MARKS]
    own.sort(key=lambda happening: list(MARKS).index(happening["kind"]))
    return joined([rule(box.left, y, box.right, y, f"strip {regime}"), *(_mark(box, each, y, regime) for each in own)])


def _mark(box: Plot, happening: dict[str, Any], y: float, regime: str) -> Html:
    shape, words, fact = MARKS[happening["kind"]]
    amount = money(happening["facts"].get(fact, 0))
    title = element("title", f"{stamp(happening['at'])}, {regime}: {words} {amount} at {happening['venue']}")
    return mark(shape, box.x.at(second(happening["at"])), y, regime, title)


def mark(shape: str, x: float, y: float, regime: str, *title: Html) -> Html:
    """A ring for a call, a dot for a liquidation, a cross for a gain."""
    if shape != "cross":
        return element("circle", *title, cx=x, cy=y, r=3.5, class_=f"{shape} {regime}")
    left, top, right, bottom = x - 4, y - 4, x + 4, y + 4
    return element("g", *title, rule(left, top, right, bottom, "cross"), rule(left, bottom, right, top, "cross"))
