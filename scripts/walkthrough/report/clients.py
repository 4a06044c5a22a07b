"""Client by client: what each was worth at the end under both regimes, and by how much segregation changed it."""

from typing import Any

from scripts.walkthrough.report.figures import REGIMES, Result, money, signed, units
from scripts.walkthrough.report.markup import Html, element, joined, number, part

HALF = 60.0
"""Length of a bar of 100%."""

INVOLVED = {(True, True): "both", (True, False): "pooled", (False, True): "segregated", (False, False): "no"}

HEADS = ("pooled", "segregated", "difference", "in % of pooled", "calls", "liquidations", "fee", "involved")


def client_table(result: Result) -> Html:
    """One row a client, in the order of the cast."""
    heads = (part("th", name, scope="col", class_=name if name in REGIMES else None) for name in HEADS)
    rows = (
        _row(client, *(_account(result, regime, client["name"]) for regime in REGIMES)) for client in result["clients"]
    )
    head = part("tr", part("th", "client", scope="col"), *heads)
    return part("table", part("thead", head), part("tbody", *rows), class_="clients")


def _account(result: Result, regime: str, name: str) -> dict[str, Any]:
    account: dict[str, Any] = result["regimes"][regime]["clients"].get(name, {})
    return account


def _row(client: dict[str, str], pooled: dict[str, Any], segregated: dict[str, Any]) -> Html:
    before, after = (units(account.get("worth_units", 0)) for account in (pooled, segregated))
    figures = (
        money(before),
        money(after),
        signed(after - before),
        _bar(before, after),
        *(f"{pooled.get(what, 0):,} · {segregated.get(what, 0):,}" for what in ("calls", "liquidations")),
        money(segregated.get("fees_units", 0)),
        INVOLVED[bool(pooled.get("breached")), bool(segregated.get("breached"))],
    )
    name = part("th", client["name"], element("small", client["what"]), scope="row")
    # Narrow pages have no heads over the columns: each figure brings the name of its own.
    cells = (part("td", figure, data_head=head) for head, figure in zip(HEADS, figures, strict=True))
    return part("tr", name, *cells)


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
    """A share in percent to a tenth; one too small to show is said to be so."""
    tenths = (abs(difference) * 1_000 + of // 2) // of
    if not tenths:
        return "≈ 0%" if difference else "0%"
    return f"{'−' if difference < 0 else '+'}{tenths // 10}.{tenths % 10}%"
