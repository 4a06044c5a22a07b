"""The two regimes side by side: every total of the result, and which regime did worse by it."""

from dataclasses import dataclass

from scripts.walkthrough.report.figures import REGIMES, Result, borne_by_others, money, units
from scripts.walkthrough.report.markup import Html, part


@dataclass(frozen=True, slots=True)
class Figure:
    """A total by its name in the result. `better` says which is preferable: more (1), less (-1), or neither (0)."""

    name: str
    said: str
    better: int = 0


GROUPS = (
    (
        "Reach",
        (
            Figure("reachable_at_low_units", "collateral reachable without the venue, at the low", 1),
            Figure("reachable_least_units", "… at its least, of any hour", 1),
            Figure("at_venues_at_low_units", "collateral standing at venues, at the low"),
            Figure("unsecured_at_low_units", "owed by venues without security, at the low", -1),
        ),
    ),
    (
        "Force",
        (
            Figure("calls", "margin calls", -1),
            Figure("liquidations", "liquidations begun", -1),
            Figure("liquidated_units", "forced sales", -1),
            Figure("outside_cash_units", "calls elsewhere met with outside cash", -1),
        ),
    ),
    (
        "Loss",
        (
            Figure("shortfall_units", "shortfall beyond collateral: paid by others, or unpaid", -1),
            Figure("house_forgone_units", "gains that the rest of the venue’s market forwent", -1),
            Figure("borne_by_others", "borne by others in all, forgone gains included", -1),
            Figure("innocent_loss_units", "uninvolved clients: gains forgone or unpaid", -1),
            Figure("behind_units", "uninvolved clients: less than in the other regime", -1),
            Figure("worth_units", "clients’ worth at the end", 1),
        ),
    ),
    (
        "Cost",
        (
            Figure("fees_units", "custody fees", -1),
            Figure("unsettled_peak_units", "unsettled gains at their peak", -1),
            Figure("gas_in_use", "gas, without deployment", -1),
        ),
    ),
    (
        "Work",
        (
            Figure("cycles", "settlement cycles"),
            Figure("paid_units", "paid in settlement"),
            Figure("transfers", "ledger transfers"),
            Figure("transactions", "transactions"),
            Figure("checks", "checks passed"),
            Figure("cycles_published", "cycles whose compartments were proven covered"),
            Figure("compartments_proven", "… compartments proven"),
        ),
    ),
)


def side_by_side(result: Result) -> Html:
    """All totals; one that this page does not know yet stands at the end under its own name."""
    totals = {
        regime: {"borne_by_others": borne_by_others(result, regime), **result["regimes"][regime]["totals"]}
        for regime in REGIMES
    }
    known = {figure.name for _, figures in GROUPS for figure in figures}
    strange = sorted({name for by in totals.values() for name, value in by.items() if _is_figure(value)} - known)
    groups = [*GROUPS, ("Other", tuple(Figure(name, _words(name)) for name in strange))]
    bodies = [body for heading, figures in groups if (body := _group(heading, figures, totals))]
    heads = (part("th", name, scope="col", class_=name) for name in REGIMES)
    head = part("tr", part("td", ""), *heads, part("th", "did worse", scope="col"))
    return part("table", part("thead", head), *bodies, class_="beside")


def _group(heading: str, figures: tuple[Figure, ...], totals: dict[str, dict[str, int | str]]) -> Html:
    rows = [_row(f, *(totals[regime].get(f.name, 0) for regime in REGIMES)) for f in figures if _told(f.name, totals)]
    if not rows:
        return Html("")
    return part("tbody", part("tr", part("th", heading, scope="rowgroup", colspan=4, class_="group")), *rows)


def _told(name: str, totals: dict[str, dict[str, int | str]]) -> bool:
    return any(name in by for by in totals.values())


def _row(figure: Figure, pooled: int | str, segregated: int | str) -> Html:
    difference = (units(segregated) - units(pooled)) * figure.better
    worse = "" if not difference else REGIMES[0] if difference > 0 else REGIMES[1]
    return part(
        "tr",
        part("th", figure.said, scope="row"),
        part("td", _figure(figure.name, pooled)),
        part("td", _figure(figure.name, segregated)),
        part("td", worse or ("same" if figure.better else ""), class_=f"verdict {worse or 'neither'}"),
    )


def _figure(name: str, value: int | str) -> str:
    is_money = name.endswith("_units") or name == "borne_by_others"
    return money(value) if is_money else f"{units(value):,}"


def _is_figure(value: object) -> bool:
    """Whether a total is a number, or an amount as text."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.removeprefix("-").isdecimal()
    )


def _words(name: str) -> str:
    return name.removesuffix("_units").replace("_", " ")
