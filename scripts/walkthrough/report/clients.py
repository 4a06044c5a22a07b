"""Client by client: what each was worth at the end under both regimes, and by how much segregation changed it."""

from typing import Any

from scripts.walkthrough.report.figures import REGIMES, Result, money, signed, units
from scripts.walkthrough.report.markup import Html, element, joined, number

HALF = 60.0
"""Length of a bar of 100%."""

INVOLVED = {(True, True): "both", (True, False): "pooled", (False, True): "segregated", (False, False): "no"}


def client_table(result: Result) -> Html:
    """One row a client, in the order of the cast."""
    heads = (
        "client",
        "pooled",
        "segregated",
        "difference",
        "… of pooled worth",
        "calls",
        "liquidations",
        "fee",
        "involved",
    )
    head = element("tr", *(element("th", name, scope="col", class_=_colour(name)) for name in heads))
    rows = [
        _row(client, *(_account(result, regime, client["name"]) for regime in REGIMES)) for client in result["clients"]
    ]
    return element(
        "div", element("table", element("thead", head), element("tbody", *rows), class_="clients"), class_="scroll"
    )


def _account(result: Result, regime: str, name: str) -> dict[str, Any]:
    account: dict[str, Any] = result["regimes"][regime]["clients"].get(name, {})
    return account


def _colour(heading: str) -> str | None:
    return heading if heading in REGIMES else None


def _row(client: dict[str, str], pooled: dict[str, Any], segregated: dict[str, Any]) -> Html:
    before, after = (units(account.get("worth_units", 0)) for account in (pooled, segregated))
    pairs = [f"{pooled.get(what, 0):,} · {segregated.get(what, 0):,}" for what in ("calls", "liquidations")]
    return element(
        "tr",
        element("th", client["name"], element("small", client["what"]), scope="row"),
        element("td", money(before)),
        element("td", money(after)),
        element("td", signed(after - before)),
        element("td", _bar(before, after), class_="change"),
        *(element("td", pair) for pair in pairs),
        element("td", money(segregated.get("fees_units", 0))),
        element("td", INVOLVED[bool(pooled.get("breached")), bool(segregated.get("breached"))], class_="involved"),
    )


def _bar(before: int, after: int) -> Html:
    """The difference in percent of the worth when pooled, as a bar from the middle: blue where segregation did better.

    A change of more than 100% is drawn to the edge; the figure beside it is the true one.
    """
    if before <= 0:
        return element("span", "–", class_="percent")
    tenths = _tenths(after - before, before)
    length = HALF * min(abs(after - before), before) / before
    better = after > before
    bar = element(
        "rect",
        x=HALF + 1 if better else HALF + 1 - length,
        y=2.0,
        width=max(length, 0.6) if after != before else 0.0,
        height=12.0,
        class_="bar segregated" if better else "bar pooled",
    )
    axis = element("line", x1=HALF + 1, y1=0.0, x2=HALF + 1, y2=16.0, class_="axis")
    picture = element("svg", bar, axis, viewBox=f"0 0 {number(2 * HALF + 2)} 16", class_="mini", aria_hidden="true")
    return joined([picture, element("span", tenths, class_="percent")])


def _tenths(difference: int, of: int) -> str:
    """A share in percent to a tenth, toward zero; one too small to show is said to be so."""
    tenths = abs(difference) * 1_000 // of
    sign = "−" if difference < 0 else "+"
    if not difference:
        return "0%"
    return f"{sign}{tenths // 10}.{tenths % 10}%" if tenths else f"{sign}<0.1%"
