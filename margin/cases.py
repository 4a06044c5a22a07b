"""Any case of the schema, and its answer in the names of the schema (specs/derive_margin.md §14)."""

from collections.abc import Callable, Mapping
from typing import Any

from margin.case_auction import AuctionCase, AuctionError, Sold, auction_case
from margin.case_cash import CashCase, cash_case
from margin.case_prices import Black76Case, SviCase, black76_case, svi_case
from margin.case_schema import MODELS, NOTHING, Case, StandardCase, account_case
from margin.cash import Cash
from margin.fixed import Fixed, FixedError
from margin.marks import MissingMarkError
from margin.parameter_set import ParameterSet
from margin.portfolio import PortfolioMargin
from margin.portfolio_parameters import ParameterError, PlainPortfolio
from margin.positions import UnknownHoldingError
from margin.reading import DocumentError, Place
from margin.result import Margin
from margin.standard_parameters import MissingParameterError
from margin.svi import SviError

Answer = Mapping[str, object]
"""Fixed-point numbers, texts, and lists and tables of them, by the names of the schema."""

AnyCase = Case | AuctionCase | CashCase | Black76Case | SviCase

_READERS: Mapping[str, Callable[[Place, ParameterSet], AnyCase]] = {
    **dict.fromkeys(MODELS, account_case),
    "PMRM+DutchAuction": auction_case,
    "CashAsset": cash_case,
    "Black76": black76_case,
    "SVI": svi_case,
}

CASE_FAULTS = (
    DocumentError, FixedError, SviError, ParameterError, AuctionError, MissingMarkError, MissingParameterError,
    UnknownHoldingError, ZeroDivisionError,
)  # fmt: skip
"""What reading and evaluating a case may raise; `why` says it in words."""


class CaseError(ValueError):
    """A case that cannot be read or has no answer; the text names the field, the position or the feed."""


def answer(document: Any, parameters: ParameterSet = NOTHING) -> Answer:
    """What a case comes to, without its id. `parameters` are for cases that bring none. Raises CaseError."""
    try:
        return _answer(any_case(document, parameters))
    except CASE_FAULTS as error:
        raise CaseError(why(error)) from error


def why(fault: Exception) -> str:
    """What is wrong with a case; the text names the field, the position or the feed."""
    if isinstance(fault, ZeroDivisionError):
        return "a price, a forward or a time of zero is divided by"
    return str(fault)


def any_case(document: Any, parameters: ParameterSet = NOTHING) -> AnyCase:
    """The case in a document. DocumentError names the field's path."""
    place = Place(document)
    model = place["model"].text()
    if model not in _READERS:
        place["model"].wrong(f"is one of {', '.join(_READERS)}, not {model!r}")
    return _READERS[model](place, parameters)


def _answer(case: AnyCase) -> Answer:
    if isinstance(case, AuctionCase):
        return {"actions": [_of_bid(sold) for sold in case.evaluate()]}
    if isinstance(case, CashCase):
        return {"events": [_of_cash(state) for state in case.evaluate()]}
    if isinstance(case, Black76Case):
        prices = case.evaluate()
        return {"call": prices.call, "put": prices.put, "undiscounted_call_delta": prices.call_delta}
    if isinstance(case, SviCase):
        return {"vol": case.evaluate()}
    if isinstance(case, StandardCase):
        return of_margin(case.evaluate().margin)
    return _of_portfolio(case.evaluate(), is_plain=isinstance(case.parameters, PlainPortfolio))


def of_margin(margin: Margin) -> dict[str, Fixed]:
    """Net margins and mark-to-market."""
    return {"im": margin.initial, "mm": margin.maintenance, "mtm": margin.mark_to_market}


def _of_portfolio(found: PortfolioMargin, *, is_plain: bool) -> Answer:
    asked = found.contingencies
    contingencies = (
        {"static_contingency": asked.static, "confidence_contingency": asked.confidence}
        if is_plain
        else {"mm_contingency": asked.maintenance, "im_contingency": asked.initial}
    )
    return {
        **of_margin(found.margin),
        "option_mtm": found.option_mtm,
        "collateral_mtm": found.collateral_mtm,
        "basis_contingency": found.basis,
        **contingencies,
        "scenario_pnl": list(found.scenario_pnl),
        "binding_scenario": found.binding,
    }


def _of_bid(sold: Sold) -> Answer:
    before, after = sold.before, sold.after
    return {
        "pre_mtm": before.margin.mark_to_market,
        "pre_mm": before.margin.maintenance,
        "pre_bm": before.buffer_margin,
        "pre_fmax": before.largest_share,
        "cash_from_bidder": sold.bid.cash,
        "final_percentage": sold.bid.share,
        "post_mtm": after.margin.mark_to_market,
        "post_mm": after.margin.maintenance,
        "post_bm": after.buffer_margin,
        "post_fmax": after.largest_share,
    }


def _of_cash(state: Cash) -> Answer:
    return {
        "total_supply": state.supply,
        "total_borrow": state.borrow,
        "stable_balance": state.stable,
        "util": state.utilisation,
    }
