"""Margin cases as JSON has them (specs/derive_margin.md §14), evaluated: what `bulkhead margin evaluate` reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Expiry, Mark, Market, Quotes, Surface
from margin.portfolio import PortfolioMargin, PortfolioParameters, portfolio_margin
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio
from margin.positions import Collateral, Holdings, Option
from margin.reading import DocumentError, Place, read
from margin.standard import StandardMargin, standard_margin
from margin.standard_parameters import StandardParameters
from margin.svi import Svi


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


def case_of(document: Any) -> Case:
    """A case from a JSON object whose numbers are ints, Decimals or texts. DocumentError names the field's path."""
    place = Place(document)
    model = place["model"].text()
    if model == "SRM":
        return _standard(place)
    if model == "PMRM":
        return _portfolio(place, read(PlainPortfolio, place["params"]))
    if model in ("PMRM_2", "PMRM_2_1"):
        return _portfolio(place, read(CollateralPortfolio, place["params"]))
    return place["model"].wrong(f"is SRM, PMRM or PMRM_2, not {model!r}")


def documents(text: str) -> Iterator[Any]:
    """The cases of a text: JSON lines, or one object with `cases`, or one case. Raises DocumentError."""
    try:
        whole = json.loads(text, parse_float=Decimal)
    except ValueError:
        yield from map(_line, filter(lambda line: line[1].strip(), enumerate(text.splitlines(), 1)))
        return
    if isinstance(whole, dict) and "cases" in whole:
        yield from (one.value for one in Place(whole)["cases"].each())
    else:
        yield whole


def _line(numbered: tuple[int, str]) -> Any:
    number, line = numbered
    try:
        return json.loads(line, parse_float=Decimal)
    except ValueError as why:
        raise DocumentError(f"line {number} is no JSON: {why}") from why


def _name(place: Place) -> str:
    found = place.get("id")
    return "" if found is None else found.text()


def _standard(place: Place) -> StandardCase:
    feeds, portfolio = place["feeds"], place["portfolio"]
    return StandardCase(
        _name(place),
        read(StandardParameters, place["params"]),
        feeds["stable_price"].fixed(),
        {name: _market(one) for name, one in feeds["markets"].items()},
        portfolio["cash"].fixed(),
        {name: _holdings(one) for name, one in portfolio["markets"].items()},
    )


def _portfolio(place: Place, parameters: PortfolioParameters) -> PortfolioCase:
    feeds, portfolio = place["feeds"], place["portfolio"]
    stable_price = feeds["stable_price"].fixed()
    return PortfolioCase(
        _name(place), parameters, stable_price, _market(feeds), portfolio["cash"].fixed(), _holdings(portfolio)
    )


def _market(place: Place) -> Market:
    expiries = [_expiry(one) for one in place["expiries"].each()]
    return Market(
        Mark(place["spot"].fixed(), place["spot_confidence"].fixed()),
        Mark(place["perp_price"].fixed(), place["perp_confidence"].fixed()),
        {expiry.seconds: expiry for expiry in expiries},
    )


def _expiry(place: Place) -> Expiry:
    """Standard margin has one forward and no rate, the portfolio models a forward of two parts."""
    whole = place.get("forward")
    return Expiry(
        place["sec_to_expiry"].whole(),
        whole.fixed() if whole else place["forward_variable"].fixed(),
        _surface(place),
        ZERO if whole else place["forward_fixed"].fixed(),
        _or(place, "rate", ZERO) if whole else place["rate"].fixed(),
        place["forward_confidence"].fixed(),
        _or(place, "rate_confidence", ONE) if whole else place["rate_confidence"].fixed(),
        place["vol_confidence"].fixed(),
    )


def _surface(place: Place) -> Surface:
    svi = place.get("svi")
    if svi is not None:
        return read(Svi, svi)
    return Quotes({one["strike"].fixed(): one["vol"].fixed() for one in place["vols"].each()})


def _holdings(place: Place) -> Holdings:
    options, collaterals = place.get("options"), place.get("collaterals")
    return Holdings(
        _or(place, "perp", ZERO),
        _or(place, "perp_unsettled_cash", ZERO),
        _or(place, "base", ZERO),
        _netted([_option(one) for one in options.each()] if options else []),
        tuple(read(Collateral, one) for one in collaterals.each()) if collaterals else (),
    )


def _option(place: Place) -> Option:
    return Option(
        place["sec_to_expiry"].whole(), place["strike"].fixed(), place["is_call"].flag(), place["amount"].fixed()
    )


def _netted(options: list[Option]) -> tuple[Option, ...]:
    """An option that is listed twice is one position."""
    amounts: dict[tuple[int, Fixed, bool], Fixed] = {}
    for one in options:
        key = one.seconds, one.strike, one.is_call
        amounts[key] = amounts.get(key, ZERO) + one.amount
    return tuple(Option(*key, amount) for key, amount in amounts.items())


def _or(place: Place, key: str, default: Fixed) -> Fixed:
    found = place.get(key)
    return default if found is None else found.fixed()
