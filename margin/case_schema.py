"""Accounts under a margin model as JSON has them, with everything they are margined at (specs/derive_margin.md §14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from margin.case_feeds import holdings_of, market_of
from margin.fixed import Fixed
from margin.marks import Market
from margin.parameter_set import ParameterSet
from margin.portfolio import PortfolioMargin, PortfolioParameters, portfolio_margin
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio
from margin.positions import Holdings
from margin.reading import Place, read
from margin.standard import StandardMargin, standard_margin
from margin.standard_parameters import StandardParameters

MODELS = ("SRM", "PMRM", "PMRM_2", "PMRM_2_1")
NOTHING = ParameterSet()


@dataclass(frozen=True, slots=True)
class StandardCase:
    """One account under standard margin."""

    id: str
    parameters: StandardParameters
    stable_price: Fixed
    feeds: Mapping[str, Market]
    cash: Fixed
    holdings: Mapping[str, Holdings]

    def evaluate(self) -> StandardMargin:
        return standard_margin(self.parameters, self.stable_price, self.feeds, self.cash, self.holdings)


@dataclass(frozen=True, slots=True)
class PortfolioCase:
    """One account under PMRM or PMRM_2."""

    id: str
    parameters: PortfolioParameters
    stable_price: Fixed
    market: Market
    cash: Fixed
    held: Holdings

    def evaluate(self) -> PortfolioMargin:
        return portfolio_margin(self.parameters, self.stable_price, self.market, self.cash, self.held)


Case = StandardCase | PortfolioCase


def case_of(document: Any, parameters: ParameterSet = NOTHING) -> Case:
    """A case from a JSON object whose numbers are ints, Decimals or texts. DocumentError names the field's path.

    `parameters` are for cases that bring none of their own.
    """
    return account_case(Place(document), parameters)


def account_case(place: Place, parameters: ParameterSet = NOTHING) -> Case:
    """The same from a place in a document."""
    model = place["model"].text()
    if model == "SRM":
        return _standard(place, _own(place, StandardParameters, parameters.srm))
    if model == "PMRM":
        return portfolio_case(place, _own(place, PlainPortfolio, parameters.pmrm))
    if model in MODELS:
        return portfolio_case(place, _own(place, CollateralPortfolio, parameters.pmrm_2))
    return place["model"].wrong(f"is one of {', '.join(MODELS)}, not {model!r}")


def portfolio_case(place: Place, parameters: PortfolioParameters, now_s: int | None = None) -> PortfolioCase:
    """`feeds` and `portfolio` of a place. `now_s` where expiries are moments: what is past has 0 s left."""
    feeds, portfolio = place["feeds"], place["portfolio"]
    held = holdings_of(portfolio, now_s)
    if not parameters.scenarios:
        place.wrong("has params.scenarios without a scenario")
    if isinstance(parameters, PlainPortfolio):
        _require_none(portfolio, "collaterals", held.collaterals)
    else:
        _require_none(portfolio, "base", held.base)
    return PortfolioCase(
        name_of(place), parameters, feeds["stable_price"].above_zero(), market_of(feeds, now_s),
        portfolio["cash"].fixed(), held,
    )  # fmt: skip


def _require_none(portfolio: Place, key: str, amount: object) -> None:
    """What a model does not know would count for nothing, in silence."""
    if amount:
        portfolio[key].wrong("is nothing that this model takes")


def name_of(place: Place) -> str:
    """The case's id; "" where it has none."""
    found = place.get("id")
    return "" if found is None else found.text()


def _own(place: Place, kind: Any, given: Any) -> Any:
    """The parameters of a case; those given where it has none."""
    return given if given is not None and place.get("params") is None else read(kind, place["params"])


def _standard(place: Place, parameters: StandardParameters) -> StandardCase:
    feeds, portfolio = place["feeds"], place["portfolio"]
    return StandardCase(
        name_of(place),
        parameters,
        feeds["stable_price"].above_zero(),
        {name: market_of(one) for name, one in feeds["markets"].items()},
        portfolio["cash"].fixed(),
        {name: _standard_holdings(one) for name, one in portfolio["markets"].items()},
    )


def _standard_holdings(place: Place) -> Holdings:
    held = holdings_of(place)
    _require_none(place, "collaterals", held.collaterals)
    return held
