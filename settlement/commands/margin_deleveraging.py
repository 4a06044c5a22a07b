"""`bulkhead margin adl`: in which order a venue closes winners, how many lots of each, and what each gives up."""

from margin.adl import AdlTerms, close_lots, ranked, take_profits
from margin.default_waterfall import Means
from settlement.commands.fields import InputError
from settlement.commands.margin_waterfalls import purses_in, waterfall_in
from settlement.commands.printing import Row, print_json, print_line, print_rows
from settlement.commands.running import DONE, FAILED

_COLUMNS = ("rank", "party", "lots", "profit", "equity", "notional", "closed", "gives_up")


def queue(name: str, purses: str, loss_units: int, lots: int | None, as_json: bool) -> int:
    """FAILED where the winners' profits do not cover the loss. InputError for a venue that deleverages nobody."""
    terms, given = _terms(name), purses_in(purses)
    winners = ranked(given.candidates, terms.rank, long_winners=given.long_winners)
    taken = take_profits(loss_units, winners, terms)
    # A loss alone closes those who give something up, whole; lots say how much is to be closed.
    gives = dict(taken.given)
    closed = dict(close_lots(lots, winners, terms)) if lots else {}
    rows: list[Row] = [
        {
            "rank": place, "party": one.party, "lots": one.lots, "profit": one.profit_units,
            "equity": one.equity_units, "notional": one.notional_units, "closed": closed.get(one.party, 0),
            "gives_up": gives.get(one.party, 0),
        }
        for place, one in enumerate(winners, 1)
    ]  # fmt: skip
    if as_json:
        print_json({
            "waterfall": name, "rule": terms.rank.value, "price": terms.price.value,
            "queue": [{key: value if key in ("rank", "party", "lots", "closed") else str(value)
                       for key, value in row.items()} for row in rows],
            "surplus": str(taken.surplus_units), "uncovered": str(taken.uncovered_units),
        })  # fmt: skip
    else:
        print_line(f"winners by {terms.rank.value.replace('_', ' ')}, at the {terms.price.value.replace('_', ' ')}\n")
        print_rows(_COLUMNS, rows, amounts=[one for one in _COLUMNS if one != "party"], as_json=False)
        print_line(f"taken beyond the loss: {taken.surplus_units}; not covered: {taken.uncovered_units}")
    return FAILED if taken.uncovered_units else DONE


def _terms(name: str) -> AdlTerms:
    waterfall = waterfall_in(name)
    found = next((step.adl for step in waterfall.steps if step.means is Means.ADL), None)
    if found is None:
        raise InputError(f"{name}: expected a waterfall that deleverages winners; this one does not")
    return found
