"""Standard margin (Derive's SRM): per underlying and expiry, nothing netted across them (specs/derive_margin.md §4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from margin.fixed import Fixed, positive, total
from margin.marks import Market, MissingMarkError, above_zero
from margin.positions import Future, Holdings, UnknownHoldingError, dated
from margin.result import Margin
from margin.standard_options import ExpiryMargin, Pair, doubt, expiry_margin
from margin.standard_parameters import Depeg, MissingParameterError, StandardMarket, StandardParameters, of_held


@dataclass(frozen=True, slots=True)
class MarketMargin:
    """One underlying's parts."""

    perp: Pair
    futures: Pair
    expiries: tuple[ExpiryMargin, ...]
    base: Pair
    depeg: Fixed
    mark_to_market: Fixed

    @property
    def margin(self) -> Pair:
        options = sum((expiry.margin for expiry in self.expiries), Pair())
        return self.perp + self.futures + options + self.base + Pair(initial=-self.depeg)


@dataclass(frozen=True, slots=True)
class StandardMargin:
    """The account's margins, and each underlying's parts."""

    margin: Margin
    markets: Mapping[str, MarketMargin] = field(default_factory=dict)


def standard_margin(
    parameters: StandardParameters,
    stable_price: Fixed,
    feeds: Mapping[str, Market],
    cash: Fixed,
    holdings: Mapping[str, Holdings],
) -> StandardMargin:
    """Net margins of one account in USD. Raises MissingMarkError, MissingParameterError, UnknownHoldingError."""
    above_zero(stable_price, "the stablecoin")
    markets = {
        name: _of_market(_numbers(parameters, name, held), parameters.depeg, stable_price, _feed(feeds, name), held)
        for name, held in holdings.items()
    }
    summed = sum((market.margin for market in markets.values()), Pair(cash, cash))
    worth = cash + total([market.mark_to_market for market in markets.values()])
    return StandardMargin(Margin(summed.initial, summed.maintenance, worth), markets)


def _feed(feeds: Mapping[str, Market], name: str) -> Market:
    if name not in feeds:
        raise MissingMarkError(f"no feeds of {name}")
    return feeds[name]


def _numbers(parameters: StandardParameters, name: str, held: Holdings) -> StandardMarket:
    """The numbers of a market that takes everything of it that is held."""
    if name not in parameters.markets:
        raise MissingParameterError(f"no parameters of {name}")
    numbers = parameters.markets[name]
    for kind, amount, taken in (
        ("perp", held.perp, numbers.perp), ("base", held.base, numbers.base), ("option", held.options, numbers.option),
        ("perp", held.futures, numbers.perp),
    ):  # fmt: skip
        if amount and taken is None:
            raise MissingParameterError(f"no {kind} parameters of {name}, where one is held")
    return numbers


def _of_market(
    parameters: StandardMarket, depeg: Depeg, stable_price: Fixed, market: Market, held: Holdings
) -> MarketMargin:
    if held.collaterals:
        raise UnknownHoldingError("standard margin has no collaterals but cash and base")
    if held.depends_on_spot:
        above_zero(market.spot.price, "spot")
    expiries = tuple(
        expiry_margin(parameters, market, market.expiry(seconds), options) for seconds, options in held.by_expiry()
    )
    exposed = abs(held.perp) + dated(held) + total([expiry.shorts for expiry in expiries])
    spot, base_worth = market.spot.price, held.base * market.spot.price
    return MarketMargin(
        perp=_of_perp(parameters, market, held),
        futures=sum((_of_future(parameters, market, one) for one in held.futures), Pair()),
        expiries=expiries,
        base=_of_base(parameters, market, held.base),
        depeg=positive(depeg.threshold - stable_price) * depeg.depeg_factor * spot * exposed,
        mark_to_market=held.unsettled
        + total([expiry.mark_to_market for expiry in expiries])
        + base_worth / stable_price,
    )


def _of_perp(parameters: StandardMarket, market: Market, held: Holdings) -> Pair:
    if not held.perp:
        return Pair()
    rates, oracle = of_held(parameters.perp), parameters.oracle_contingency
    notional = abs(held.perp) * above_zero(market.perp.price, "the perpetual")
    confidence = min(market.spot.confidence, market.perp.confidence)
    doubted = doubt(confidence, oracle.perp_threshold, oracle) * market.spot.price * abs(held.perp)
    unsettled = held.perp_unsettled
    return Pair(unsettled - notional * rates.im_req - doubted, unsettled - notional * rates.mm_req)


def _of_future(parameters: StandardMarket, market: Market, held: Future) -> Pair:
    """As a perpetual whose mark is the forward: its rates, its threshold of doubt; nothing offsets across expiries."""
    rates, oracle, expiry = of_held(parameters.perp), parameters.oracle_contingency, market.expiry(held.seconds)
    notional = abs(held.amount) * above_zero(expiry.forward, "the forward")
    confidence = min(market.spot.confidence, expiry.forward_confidence)
    doubted = doubt(confidence, oracle.perp_threshold, oracle) * market.spot.price * abs(held.amount)
    return Pair(held.unsettled - notional * rates.im_req - doubted, held.unsettled - notional * rates.mm_req)


def _of_base(parameters: StandardMarket, market: Market, amount: Fixed) -> Pair:
    """The worth of the underlying that counts; not divided by the stablecoin's price."""
    if not amount:
        return Pair()
    worth, oracle, counted = amount * market.spot.price, parameters.oracle_contingency, of_held(parameters.base)
    maintenance = worth * counted.margin_factor
    initial = maintenance * counted.im_scale
    if initial:
        initial -= doubt(market.spot.confidence, oracle.base_threshold, oracle) * worth
    return Pair(initial, maintenance)
