"""What everybody else did: the contagion engine's two runs beside each other."""

from collections.abc import Callable
from typing import Any

from scripts.walkthrough.report.figures import REGIMES, Result
from scripts.walkthrough.report.markup import Html, element, part

Row = tuple[str, Callable[[dict[str, Any]], str]]

ROWS: tuple[Row, ...] = (
    ("accounts with positions, represented", lambda one: f"{one['represented']:,}"),
    ("of them simulated", lambda one: f"{one['simulated']:,}"),
    ("accounts liquidated", lambda one: f"{one['accounts_liquidated_thousands']:,} thousand"),
    ("forced sales and purchases", lambda one: f"${one['liquidated_usd_millions']:,} m"),
    ("… of positions that were long", lambda one: f"{one['long_percent']} %"),
    ("bitcoin at its lowest, from the beginning", lambda one: f"{one['low_percent']:+.1f} %"),
    ("a market breaks", lambda one: "yes" if one["supercritical"] else "no"),
)


def others_table(result: Result) -> Html:
    """Rounded as the result has it; a sentence where the event does not state thirty hours around its low."""
    others = result.get("others", {})
    if not others:
        return element("p", "Nobody else is simulated: the event does not state thirty hours around its low.")
    head = part("tr", part("td", ""), *(part("th", name, scope="col", class_=name) for name in REGIMES))
    rows = (
        part("tr", part("th", said, scope="row"), *(part("td", told(others[regime])) for regime in REGIMES))
        for said, told in ROWS
    )
    return part("table", part("thead", head), part("tbody", *rows), class_="beside")
