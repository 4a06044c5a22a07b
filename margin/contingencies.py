"""What portfolio margin asks beside its scenarios: shares of notional, and more where prices are doubtful (§5–§7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from margin.fixed import ZERO, Fixed, total
from margin.marks import Market
from margin.portfolio_parameters import CollateralContingency, CollateralPortfolio, PlainPortfolio, StaticContingency
from margin.positions import Holdings, Option, dated, naked_shorts


@dataclass(frozen=True, slots=True)
class Contingencies:
    """Subtracted from both margins (`maintenance`), and from initial margin on top (`initial`), in USD.

    `static` and `confidence` are PMRM's parts as the case schema names them; zero under PMRM_2.
    """

    maintenance: Fixed
    initial: Fixed
    static: Fixed = ZERO
    confidence: Fixed = ZERO


def contingencies(
    parameters: PlainPortfolio | CollateralPortfolio,
    market: Market,
    held: Holdings,
    worths: Sequence[Fixed],
    im_factor: Fixed,
) -> Contingencies:
    """What the model asks beside its scenarios; `worths` are those of the collaterals, in their order."""
    if isinstance(parameters, PlainPortfolio):
        return static_contingencies(parameters.other_contingency, market, held, im_factor)
    return collateral_contingencies(parameters.other_contingency, market, held, worths)


def static_contingencies(
    parameters: StaticContingency, market: Market, held: Holdings, im_factor: Fixed
) -> Contingencies:
    """PMRM: the static part is inside the factor of initial margin, the part for confidence outside."""
    spot = market.spot.price
    naked = total([naked_shorts(options) for _, options in held.by_expiry()])
    static = (
        (abs(held.perp) + dated(held)) * parameters.perp_percent
        + held.base * parameters.base_percent
        + naked * parameters.option_percent
    ) * spot
    exposed = (abs(held.perp) + held.base) * spot
    confidence = _doubt(parameters, _first(market, held), exposed) + _doubt_of_dated(parameters, market, held)
    return Contingencies(static, static * (im_factor - 1) + confidence, static, confidence)


def collateral_contingencies(
    parameters: CollateralContingency, market: Market, held: Holdings, worths: Sequence[Fixed]
) -> Contingencies:
    """PMRM_2: outside of both factors; `worths` are those of the collaterals, in their order."""
    linear = (abs(held.perp) + dated(held)) * market.spot.price
    naked = total([naked_shorts(options) for _, options in held.by_expiry()]) * market.spot.price
    maintenance = linear * parameters.mm_perp_percent + naked * parameters.mm_option_percent
    initial = linear * parameters.im_perp_percent + naked * parameters.im_option_percent
    initial += _doubt(parameters, _first(market, held), abs(held.perp) * market.spot.price)
    initial += _doubt_of_dated(parameters, market, held)
    for one, worth in zip(held.collaterals, worths, strict=True):
        maintenance += worth * one.mm_haircut
        # The perpetual's confidence does not enter here.
        doubted = _doubt(parameters, min(one.confidence, market.spot.confidence), worth)
        initial += worth * one.im_haircut + doubted
    return Contingencies(maintenance, initial)


def _first(market: Market, held: Holdings) -> Fixed:
    """The confidence in spot, and in the perpetual where there is a position."""
    return min(market.spot.confidence, market.perp.confidence) if held.perp else market.spot.confidence


def _doubt_of_dated(parameters: StaticContingency | CollateralContingency, market: Market, held: Holdings) -> Fixed:
    """What confidence in their expiries asks of options and of dated futures."""
    futures = [
        _doubt(
            parameters,
            min(_first(market, held), market.expiry(one.seconds).forward_confidence),
            market.spot.price * abs(one.amount),
        )
        for one in held.futures
    ]
    options = [_doubt_of_options(parameters, market, held, *group) for group in held.by_expiry()]
    return total(futures) + total(options)


def _doubt_of_options(
    parameters: StaticContingency | CollateralContingency,
    market: Market,
    held: Holdings,
    seconds: int,
    options: Sequence[Option],
) -> Fixed:
    expiry = market.expiry(seconds)
    confidence = min(
        _first(market, held), expiry.forward_confidence, expiry.rate_confidence, expiry.volatility_confidence
    )
    return _doubt(parameters, confidence, market.spot.price * total([abs(option.amount) for option in options]))


def _doubt(parameters: StaticContingency | CollateralContingency, confidence: Fixed, exposed: Fixed) -> Fixed:
    """What little confidence adds on an exposure in USD; `<` is strict."""
    return (1 - confidence) * parameters.conf_margin * exposed if confidence < parameters.conf_threshold else ZERO
