"""`bulkhead margin what-if`: what the venue would say to trades, and the margins before and after them."""

from collections.abc import Sequence
from dataclasses import dataclass

from margin.cases import CASE_FAULTS, of_margin, why
from margin.open_interest_fee import MAINNET
from margin.parameter_set import ParameterSet
from margin.trades import Trade, TradeError, trade_of
from margin.what_if import Verdict, what_if
from settlement.commands.exact_json import print_exact_json
from settlement.commands.fields import InputError
from settlement.commands.margin_explaining import account_in, usd
from settlement.commands.margin_input import Told, chosen_cases, complain, parameters_in
from settlement.commands.printing import Row, print_line, print_rows, printable
from settlement.commands.running import DONE, FAILED

_COLUMNS = ("net_margin", "before", "after", "change")


@dataclass(frozen=True, slots=True)
class Asked:
    """Trades as they were typed, and of whom and when they are asked."""

    trades: Sequence[str]
    at_s: int | None
    trusted: bool
    in_auction: bool
    may_borrow: bool
    raises_open_interest: bool = False


def try_cases(file: str, wanted: str, parameters: str, asked: Asked, as_json: bool) -> int:
    """FAILED where an account may not trade so. InputError for a trade or a file that cannot be read."""
    given = parameters_in(parameters)
    try:
        trades = [trade_of(text, asked.at_s) for text in asked.trades]
    except TradeError as error:
        raise InputError(f"--trade: {error}") from error
    refused = False
    with chosen_cases(file, wanted) as cases:
        for told in cases:
            refused |= not _accepted(file, told, given, trades, asked, as_json)
    return FAILED if refused else DONE


def _accepted(file: str, told: Told, given: ParameterSet, trades: Sequence[Trade], asked: Asked, as_json: bool) -> bool:
    try:
        case = account_in(told, given)
        fee = MAINNET if asked.raises_open_interest else None
        found = what_if(case, trades, in_auction=asked.in_auction, may_borrow=asked.may_borrow, fee=fee)
    except (*CASE_FAULTS, TradeError) as error:
        complain("what-if", file, told, why(error))
        return False
    objection = found.trusted if asked.trusted else found.ordinary
    if as_json:
        print_exact_json(_answer(told.id, found, accepted=objection is None))
    else:
        _tell(told.id, found, asked)
    return objection is None


def _answer(name: str, found: Verdict, *, accepted: bool) -> Row:
    return {
        "id": name,
        "accepted": accepted,
        "objection": None if found.ordinary is None else str(found.ordinary),
        "trusted_objection": None if found.trusted is None else str(found.trusted),
        "retry_may_succeed": found.ordinary is not None and found.ordinary.may_pass_later,
        "adds_risk": found.adds_risk,
        "cash": found.cash,
        "open_interest_fee": found.fee,
        "before": of_margin(found.before),
        "after": of_margin(found.after),
        "trusted_mm": found.trusted_maintenance,
    }


def _tell(name: str, found: Verdict, asked: Asked) -> None:
    callers = {"an ordinary caller": found.ordinary, "a trusted caller": found.trusted}
    said = "; ".join(
        f"{caller} may trade" if objection is None else f"{caller} may not: {str(objection).replace('_', ' ')}"
        for caller, objection in callers.items()
    )
    risk = "adds risk" if found.adds_risk else "adds no risk, so margin is not asked"
    print_line(printable(f"{name}: {', '.join(asked.trades)}: {said}"))
    print_line(f"the batch {risk}; it moves {usd(found.cash)} USD of cash into the account")
    if found.fee:
        print_line(f"a fee for open interest of {usd(found.fee, up=True)} USD is paid first")
    before, after = of_margin(found.before), of_margin(found.after)
    names = {"im": "initial", "mm": "maintenance", "mtm": "mark-to-market"}
    rows = []
    for key, word in names.items():
        was, will = before[key], after[key]
        rows.append({"net_margin": word, "before": usd(was), "after": usd(will), "change": usd(will - was)})
    print_rows(_COLUMNS, rows, amounts=_COLUMNS[1:], as_json=False)
    print_line(f"what a trusted caller has to leave at zero or above: {usd(found.trusted_maintenance)} USD")
