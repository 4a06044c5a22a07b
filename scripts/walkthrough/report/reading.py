"""Reading figures off a picture: what the cross-hair is given to say, and the table for those who would rather read."""

import json
from collections.abc import Sequence

from scripts.walkthrough.report.figures import REGIMES, Result, hour, second, short
from scripts.walkthrough.report.markup import Html, element
from scripts.walkthrough.report.timeline import Plot

THOUSAND = 10**9
"""The series come in thousands of dollars: so many 1e-6 USD each."""

Line = tuple[str, str, str, str]
"""A line for the cross-hair: its series, its name, its colour, and `price` or `thousands`."""


def hover(box: Plot, lines: Sequence[Line]) -> dict[str, str]:
    """The attributes by which the script knows where a picture's time runs and what to say."""
    across = f"{box.left:.1f} {box.right:.1f} {box.top:.1f} {box.bottom:.1f}"
    return {"data_plot": across, "data_lines": json.dumps(lines, ensure_ascii=False), "tabindex": "0"}


def of_both(name: str) -> list[Line]:
    """One series under both regimes."""
    return [(f"{regime}.{name}", regime, regime, "thousands") for regime in REGIMES]


def series(result: Result, assets: Sequence[str]) -> Html:
    """Every series that a picture draws, by name, for the script."""
    told = result["series"]
    columns = {f"prices.{asset}": told["prices"][asset] for asset in assets if asset in told["prices"]}
    for regime in REGIMES:
        readings = told["regimes"][regime]
        columns |= {f"{regime}.{what}": readings[what] for what in ("reachable", "unsettled")}
        for what in ("equity", "maintenance"):
            columns |= {f"{regime}.{what}.{client}": values for client, values in readings[what].items()}
    text = json.dumps({"times_s": told["times_s"], "columns": columns}, separators=(",", ":"), sort_keys=True)
    # Inside a script element nothing is unescaped, so that what could end it must not be written at all.
    return element("script", Html(text.replace("<", "\\u003c")), type="application/json", id="series")


def at_the_acts(result: Result) -> list[int]:
    """The readings nearest after each act begins, and the last one."""
    times = result["series"]["times_s"]
    starts = [second(act["at"]) for act in result["acts"]]
    found = [next((n for n, at in enumerate(times) if at >= start), None) for start in starts]
    return sorted({n for n in found if n is not None} | ({len(times) - 1} if times else set()))


def table(result: Result, columns: dict[str, list[str]]) -> Html:
    """A picture's figures at the beginning of each act and at the end, closed until asked for."""
    times = result["series"]["times_s"]
    rows = [[hour(times[n]), *(each[n] for each in columns.values())] for n in at_the_acts(result)]
    return folded("The figures, at the beginning of each act", ["reading, UTC", *columns], rows)


def folded(summary: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """A plain table behind its summary; the first column names the row."""
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    body = (
        element("tr", element("th", row[0], scope="row"), *(element("td", figure) for figure in row[1:]))
        for row in rows
    )
    return element(
        "details",
        element("summary", summary),
        element("div", element("table", element("thead", head), element("tbody", *body)), class_="scroll"),
    )


def in_dollars(thousands: Sequence[int]) -> list[str]:
    """A series for the table."""
    return [short(value * THOUSAND) for value in thousands]
