"""What a drill found, for people and for programs: payments in their order, and what stays unpaid."""

from collections.abc import Sequence

from margin.insolvency.distribution import Cause, Distribution
from margin.insolvency.hedges import OpenHedge
from settlement.commands.drill_books import Standing
from settlement.commands.drill_hedges import told_hedges, written_hedges
from settlement.commands.printing import print_json, print_line, print_rows, printable
from settlement.commands.running import DONE

_BECAUSE = {
    Cause.UNPAID: "",
    Cause.STOOD_IN: " (paid in its place)",
    Cause.ADL: " (auto-deleveraged)",
    Cause.SOCIALISED: " (socialised)",
}


def tell(books: Standing, found: Distribution, as_json: bool, hedges: Sequence[OpenHedge] | None = None) -> int:
    """What is paid, what stays unpaid, and the hedges left open where somebody has said who holds what."""
    if as_json:
        _as_json(books, found, hedges)
    else:
        _as_sentences(found, hedges or ())
    return DONE


def _as_json(books: Standing, found: Distribution, hedges: Sequence[OpenHedge] | None) -> None:
    payments = [row | {"units": str(row["units"])} for row in _payments(found)]
    unpaid = [
        {"debtor": one.debtor, "creditor": one.creditor, "units": str(one.units), "cause": one.cause.value}
        for one in found.unpaid
    ]
    more = {} if hedges is None else {"hedges": written_hedges(hedges)}
    print_json({"asset": books.chart.asset, "at_s": books.at_s, "payments": payments, "unpaid": unpaid, **more})


def _as_sentences(found: Distribution, hedges: Sequence[OpenHedge]) -> None:
    columns = ("at_s", "from", "to", "units", "reason")
    print_rows(columns, _payments(found), amounts=("units",), times=("at_s",), as_json=False)
    for claim in found.unpaid:
        print_line(printable(f"{claim.debtor} still owes {claim.creditor} {claim.units}{_BECAUSE[claim.cause]}"))
    if not found.unpaid:
        print_line("nobody is owed anything")
    for line in told_hedges(hedges):
        print_line(line)


def _payments(found: Distribution) -> list[dict[str, object]]:
    return [
        {
            "at_s": one.at_s,
            "from": one.payer.id,
            "to": one.payee.id,
            "units": one.units,
            "reason": one.reason.name.lower(),
        }
        for one in found.payments
    ]
