"""Accounts under a margin model as JSON has them, with everything they are margined at (specs/derive_margin.md §14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Expiry, Mark, Market, Quotes, Surface
from margin.parameter_set import ParameterSet
from margin.portfolio import PortfolioMargin, PortfolioParameters, portfolio_margin
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio
from margin.positions import Collateral, Holdings, Option
from margin.reading import Place, read
from margin.standard import StandardMargin, standard_margin
from margin.standard_parameters import StandardParameters
from margin.svi import Svi

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
    held = _holdings(portfolio, now_s)
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
    held = _holdings(place)
    _require_none(place, "collaterals", held.collaterals)
    return held


def market_of(place: Place, now_s: int | None = None) -> Market:
    """The feeds of one underlying."""
    expiries: dict[int, Expiry] = {}
    for one in place["expiries"].each():
        expiry = _expiry(one, now_s)
        if expiry.seconds in expiries:
            one.wrong(f"is the second with {expiry.seconds} s to expiry")
        expiries[expiry.seconds] = expiry
    return Market(
        Mark(place["spot"].from_zero(), place["spot_confidence"].share()),
        Mark(place["perp_price"].from_zero(), place["perp_confidence"].share()),
        expiries,
    )


def _expiry(place: Place, now_s: int | None) -> Expiry:
    """Standard margin has one forward and no rate, the portfolio models a forward of two parts."""
    whole = place.get("forward")
    return Expiry(
        _seconds(place, now_s),
        whole.from_zero() if whole else place["forward_variable"].from_zero(),
        _surface(place),
        ZERO if whole else place["forward_fixed"].from_zero(),
        _or(place, "rate", ZERO),
        place["forward_confidence"].share(),
        place["rate_confidence"].share() if place.get("rate_confidence") else ONE,
        place["vol_confidence"].share(),
    )


def _seconds(place: Place, now_s: int | None) -> int:
    if now_s is None:
        return place["sec_to_expiry"].seconds()
    return max(0, place["expiry"].whole() - now_s)


def _surface(place: Place) -> Surface:
    svi = place.get("svi")
    if svi is not None:
        return read(Svi, svi)
    quotes: dict[Fixed, Fixed] = {}
    for one in place["vols"].each():
        strike, volatility = one["strike"].from_zero(), one["vol"].from_zero()
        if quotes.setdefault(strike, volatility) != volatility:
            one.wrong(f"is a second volatility of strike {strike}")
    return Quotes(quotes)


def _holdings(place: Place, now_s: int | None = None) -> Holdings:
    options, collaterals = place.get("options"), place.get("collaterals")
    base = place.get("base")
    return Holdings(
        _or(place, "perp", ZERO),
        _or(place, "perp_unsettled_cash", ZERO),
        ZERO if base is None else base.from_zero(),
        netted([_option(one, now_s) for one in options.each()] if options else []),
        tuple(_collateral(one) for one in collaterals.each()) if collaterals else (),
    )


def _option(place: Place, now_s: int | None) -> Option:
    return Option(_seconds(place, now_s), place["strike"].from_zero(), place["is_call"].flag(), place["amount"].fixed())


def _collateral(place: Place) -> Collateral:
    place["price"].from_zero()
    place["confidence"].share()
    return read(Collateral, place)


def netted(options: list[Option]) -> tuple[Option, ...]:
    """An option that is listed twice is one position; one of nothing is none."""
    amounts: dict[tuple[int, Fixed, bool], Fixed] = {}
    for one in options:
        key = one.seconds, one.strike, one.is_call
        amounts[key] = amounts.get(key, ZERO) + one.amount
    return tuple(Option(*key, amount) for key, amount in amounts.items() if amount)


def _or(place: Place, key: str, default: Fixed) -> Fixed:
    found = place.get(key)
    return default if found is None else found.fixed()
