"""`bulkhead margin explain`: what is held, what binds, what each position asks, and what would restore the margin."""

from margin.case_schema import Case, PortfolioCase, StandardCase
from margin.cases import CASE_FAULTS, any_case, of_margin, why
from margin.explanation import Explanation, explain
from margin.fixed import Fixed
from margin.parameter_set import ParameterSet
from margin.reading import DocumentError
from margin.standard_options import Pair
from settlement.commands.exact_json import print_exact_json
from settlement.commands.margin_input import Told, chosen_cases, complain, parameters_in
from settlement.commands.printing import Row, print_line, print_rows, printable
from settlement.commands.running import DONE, FAILED
from settlement.commands.watching import watched

_POSITION_COLUMNS = (
    "position",
    "amount",
    "price",
    "worth",
    "in_what_binds",
    "alone",
    "frees_initial",
    "frees_maintenance",
)
_COMPONENT_COLUMNS = ("component", "initial", "maintenance")


def explain_cases(file: str, wanted: str, parameters: str, as_json: bool) -> int:
    """FAILED where a case has no answer. InputError where no case is called so, or nothing can be read."""
    given, failed = parameters_in(parameters), False
    with chosen_cases(file, wanted) as cases:
        for told in cases:
            failed |= not _explained(file, told, given, as_json)
    return FAILED if failed else DONE


def account_in(told: Told, given: ParameterSet) -> Case:
    """The account of a case. Raises one of CASE_FAULTS."""
    if told.error:
        raise DocumentError(told.error)
    case = any_case(told.document, given)
    if not isinstance(case, (StandardCase, PortfolioCase)):
        raise DocumentError("model is of no account")
    return case


def _explained(file: str, told: Told, given: ParameterSet, as_json: bool) -> bool:
    try:
        with watched("positions", as_json) as watch:
            found = explain(account_in(told, given), watch.reach)
    except CASE_FAULTS as error:
        complain("explain", file, told, why(error))
        return False
    if as_json:
        print_exact_json(_answer(told.id, found))
    else:
        _tell(told.id, found)
    return True


def _answer(name: str, found: Explanation) -> Row:
    return {
        "id": name,
        **of_margin(found.margin),
        "binds": found.binds,
        "positions": [
            {
                "market": one.position.market,
                "position": one.position.name,
                "amount": one.position.amount,
                "price": one.position.price,
                "worth": one.position.worth,
                "pnl_in_what_binds": one.pnl,
                "initial_alone": one.alone,
                "im_freed": one.freed.initial,
                "mm_freed": one.freed.maintenance,
            }
            for one in found.contributions
        ],
        "offsets_in_what_binds": found.offsets,
        "components": [
            {"component": one.name, "im": one.amount.initial, "mm": one.amount.maintenance} for one in found.components
        ],
        "missing_cash": found.missing,
        "closings": [{"position": one.position.name, "share": one.share} for one in found.closings],
    }


def _tell(name: str, found: Explanation) -> None:
    margin = found.margin
    met = "is met" if margin.initial >= 0 else "is not met"
    print_line(
        f"{printable(name)}: initial margin {met}; net margins in USD: initial {usd(margin.initial)}, maintenance "
        f"{usd(margin.maintenance)}; mark-to-market {usd(margin.mark_to_market)}"
    )
    for words in found.binds:
        print_line(f"binds: {printable(words)}")
    rows = [
        {
            "position": one.position.name,
            "amount": one.position.amount,
            "price": usd(one.position.price),
            "worth": usd(one.position.worth),
            "in_what_binds": "" if one.pnl is None else usd(one.pnl),
            "alone": usd(one.alone),
            **_pair("frees_", one.freed),
        }
        for one in found.contributions
    ]
    columns = [name for name in _POSITION_COLUMNS if found.offsets is not None or name != "in_what_binds"]
    print_rows(columns, rows, amounts=columns[1:], as_json=False)
    if found.offsets is not None:
        print_line(f"held together, the positions save {usd(found.offsets)} of that\n")
    parts = [{"component": one.name, **_pair("", one.amount)} for one in found.components]
    print_rows(_COMPONENT_COLUMNS, parts, amounts=_COMPONENT_COLUMNS[1:], as_json=False)
    if found.missing:
        print_line(f"initial margin is restored by {usd(found.missing, up=True)} USD of cash")
    for closing in found.closings:
        share = usd(closing.share * 100, up=True)
        print_line(printable(f"or by closing {share}% of {closing.position.name} at its mark"))


def _pair(before: str, pair: Pair) -> Row:
    return {f"{before}initial": usd(pair.initial), f"{before}maintenance": usd(pair.maintenance)}


def usd(amount: Fixed, *, up: bool = False) -> str:
    """Dollars and cents; the rest is dropped downward, or upward for what is asked."""
    cents = amount.up_to(2) if up else amount.down_to(2)
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
